"""Equal branches on slices of one tensor, run as one.

SINet's exchange splits the channels into halves and applies the same transformation to each. Two
convolutions of k groups each, on neighbouring slices, are one of 2·k groups on both, and what works
on each channel alone is the same on both at once. So the slices move down, behind the last
operation that is the same, where a concatenation often puts them together again.
"""

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import torch
from torch import Tensor, fx, nn

from searchspace.building.fold import called, put, renewed, source

# Layers without weights that treat each channel alone.
PLAIN = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.Hardsigmoid, nn.SiLU, nn.GELU, nn.Sigmoid, nn.Tanh,
         nn.LeakyReLU, nn.ZeroPad2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d,
         nn.AdaptiveMaxPool2d)


class Part(NamedTuple):
    """Channels ``start`` to ``end`` of the output of a node."""

    of: fx.Node
    start: int
    end: int


def part(node: fx.Node) -> Part | None:
    """What a node slices from another one; None if it is no slice of channels."""
    if node.op != "call_function" or node.target is not torch.narrow:
        return None
    _, dim, start, length = node.args
    assert isinstance(start, int) and isinstance(length, int)
    return Part(source(node), start, start + length) if dim == 1 else None


def _at(node: fx.Node) -> Part:
    """What a slice is of."""
    found = part(node)
    assert found is not None
    return found


def merge_branches(flat: fx.GraphModule) -> None:
    """Run equal layers on neighbouring slices of one tensor as one layer, all down the graph."""
    for node in flat.graph.nodes:       # what is added behind a node is visited, too
        for slices in list(_neighbours(node)):
            _merge_users(flat, slices)


def _neighbours(node: fx.Node) -> Iterable[list[fx.Node]]:
    """Runs of two or more slices of a node, of one length, each where the one before ends."""
    slices: dict[Part, fx.Node] = {}
    for user in node.users:
        if user.users and (here := part(user)):
            slices.setdefault(here, user)
    run: list[fx.Node] = []
    for at, user in sorted(slices.items(), key=lambda item: item[0][1:]):
        last = part(run[-1]) if run else None
        if last and (last.end, last.end - last.start) != (at.start, at.end - at.start):
            yield run
            run = []
        run.append(user)
    if len(run) > 1:
        yield run


def _merge_users(flat: fx.GraphModule, slices: list[fx.Node]) -> None:
    """Merge what is done with each of some neighbouring slices of a node."""
    kinds: list[dict[object, list[fx.Node]]] = []
    for one in slices:
        kinds.append({})
        for user in one.users:
            if (kind := _kind(called(flat, user))) is not None:
                kinds[-1].setdefault(kind, []).append(user)
    for kind in dict.fromkeys(kind for users in kinds for kind in users):
        with_it = [kind in users for users in kinds]
        start = 0
        for alike, run in groupby(with_it):
            end = start + len(list(run))
            if alike and end - start > 1:
                whole = Part(_at(slices[0]).of, _at(slices[start]).start, _at(slices[end - 1]).end)
                for branches in zip(*(users[kind] for users in kinds[start:end]), strict=False):
                    _merge(flat, whole, branches)
            start = end


def _kind(layer: nn.Module | None) -> object:
    """What layers of different branches have in common if they can be one; None if they cannot."""
    if isinstance(layer, nn.Conv2d):
        return (layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride,
                str(layer.padding), layer.dilation, layer.groups, layer.bias is None,
                layer.padding_mode)
    if isinstance(layer, nn.BatchNorm2d):
        return layer.num_features, layer.eps, layer.affine, layer.track_running_stats
    return repr(layer) if isinstance(layer, PLAIN) else None


def _merge(flat: fx.GraphModule, whole: Part, branches: tuple[fx.Node, ...]) -> None:
    """Put one layer in the place of equal ones on the slices that ``whole`` is made of."""
    layers = [called(flat, branch) for branch in branches]
    first, count = layers[0], len(layers)
    each = (whole.end - whole.start) // count
    if isinstance(first, nn.Conv2d):
        each = first.out_channels
        put(flat, branches[0], renewed(first, _beside(layers, "weight"), None if first.bias is None
                                       else _beside(layers, "bias"), first.groups * count))
    elif isinstance(first, nn.BatchNorm2d):
        norm = nn.BatchNorm2d(each * count, first.eps, first.momentum, first.affine,
                              first.track_running_stats).eval().requires_grad_(False)
        for name, value in norm.state_dict().items():
            value.copy_(_beside(layers, name) if value.dim() else value)
        put(flat, branches[0], norm)
    graph = whole.of.graph
    with graph.inserting_after(whole.of):       # on which alone everything here depends
        joined = graph.call_function(torch.narrow, (whole.of, 1, whole.start,
                                                    whole.end - whole.start))
    with graph.inserting_after(joined):
        merged = graph.call_module(str(branches[0].target), (joined,))
    for i, branch in enumerate(branches):
        with graph.inserting_after(merged):
            branch.replace_all_uses_with(graph.call_function(torch.narrow,
                                                             (merged, 1, i * each, each)))
        graph.erase_node(branch)


def _beside(layers: Iterable[nn.Module | None], name: str) -> Tensor:
    """The tensors of several layers, one behind the other."""
    return torch.cat([attrgetter(name)(layer) for layer in layers])
