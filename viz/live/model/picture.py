"""The drawing of a genotype at a point, with groups folded, as the page shows it."""

from dataclasses import dataclass, replace

from searchspace import fill, load, to_yaml
from searchspace.space.point import point
from viz.comparison.alignment import Difference, difference
from viz.comparison.drawing import compared
from viz.comparison.stages import outline
from viz.drawing.elements import Box, Edge, Picture
from viz.drawing.html import foldable
from viz.drawing.layout import page, run
from viz.drawing.levels import picture
from viz.drawing.network import middle, subject
from viz.drawing.style import Style
from viz.drawing.svg import compact
from viz.live.model.evaluation import Source, decided

USUAL = Style()
FEW = 60            # boxes that are drawn at the level of operations without being folded


@dataclass(frozen=True, slots=True)
class View:
    """How a drawing looks; ``folded`` are the keys of groups that are one box, or as a first
    letter ``+`` those that are open although the drawing folds what is large."""

    level: str = "stage"
    style: Style = USUAL
    folded: tuple[str, ...] = ()
    format: str = "svg"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawing; the keys of the boxes that unfold, and of the groups that fold."""

    content: bytes
    unfold: tuple[str, ...] = ()
    fold: tuple[str, ...] = ()


def drawn(source: Source, view: View) -> Drawn:
    """The drawing of a source.

    Raises:
        SearchspaceError: it is no network.
    """
    genotype = source.genotype()
    whole = picture(subject(genotype, decided(genotype, dict(source.decisions))), view.level)
    if view.format == "html":
        return Drawn(foldable(whole, view.style).encode(errors="backslashreplace"))
    shut = closed(whole, view.folded)
    shown = folded(whole, shut)
    made = page([shown], view.style, view.format)
    content = compact(made, genotype.title) if view.format == "svg" else made
    return Drawn(content, tuple(sorted(shut)), tuple(g.key for g in shown.groups)
                 if view.level == "operation" else ())


def closed(whole: Picture, wanted: tuple[str, ...]) -> frozenset[str]:
    """The keys of the groups to close: those that are asked for, and in a large drawing all
    outermost ones that are not asked to be open."""
    if whole.level != "operation":
        return frozenset()
    keys = {group.key for group in whole.groups}
    shut = keys & set(wanted)
    if len(whole.boxes) > FEW:
        usual = {g.key for g in whole.groups if not g.parent} | {
            g.key for g in whole.groups if f"+{g.parent}" in wanted}
        shut |= {key for key in usual if f"+{key}" not in wanted}
    return frozenset(shut)


def folded(whole: Picture, shut: frozenset[str]) -> Picture:
    """The picture with some groups as one box each: the shape of its last operation, the costs of
    all of them. Groups inside a closed one disappear with it."""
    if not shut:
        return whole
    parents = {group.key: group.parent for group in whole.groups}

    def outermost(key: str) -> str:
        found = ""
        while key:
            found = key if key in shut else found
            key = parents[key]
        return found

    holder = {box.key: outermost(box.group) for box in whole.boxes}
    last = {holder[box.key]: box for box in whole.boxes}
    boxes: dict[str, Box] = {}
    for box in whole.boxes:
        name = holder[box.key]
        if not name:
            boxes[box.key] = box
        elif name not in boxes:
            group = next(g for g in whole.groups if g.key == name)
            boxes[name] = Box(name, f"{group.title} …", "block", last[name].shape, group.macs,
                              group.params, group=group.parent, open=group.open,
                              alias=group.detail)
    edges: dict[tuple[str, str], Edge] = {}
    for edge in whole.edges:
        source, target = (holder[end] or end for end in (edge.source, edge.target))
        if source != target:
            moved = (source, target) != (edge.source, edge.target)
            edges.setdefault((source, target), replace(
                edge, source=source, target=target, lane=None if moved else edge.lane,
                hidden=False, exchange=edge.exchange and not moved))
    groups = tuple(g for g in whole.groups if not outermost(g.key))
    plain = tuple(replace(box, mark=0, taken=()) for box in boxes.values())
    return replace(whole, boxes=plain, edges=tuple(edges.values()), groups=groups)


@dataclass(frozen=True, slots=True)
class Pair:
    """Another network and the present one: what differs stage by stage, both texts written in the
    same way, and the drawing."""

    found: Difference
    texts: tuple[str, str]
    drawing: bytes


def paired(source: Source, other: str | Source, style: Style) -> Pair:
    """A network, by its name or source, beside the present one; at the same image size if one is
    set.

    Raises:
        SearchspaceError: one of them is no network.
    """
    mine = source.genotype()
    second = load(other) if isinstance(other, str) else other.genotype()
    if source.size is not None:
        second = second.with_input(source.size)
    given = decided(mine, dict(source.decisions))
    found = difference(outline(subject(second)), outline(subject(mine, given)))
    drawing = compact(run(compared(found, style).source, "svg"), " → ".join(found.titles))
    first = to_yaml(fill(mine, point(mine, lambda _, hole: middle(hole), given).decisions)
                    if mine.is_space else mine)
    return Pair(found, (to_yaml(second), first), drawing)
