"""Branches that were trained become the one convolution that runs.

RepVGG (Ding et al. 2021), MobileOne, RepGhost and RepViT train several convolutions beside each
other, each with its batch norm. While they are not trained that sum is one affine map of the same
window. Such a genotype has an argument ``deploy``, false or true; what has other names where it is
true is what the branches add up to.
"""

from typing import NamedTuple

import torch
from torch import Tensor, fx, nn
from torch.nn.functional import pad

from searchspace.building.builder import assemble
from searchspace.building.fold import factors
from searchspace.building.module_paths import module_paths
from searchspace.errors import GenotypeError
from searchspace.expansion import Expansion, Node, trace
from searchspace.genotype import Genotype
from searchspace.ops.activation import Dropout
from searchspace.ops.combine import Add, Mean
from searchspace.ops.conv import Conv, Depthwise, Linear, pair
from searchspace.ops.normalization import BatchNorm


def reparameterize(network: nn.Module, genotype: Genotype) -> fx.GraphModule:
    """The plain network with the same outputs in eval mode as ``network``, which has branches:
    `build(genotype)`, trained. That one is left as it is.

    Raises:
        UnknownNameError: the genotype has no argument ``deploy``.
        GenotypeError: what differs between the two forms is no sum of convolutions, batch norms and
            identities.
    """
    was = trace(genotype.with_args({"deploy": False}))
    plain = genotype.with_args({"deploy": True})
    now = trace(plain)
    sums = _Sums(network, was)
    merged = assemble(now, plain.title)
    paths = dict(zip(range(len(now.nodes)), module_paths(now), strict=True))
    same = _correspondence(was, now)
    state = merged.state_dict()
    for index, node in enumerate(now.nodes):
        if not node.cost.params:
            continue
        there = same[index]
        if was.nodes[there].op == node.op and was.nodes[there].name == node.name:
            part = network.get_submodule(sums.paths[there]).state_dict()
            state |= {f"{paths[index]}.{key}": value for key, value in part.items()}
            continue
        source = node.inputs[0]
        kernel, bias = sums.affine(there, same[source] if source >= 0 else -1, node)
        name = "linear" if isinstance(node.op, Linear) else "conv"
        old = state[f"{paths[index]}.{name}.weight"]
        state[f"{paths[index]}.{name}.weight"] = kernel.reshape(old.shape).to(old)
        state[f"{paths[index]}.{name}.bias"] = bias.to(old)
    merged.load_state_dict(state)
    return merged.train(network.training)


def _correspondence(was: Expansion, now: Expansion) -> dict[int, int]:
    """The node of the first network whose output a node of the second has.

    Nodes of one name and operation are the same; what they take is the same, too.
    """
    known = {(node.name, node.op): i for i, node in enumerate(was.nodes)}
    same = {now.output: was.output}
    for index in range(len(now.nodes) - 1, -1, -1):
        node = now.nodes[index]
        if (there := known.get((node.name, node.op))) is None:
            continue
        same[index] = there
        for mine, theirs in zip(node.inputs, was.nodes[there].inputs, strict=True):
            same.setdefault(mine, theirs)
    return same


class Affine(NamedTuple):
    """A convolution: its kernel (out, in/groups, kh, kw), and its bias (out)."""

    kernel: Tensor
    bias: Tensor


class _Sums:
    """What parts of a trained network add up to, in double precision."""

    def __init__(self, network: nn.Module, expansion: Expansion) -> None:
        self.network = network
        self.nodes = expansion.nodes
        self.input = expansion.input
        self.paths = module_paths(expansion)

    @torch.no_grad()
    def affine(self, index: int, source: int, like: Node) -> Affine:
        """The map from node ``source`` (-1: the image) to ``index``, as the operation of ``like``
        would hold it. Raises GenotypeError where it is none."""
        channels = (self.input if source < 0 else self.nodes[source].shape)[0]
        op = like.op
        if index == source:
            return self.identity(channels, op)
        node = self.nodes[index]
        below = [self.affine(i, source, like) for i in node.inputs] \
            if isinstance(node.op, Add | Mean | BatchNorm | Dropout) else []
        match node.op:
            case Add() | Mean():
                share = len(below) if isinstance(node.op, Mean) else 1
                return Affine(torch.stack([a.kernel for a in below]).sum(0) / share,
                              torch.stack([a.bias for a in below]).sum(0) / share)
            case BatchNorm():
                return _normed(below[0], self.part(index))
            case Dropout():
                return below[0]
            case Linear() if isinstance(op, Linear) and node.op.act == "none":
                return self.linear(index, source, like)
            case Conv() | Depthwise() if node.inputs == (source,) and node.op.act == "none":
                return self.convolution(index, op)
        raise GenotypeError(f"{node.name} ({node.op.label()}) cannot become a part of {like.name}",
                            node.place)

    def part(self, index: int) -> nn.Module:
        """The module of a node."""
        return self.network.get_submodule(self.paths[index])

    def identity(self, channels: int, op: object) -> Affine:
        """The identity as a convolution of the size and groups of ``op``."""
        if isinstance(op, Linear):
            return Affine(torch.eye(channels).double()[:, :, None, None],
                          torch.zeros(channels).double())
        assert isinstance(op, Conv | Depthwise)
        kh, kw = pair(op.k)
        width = 1 if isinstance(op, Depthwise) else channels // op.groups
        kernel = torch.zeros(channels, width, kh, kw).double()
        own = torch.arange(channels)
        kernel[own, own % width, kh // 2, kw // 2] = 1
        return Affine(kernel, torch.zeros(channels).double())

    def convolution(self, index: int, op: object) -> Affine:
        """A convolution with its batch norm, in the middle of a kernel of the size of ``op``."""
        assert isinstance(op, Conv | Depthwise)
        conv, norm = (getattr(self.part(index), name, None) for name in ("conv", "bn"))
        assert isinstance(conv, nn.Conv2d)
        frames = [n - m for n, m in zip(pair(op.k), conv.kernel_size, strict=True)]
        top, left = (n // 2 for n in frames)
        kernel = pad(conv.weight.double(), (left, left, top, top))
        bias = torch.zeros(conv.out_channels).double() if conv.bias is None else conv.bias.double()
        made = Affine(kernel, bias)
        return made if norm is None else _normed(made, norm)

    def linear(self, index: int, source: int, like: Node) -> Affine:
        """A linear layer behind any other map of single values."""
        layer = self.part(index).get_submodule("linear")
        assert isinstance(layer, nn.Linear)
        before = self.affine(self.nodes[index].inputs[0], source, like)
        weight = layer.weight.double()
        bias = weight @ before.bias + (0 if layer.bias is None else layer.bias.double())
        return Affine((weight @ before.kernel[:, :, 0, 0])[:, :, None, None], bias)


def _normed(a: Affine, norm: nn.Module) -> Affine:
    """Batch norm behind a map, with its running statistics."""
    assert isinstance(norm, nn.BatchNorm2d)
    scale, shift = factors(norm)
    return Affine(a.kernel * scale[:, None, None, None], a.bias * scale + shift)
