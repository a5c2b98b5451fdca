"""The levels of detail at which a network is drawn; each makes a `Picture` of a `Subject`."""

from collections.abc import Iterable
from dataclasses import replace

from .folded import folded
from .parts import Part, parts, summary
from .picture import Box, Edge, Group, Picture, family
from .subject import Subject

LEVELS = ("stage", "block", "operation")
INPUT = "input"


def picture(subject: Subject, level: str) -> Picture:
    """The drawing of a subject at a level."""
    return {"stage": stages, "block": blocks, "operation": operations}[level](subject)


def stages(subject: Subject) -> Picture:
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
    return _picture(subject, "stage", boxes, edges)


def blocks(subject: Subject) -> Picture:
    """The stages, and beside them the inside of each distinct block once (`folded`)."""
    overview = stages(subject)
    groups, boxes, edges = folded(subject)
    notes = _placed(subject, groups)
    return replace(overview, level="block", boxes=(*overview.boxes, *boxes),
                   edges=(*overview.edges, *edges),
                   groups=tuple(replace(g, notes=notes.get(g.key, ())) for g in groups),
                   notes=notes.get("", ()))


def operations(subject: Subject) -> Picture:
    """Every operation, in groups for stages and the blocks inside them."""
    nodes = subject.expansion.nodes
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
            boxes.append(Box(node.name, node.op.label(), family(node.op), node.shape,
                             node.cost.macs, node.cost.params, group=parent, open=is_open,
                             openings=() if grouped else openings))
            edges += _distinct(Edge(INPUT if j < 0 else nodes[j].name, node.name)
                               for j in node.inputs)
    notes = _placed(subject, tuple(groups.values()))
    return replace(_picture(subject, "operation", boxes, edges),
                   groups=tuple(replace(g, notes=notes.get(g.key, ())) for g in groups.values()),
                   notes=notes.get("", ()))


def _picture(subject: Subject, level: str, boxes: list[Box], edges: list[Edge]) -> Picture:
    cost = subject.expansion.cost()
    return Picture(level, subject.title, subject.remark, cost.macs, cost.params, tuple(boxes),
                   tuple(edges), openings=subject.elsewhere())


def _input(subject: Subject) -> Box:
    return Box(INPUT, INPUT, "tensor", subject.expansion.input)


def _sources(subject: Subject, span: range) -> tuple[str, ...]:
    """The stages whose outputs a stage takes, nearest last."""
    nodes = subject.expansion.nodes
    outside = sorted({j for i in span for j in nodes[i].inputs if j < span.start})
    return tuple(dict.fromkeys(INPUT if j < 0 else nodes[j].name.partition(".")[0]
                               for j in outside))


def _inner_repeats(subject: Subject, body: list[Part]) -> str:
    """What a stage that is one block repeats inside, where that is short: ``: a + b ×3``."""
    if len(body) > 1 or body[0].block is None:
        return ""
    inner = list(parts(subject.expansion.nodes, body[0].span, 1))
    text, count = summary(subject.expansion.nodes, inner)
    if "…" in text or all(part.repeat is None for part in inner):
        return ""
    return f": {text}" + (f" ×{count}" if count > 1 else "")


def _placed(subject: Subject, groups: Iterable[Group]) -> dict[str, tuple[str, ...]]:
    """Notes by the innermost group that they concern; those of undrawn uses are left out."""
    keys = {group.key for group in groups}
    placed: dict[str, dict[str, list[str]]] = {}
    for name, text in subject.expansion.notes:
        owner = name
        while owner and owner not in keys:
            owner = owner.rpartition(".")[0]
        if owner or "." not in name:
            rest = name.removeprefix(owner).lstrip(".") or name
            placed.setdefault(owner, {}).setdefault(text, []).append(rest)
    return {owner: tuple(f"{', '.join(names)}: {text}" for text, names in texts.items())
            for owner, texts in placed.items()}


def _title(name: str, parent: str) -> str:
    """A group's name as far as the group around it does not say it; never a bare number."""
    rest = name.removeprefix(parent + ".")
    return name if rest.isdigit() else rest


def _distinct(edges: Iterable[Edge]) -> list[Edge]:
    return list(dict.fromkeys(edges))
