"""The elements of drawings: boxes, groups around them, and edges."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from searchspace.expansion import Node
from searchspace.ops import Op
from searchspace.shapes import Shape
from viz.drawing.network import Opening

FAMILIES = {
    "conv": ("conv",), "depthwise": ("dw",), "pool": ("pool", "gap", "gmp", "resize"),
    "join": ("add", "concat", "beside", "mul", "mean", "wsum"),
    "channels": ("cpool", "index", "slice", "shuffle", "pad", "shift"), "linear": ("linear",),
    "attention": ("attend", "softmax"),
    "other": ("act", "bn", "dropout", "grn", "ln", "lrn", "scale", "zero"),
}
_FAMILY_OF = {kind: family for family, kinds in FAMILIES.items() for kind in kinds}


@dataclass(frozen=True, slots=True)
class Box:
    """One node of a drawing: an operation, or a stage of several.

    ``shape`` (C, H, W) is the output's; ``family`` chooses the colour; ``group`` is the key of
    the group around it, empty at the top; ``open``: it depends on holes; ``notes``: remarks on
    parts left out of the group that ends here.

    ``alias`` is the name that the genotype's author gave the operation, ``groups`` a convolution's
    number of channel groups, ``lane`` the channel group that the output belongs to (`lanes`).
    ``mark`` is the number of a box whose many consumers list it in ``taken`` instead of having an
    edge (`bundle`).
    """

    key: str
    title: str
    family: str
    shape: Shape
    macs: int = 0
    params: int = 0
    detail: str = ""
    count: int = 1
    group: str = ""
    open: bool = False
    openings: tuple[Opening, ...] = ()
    notes: tuple[str, ...] = ()
    alias: str = ""
    groups: int = 1
    lane: int | None = None
    mark: int = 0
    taken: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Boxes that belong together: a block with its costs, drawn once for ``count`` uses."""

    key: str
    title: str
    macs: int = 0
    params: int = 0
    detail: str = ""
    count: int = 1
    parent: str = ""
    open: bool = False
    openings: tuple[Opening, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A tensor from one box to another.

    ``lane`` is its channel group; an ``exchange`` leads into another group. A ``hidden`` one is
    shown by numbers in its boxes.
    """

    source: str
    target: str
    lane: int | None = None
    exchange: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """Consecutive stages with outputs of one size; ``boxes`` are their keys."""

    title: str
    boxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing before its layout, the same for every level.

    ``macs`` and ``params`` are the whole network's. ``openings`` are the holes that belong to no
    single box or group, ``notes`` remarks on parts left out outside of every group.
    """

    level: str
    title: str
    remark: str
    macs: int
    params: int
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...] = ()
    openings: tuple[Opening, ...] = ()
    notes: tuple[str, ...] = ()
    bands: tuple[Band, ...] = ()


def family(op: Op) -> str:
    """The family of an operation; ``other`` for one that is not bundled."""
    return _FAMILY_OF.get(op.kind, "other")


def operation(node: Node, lane: int | None) -> Box:
    """The box of a node whose output belongs to the channel group ``lane``."""
    groups = getattr(node.op, "groups", 1) if node.op.kind == "conv" else 1
    return Box(node.name, node.op.label(), family(node.op), node.shape, node.cost.macs,
               node.cost.params, alias=alias(node), groups=groups, lane=lane)


def alias(node: Node) -> str:
    """The name that the genotype gives an operation; empty if it is that of its kind.

    >>> from searchspace import load
    >>> from searchspace.expansion import trace
    >>> [alias(node) for node in trace(load("henet")).nodes if node.name.startswith("stage1.0")]
    ['mix', '', 'y', 'sum2', 'both']
    """
    parts = node.name.split(".")
    name = parts[-2] if len(parts) > 1 and parts[-1].isdigit() else parts[-1]
    return "" if re.fullmatch(re.escape(node.op.kind) + r"\d*", name) else name


def edge(nodes: Sequence[Node], lanes: Sequence[int | None], source: int, target: int,
         last: int | None = None) -> Edge:
    """The edge between two nodes, by their positions; ``last`` is the operation that gives the
    tensor where the source stands for several."""
    lane, into = lanes[source if last is None else last], lanes[target]
    exchange = None not in (lane, into) and lane != into and nodes[target].op.kind != "slice"
    return Edge(nodes[source].name, nodes[target].name, lane, exchange)
