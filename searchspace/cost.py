"""Costs of a genotype, from its expansion alone."""

from typing import NamedTuple

from searchspace.expansion import Expansion, run, trace
from searchspace.genotype import Genotype
from searchspace.notation.holes import Decisions
from searchspace.ops import Cost


def cost(genotype: Genotype, decisions: Decisions | None = None) -> Cost:
    """MACs and parameters of a network, or of a space under ``decisions``. No torch.

    One MAC is one multiply-add of a convolution or linear layer; parameters are all trainable
    ones.

    >>> from searchspace import load
    >>> cost(load("mobilenet-v2")).macs
    300774272

    Raises:
        GenotypeError: an open hole, or steps that do not fit each other.
    """
    return run(genotype, decisions).cost()


FLOAT = 4   # bytes of a float32


class Peak(NamedTuple):
    """The most bytes held at once, and the first step that holds them: ``stage2.0.dw``."""

    bytes: int
    step: str


def peak_memory(genotype: Genotype, decisions: Decisions | None = None) -> Peak:
    """The peak activation memory of a network, or of a space under ``decisions``. No torch.

    Bytes for one image in float32; a batch of n takes n times as many.

    >>> from searchspace import load
    >>> peak_memory(load("mobilenet-v2"))
    Peak(bytes=6021120, step='stage2.0.dw')

    Raises:
        GenotypeError: an open hole, or steps that do not fit each other.
    """
    return peak(trace(genotype, decisions))


def peak(expansion: Expansion) -> Peak:
    """The peak of a network that is expanded already; see `peak_memory`."""
    nodes = expansion.nodes
    image = len(nodes)                      # the place of the network's input, which nodes call -1
    owner = [*range(image), image]          # whose memory each tensor is in
    last = [image] * (image + 1)            # the step that reads that memory last
    for i, node in enumerate(nodes):
        if node.op.is_view():
            owner[i] = owner[node.inputs[0]]
        for j in node.inputs:
            last[owner[j]] = i
    if nodes:
        last[owner[expansion.output]] = image
    sizes = [FLOAT * node.shape[0] * node.shape[1] * node.shape[2] for node in nodes]
    c, h, w = expansion.input
    sizes.append(FLOAT * c * h * w)
    held = most = sizes[image]
    step = "input"
    for i, node in enumerate(nodes):
        if owner[i] == i:
            held += sizes[i]
            if held > most:
                most, step = held, node.name
        for j in {owner[j] for j in node.inputs}:
            if last[j] == i:
                held -= sizes[j]
    return Peak(most, step)
