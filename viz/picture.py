"""What every drawing consists of: boxes, groups around them, and edges."""

from dataclasses import dataclass

from searchspace.formula import Shape
from searchspace.ops import Op

from .subject import Opening

FAMILIES = {
    "conv": ("conv",), "depthwise": ("dw",), "pool": ("pool", "gap", "gmp"),
    "join": ("add", "concat", "beside", "mul", "mean", "wsum"),
    "channels": ("cpool", "index", "slice", "shuffle", "pad", "shift"), "linear": ("linear",),
    "attention": ("attend", "softmax"), "other": ("act", "bn", "dropout", "lrn"),
}
_FAMILY_OF = {kind: family for family, kinds in FAMILIES.items() for kind in kinds}


@dataclass(frozen=True, slots=True)
class Box:
    """One node of a drawing: an operation, or a stage of several.

    ``shape`` (C, H, W) is the output's; ``family`` chooses the colour; ``group`` is the key of
    the group around it, empty at the top; ``open`` says that it depends on holes; ``notes`` tell
    what fell away in the group that ends here.

    ``alias`` is the name that the genotype's author gave the operation, ``groups`` a convolution's
    number of channel groups, ``lane`` the channel group that the output belongs to (`lanes`).
    ``mark`` numbers a box whose output is wanted in so many places that ``taken`` of those says
    it instead of an edge (`bundle`).
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
    """A tensor on its way from one box to another.

    ``lane`` is its channel group; an ``exchange`` leads into another group. One that is ``hidden``
    is told by numbers in its boxes.
    """

    source: str
    target: str
    lane: int | None = None
    exchange: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """Stages in a row whose outputs have one size; ``boxes`` are their keys."""

    title: str
    boxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing before its layout, the same for every level.

    ``macs`` and ``params`` are the whole network's. ``openings`` are the holes that belong to no
    single box or group, ``notes`` what fell away outside of every group.
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
