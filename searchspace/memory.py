"""Peak activation memory: how much of a network's intermediate results must be held at once.

The network runs once through, one image at a time, in float32 and in the order of its operations.
A tensor lives from the operation that makes it until the last operation that reads it has run; the
inputs and the output of the running operation live together. The image is counted while it is
needed. It is what decides whether a network fits a small device (Liberis & Lane 2019, Neural
networks on microcontrollers, Sec. 3; here the order of the operations is given, not chosen).

Conventions, as runtimes for inference have it:

- an operation is one step: batch norm and activation of a `conv` happen in place, and no
  convolution needs a workspace of its own;
- a slice is a view: it takes nothing, and the whole tensor that it is a part of lives as long as
  the slice is read. So is what changes nothing at inference: dropout, an activation ``none``
  (`Op.is_view`). A concatenation, a shuffle and a padding are copies;
- weights are not activations: they are the parameters.
"""

from typing import NamedTuple

from .expand import Expansion, trace
from .genotype import Genotype
from .holes import Decisions

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
