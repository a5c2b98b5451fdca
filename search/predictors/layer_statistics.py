"""What features look at: sums over the layers of an expanded network, made in one pass.

A *layer* is an operation with multiply-adds. Those that give 1×1 pixels are not part of the trunk:
before its last one they are gates' layers, after it they are the head's. A *level* is a resolution:
1 where the edge is about half of the input's, … 5 where it is 1/32 of it or less.
"""

import math
from dataclasses import dataclass

from searchspace.errors import ShapeError
from searchspace.expansion import Expansion
from searchspace.ops.combine import Add, Concat, Mul
from searchspace.ops.conv import Conv, Depthwise

LEVELS = 5
SMOOTH = frozenset({"swish", "hswish", "gelu"})


@dataclass(frozen=True, slots=True)
class Digest:
    """Sums over one network; MACs in multiply-adds, *values* in numbers that layers give.

    ``macs_at``, ``params_at``: by level, from 1 on; those of gates and the head count at the last
    level reached before them. ``width_at``: channels of the last layer or concatenation of a
    level. ``kernels`` and ``groups`` are sums of log₂,
    weighted by values where the kernel is greater than 1, and by MACs.
    """

    edge: int
    macs: float
    params: float
    depth: int                          # layers of the trunk on the longest way
    layers: int                         # layers of the trunk
    values: float                       # that these give
    macs_at: tuple[float, ...]
    params_at: tuple[float, ...]
    width_at: tuple[float, ...]         # channels at the end of a level, 0 where it is not reached
    spatial_values: float               # of layers with kernels greater than 1
    kernels: float
    groups: float
    dense_macs: float                   # of kernels greater than 1 that are not grouped
    depthwise_macs: float
    smooth_values: float                # of layers that end in swish or one of its kind
    gates: int                          # products of a map with a vector
    sums: int
    concatenations: int
    head_params: float
    gate_params: float                  # of layers of 1×1 pixels before the head
    entropy: float                      # Σ log(inputs of a value), on the way where it is greatest


def digest(expansion: Expansion) -> Digest:
    """The sums of one network.

    Raises:
        ShapeError: there is no layer with more than 1×1 pixels.
    """
    nodes, edge = expansion.nodes, max(expansion.input[1:])
    shapes = [node.shape for node in nodes]
    last = max((i for i, (_, h, w) in enumerate(shapes) if h > 1 or w > 1), default=-1)
    levels: dict[int, int] = {}
    macs_at, params_at, width_at = [0.0] * LEVELS, [0.0] * LEVELS, [0.0] * LEVELS
    depths: list[int] = []
    sums: list[float] = []
    layers = gates = adds = concatenations = at = 0
    macs = params = values = head_params = gate_params = 0.0
    spatial_values = kernels = groups = dense = depthwise = smooth = 0.0
    for i, node in enumerate(nodes):
        op, cost, (c, h, w) = node.op, node.cost, shapes[i]
        deep, said = 0, 0.0
        for j in node.inputs:
            if j >= 0:
                if depths[j] > deep:
                    deep = depths[j]
                if sums[j] > said:
                    said = sums[j]
        if h > 1 or w > 1:
            long = h if h > w else w
            level = levels.get(long)
            if level is None:
                level = round(math.log2(edge / long))
                level = levels[long] = min(LEVELS, max(1, level)) - 1
            at = level
            if cost.macs:
                made = c * h * w
                layers += 1
                values += made
                deep += 1
                inputs = cost.macs / made
                said += math.log(inputs)
                width_at[at] = c
                if isinstance(op, Conv):
                    k, parts, act = op.k, op.groups, op.act
                elif isinstance(op, Depthwise):
                    k, parts, act = op.k, c, op.act
                else:
                    k, parts, act = 1, 1, "none"
                if k != 1:
                    kernel = k * k if isinstance(k, int) else k[0] * k[1]
                    spatial_values += made
                    kernels += made * math.log2(kernel) / 2
                    if parts == 1:
                        dense += cost.macs
                if parts > 1:
                    groups += cost.macs * math.log2(parts)
                    if parts == c:
                        depthwise += cost.macs
                if act in SMOOTH:
                    smooth += made
            elif isinstance(op, Add):
                adds += 1
            elif isinstance(op, Concat):
                concatenations += 1
                width_at[at] = c
            elif isinstance(op, Mul):
                gates += any(shapes[j][1:] == (1, 1) for j in node.inputs if j >= 0)
        elif i > last:
            head_params += cost.params
        else:
            gate_params += cost.params
        if cost.params:
            macs += cost.macs
            params += cost.params
            macs_at[at] += cost.macs
            params_at[at] += cost.params
        depths.append(deep)
        sums.append(said)
    if not layers:
        raise ShapeError("no layer gives more than 1×1 pixels")
    return Digest(edge, macs, params, depths[expansion.output], layers, values, tuple(macs_at),
                  tuple(params_at), tuple(width_at), spatial_values, kernels, groups, dense,
                  depthwise, smooth, gates, adds, concatenations, head_params,
                  gate_params, sums[expansion.output])
