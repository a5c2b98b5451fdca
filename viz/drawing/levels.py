"""Levels of detail of drawings; each makes a `Picture` of a `DrawnNetwork`."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from searchspace import SearchspaceError
from viz.drawing.block_parts import Part, parts, summary
from viz.drawing.blocks import folded
from viz.drawing.channel_groups import lanes
from viz.drawing.edge_bundling import bundle
from viz.drawing.elements import Band, Box, Edge, Group, Picture, edge, family, operation
from viz.drawing.network import DrawnNetwork

LEVELS = ("stage", "block", "operation")
INPUT = "input"


def picture(subject: DrawnNetwork, level: str, only: str | None = None) -> Picture:
    """The drawing of a subject at a level; at the level of blocks, ``only`` those of that name.

    Raises:
        SearchspaceError: no such block, or another level.
    """
    if only is not None:
        if level != "block":
            raise SearchspaceError(f"a single block is drawn at the level of blocks, not {level}")
        return bundle(blocks(subject, only))
    return bundle({"stage": stages, "block": blocks, "operation": operations}[level](subject))


def stages(subject: DrawnNetwork) -> Picture:
    """One box for each step of the net, with the costs of all its repeats; they add up."""
    nodes = subject.expansion.nodes
    boxes, edges = [_input(subject)], list[Edge]()
    for name, span in subject.stages:
        body = list(parts(nodes, span, 0))
        detail, count = summary(nodes, body)
        first = nodes[span.start]
        colour = family(first.op) if all(p.block is None for p in body) and count == len(body) \
            else "block"
        boxes.append(Box(
            name, name, colour, nodes[span.stop - 1].shape,
            sum(nodes[i].cost.macs for i in span), sum(nodes[i].cost.params for i in span),
            detail + _inner_repeats(subject, body), count, open=subject.depends(span),
            openings=subject.opened(name)))
        edges += [Edge(box, name) for box in _sources(subject, span)]
    return replace(_picture(subject, "stage", boxes, edges), bands=_bands(boxes[1:]))


def blocks(subject: DrawnNetwork, only: str | None = None) -> Picture:
    """The stages, and beside them the inside of each distinct block once (`folded`); with
    ``only``, the blocks of that name without the stages."""
    overview = stages(subject)
    groups, boxes, edges = folded(subject, only)
    boxes, notes = _noted(subject, groups, boxes)
    if only is not None:
        names = tuple(o for o in subject.openings if o.owner in {only, ""})
        return replace(overview, level="block", boxes=boxes, groups=groups, edges=edges, bands=(),
                       openings=names)
    steps = (replace(box, openings=()) for box in overview.boxes)
    return replace(overview, level="block", boxes=(*steps, *boxes), groups=groups, notes=notes,
                   edges=(*overview.edges, *edges), openings=subject.openings)


def operations(subject: DrawnNetwork) -> Picture:
    """Every operation, in groups for stages and the blocks inside them."""
    nodes = subject.expansion.nodes
    lane = lanes(nodes)
    groups: dict[str, Group] = {}
    boxes, edges = [_input(subject)], list[Edge]()
    for stage, span in subject.stages:
        is_open, openings = subject.depends(span), subject.opened(stage)
        grouped = len(span) > 1
        for i in span:
            node, parent = nodes[i], ""
            calls = [(c.name, c.block) for c in node.calls]
            if grouped and (not calls or calls[0][0] != stage):
                calls.insert(0, (stage, ""))
            for name, block in calls if grouped else ():
                known = groups.get(name) or Group(
                    name, _title(name, parent), detail="" if block in name else block,
                    parent=parent,
                    open=is_open, openings=openings if name == stage else ())
                groups[name] = replace(known, macs=known.macs + node.cost.macs,
                                       params=known.params + node.cost.params)
                parent = name
            boxes.append(replace(operation(node, lane[i]), group=parent, open=is_open,
                                 openings=() if grouped else openings))
            edges += _distinct(Edge(INPUT, node.name) if j < 0 else edge(nodes, lane, j, i)
                               for j in node.inputs)
    noted, notes = _noted(subject, groups.values(), boxes)
    return replace(_picture(subject, "operation", noted, edges), groups=tuple(groups.values()),
                   notes=notes)


def _picture(subject: DrawnNetwork, level: str, boxes: Iterable[Box],
             edges: Iterable[Edge]) -> Picture:
    cost = subject.expansion.cost()
    return Picture(level, subject.title, subject.remark, cost.macs, cost.params, tuple(boxes),
                   tuple(edges), openings=subject.elsewhere())


def _bands(boxes: Iterable[Box]) -> tuple[Band, ...]:
    """Consecutive stages with one output size."""
    rows = groupby(boxes, key=lambda box: box.shape[1:])
    return tuple(Band(f"{h}×{w}", tuple(box.key for box in row)) for (h, w), row in rows)


def _input(subject: DrawnNetwork) -> Box:
    return Box(INPUT, INPUT, "tensor", subject.expansion.input)


def _sources(subject: DrawnNetwork, span: range) -> tuple[str, ...]:
    """Names of the stages whose outputs are inputs of a stage, nearest last."""
    nodes = subject.expansion.nodes
    outside = sorted({j for i in span for j in nodes[i].inputs if j < span.start})
    return tuple(dict.fromkeys(INPUT if j < 0 else nodes[j].name.partition(".")[0]
                               for j in outside))


def _inner_repeats(subject: DrawnNetwork, body: list[Part]) -> str:
    """The inner repeats of a stage that is one block, if short: ``: a + b ×3``."""
    if len(body) > 1 or body[0].block is None:
        return ""
    inner = list(parts(subject.expansion.nodes, body[0].span, 1))
    text, count = summary(subject.expansion.nodes, inner)
    if "…" in text or all(part.repeat is None for part in inner):
        return ""
    return f": {text}" + (f" ×{count}" if count > 1 else "")


def _noted(subject: DrawnNetwork, groups: Iterable[Group],
           boxes: Iterable[Box]) -> tuple[tuple[Box, ...], tuple[str, ...]]:
    """The boxes with the expansion's notes, each at the last operation of the innermost group that
    it concerns, and the notes about whole steps. Those about blocks not drawn are left out."""
    keys = {group.key for group in groups}
    found: dict[str, dict[str, list[str]]] = {}
    for name, text in subject.expansion.notes:
        owner = name
        while owner and owner not in keys:
            owner = owner.rpartition(".")[0]
        if owner or "." not in name:
            rest = name.removeprefix(owner).lstrip(".") or name
            found.setdefault(owner, {}).setdefault(text, []).append(rest)
    notes = {owner: tuple(f"{', '.join(names)}: {text}" for text, names in texts.items())
             for owner, texts in found.items()}
    ends = {owner: box.key for owner in notes for box in boxes
            if box.family != "tensor" and (box.group + ".").startswith(owner + ".")}
    return tuple(replace(box, notes=tuple(note for owner, key in ends.items() if key == box.key
                                          for note in notes[owner])) for box in boxes), \
        notes.get("", ())


def _title(name: str, parent: str) -> str:
    """A group's name without the part that the group around it shows; never a bare number."""
    rest = name.removeprefix(parent + ".")
    return name if rest.isdigit() else rest


def _distinct(edges: Iterable[Edge]) -> list[Edge]:
    return list(dict.fromkeys(edges))
