"""Channel shuffles that the weights of a convolution take over.

A shuffle is a permutation of the channels. In front of a convolution it is one of the columns of
its weights, behind it one of the rows; activations and depthwise convolutions between the two do
not mind. A grouped 1×1 convolution whose groups are mixed becomes a dense one, with zeros: more
arithmetic and a copy less, which pays while it is small.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, fx, nn

from searchspace.building.branches import PLAIN
from searchspace.building.fold import called, drop, put, renewed, source

# Weights, zeros included, up to which a grouped convolution is made dense; see docs/performance.md.
DENSE = 8192


@dataclass(slots=True)
class _Way:
    """A convolution that can take a permutation over, and the depthwise ones on the way there."""

    conv: fx.Node | None = None
    between: list[fx.Node] = field(default_factory=list)


def absorb_shuffles(flat: fx.GraphModule) -> None:
    """Remove the channel shuffles that a convolution before or behind can take over."""
    for node in list(flat.graph.nodes):
        if not isinstance(layer := called(flat, node), nn.ChannelShuffle):
            continue
        ways = ((_walk(flat, node, _before), True), (_walk(flat, node, _behind), False))
        costs = [_cost(flat, way) for way, _ in ways]
        if min(costs) > DENSE:
            continue
        way, before = ways[costs.index(min(costs))]
        assert way.conv is not None
        conv = called(flat, way.conv)
        assert isinstance(conv, nn.Conv2d)
        channels = conv.out_channels if before else conv.in_channels
        order = torch.arange(channels).reshape(layer.groups, -1).T.flatten()
        order = order if before else order.argsort()
        for one in way.between:
            single = called(flat, one)
            assert isinstance(single, nn.Conv2d)
            put(flat, one, renewed(single, single.weight[order], _rows(single.bias, order)))
        weight = dense(conv)
        put(flat, way.conv, renewed(conv, weight[order], _rows(conv.bias, order), 1) if before
            else renewed(conv, weight[:, order], conv.bias, 1))
        drop(node)


def dense(conv: nn.Conv2d) -> Tensor:
    """The weights of a grouped convolution as one without groups has them: (out, in, kh, kw)."""
    out, own, kh, kw = conv.weight.shape
    weight = conv.weight.new_zeros(out, conv.in_channels, kh, kw)
    for i, group in enumerate(conv.weight.chunk(conv.groups)):
        rows = slice(i * len(group), (i + 1) * len(group))
        weight[rows, i * own:(i + 1) * own] = group
    return weight


def _walk(flat: fx.GraphModule, node: fx.Node,
          step: Callable[[fx.Node], fx.Node | None]) -> _Way:
    """Go from a shuffle one way to a convolution that is not depthwise."""
    way, at = _Way(), step(node)
    while at is not None:
        layer = called(flat, at)
        if isinstance(layer, nn.Conv2d):
            if not layer.groups == layer.in_channels == layer.out_channels:
                way.conv = at
                break
            way.between.append(at)
        elif not isinstance(layer, PLAIN):
            break
        at = step(at)
    return way


def _before(node: fx.Node) -> fx.Node | None:
    """What a node takes, if nothing else takes it."""
    return source(node) if len(source(node).users) == 1 else None


def _behind(node: fx.Node) -> fx.Node | None:
    """What takes a node, if that alone does."""
    return next(iter(node.users)) if len(node.users) == 1 else None


def _cost(flat: fx.GraphModule, way: _Way) -> float:
    """Weights of a convolution that takes a permutation over and becomes dense; 0 if it is."""
    conv = called(flat, way.conv) if way.conv is not None else None
    if not isinstance(conv, nn.Conv2d):
        return float("inf")
    if conv.groups == 1:
        return 0
    return conv.in_channels * conv.out_channels if conv.kernel_size == (1, 1) else float("inf")


def _rows(bias: Tensor | None, order: Tensor) -> Tensor | None:
    return None if bias is None else bias[order]
