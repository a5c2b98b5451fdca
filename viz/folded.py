"""The inside of each distinct block of a network, once, with repeats folded."""

from dataclasses import replace

from searchspace.expand import Node

from .parts import Part, parts, signature, uses
from .picture import Box, Edge, Group, family
from .subject import Subject, stage_of

Drawn = tuple[tuple[Group, ...], tuple[Box, ...], tuple[Edge, ...]]


def folded(subject: Subject) -> Drawn:
    """Groups, boxes and edges of the blocks that the net calls, each structure once.

    Shapes and costs are those of the first use; blocks that differ only in channels and image
    size count as one. Tensors that come from outside or are wanted outside get boxes of their own.
    """
    nodes = subject.expansion.nodes
    found: dict[object, list[Part]] = {}
    for _, span in subject.stages:
        for part in parts(nodes, span, 0):
            if part.block is not None:
                found.setdefault(signature(nodes, part, 1), []).append(part)
    groups: list[Group] = []
    boxes: list[Box] = []
    edges: list[Edge] = []
    for same in found.values():
        first = same[0]
        fold = _Fold(subject)
        fold.body(first, 1)
        name = uses([part.name for part in same])
        groups += [_group(nodes, first, is_open=subject.depends(first.span), count=len(same),
                          detail=name), *fold.groups]
        ends, links = fold.ends(first)
        boxes += [*fold.boxes, *ends]
        edges += [*fold.edges(first), *links]
    return tuple(groups), tuple(boxes), tuple(edges)


class _Fold:
    """One block being folded: `shown` maps each node to the one that is drawn for it."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.nodes = subject.expansion.nodes
        self.shown: dict[int, int] = {}
        self.groups: list[Group] = []
        self.boxes: list[Box] = []

    def body(self, owner: Part, depth: int) -> None:
        """Draw the parts of a block; a part that repeats the one before it joins it."""
        runs: list[list[Part]] = []
        for part in parts(self.nodes, owner.span, depth):
            if runs and self.repeats(runs[-1][0], part, depth):
                runs[-1].append(part)
            else:
                runs.append([part])
        for first, *others in runs:
            self.draw(first, owner, depth, 1 + len(others))
            for other in others:
                self.shown.update((other.span[k], self.shown[i]) for k, i in enumerate(first.span))

    def repeats(self, first: Part, part: Part, depth: int) -> bool:
        inside = depth + (part.block is not None)
        return (part.repeat is not None and first.repeat is not None and first.stem == part.stem
                and signature(self.nodes, first, inside) == signature(self.nodes, part, inside))

    def draw(self, part: Part, owner: Part, depth: int, count: int) -> None:
        if part.block is not None:
            is_open = self.subject.depends(part.span)
            name = (part.stem if count > 1 else part.name).removeprefix(owner.name + ".")
            self.groups.append(replace(
                _group(self.nodes, part, is_open=is_open, count=count,
                       detail="" if name.endswith(part.block) else name), parent=owner.name))
            self.body(part, depth + 1)
            return
        i = part.span.start
        node = self.nodes[i]
        self.shown[i] = i
        self.boxes.append(Box(node.name, node.op.label(), family(node.op), node.shape,
                              node.cost.macs, node.cost.params, count=count, group=owner.name,
                              open=self.subject.depends(part.span)))

    def edges(self, owner: Part) -> list[Edge]:
        """Edges inside; from one folded repeat to the next there is none to draw."""
        pairs = ((self.shown[j], i) for i in self.drawn(owner) for j in self.nodes[i].inputs
                 if j in self.shown)
        return [Edge(self.nodes[a].name, self.nodes[b].name) for a, b in dict.fromkeys(pairs)]

    def drawn(self, owner: Part) -> list[int]:
        return [i for i in owner.span if self.shown[i] == i]

    def ends(self, owner: Part) -> tuple[list[Box], list[Edge]]:
        """The tensors that enter and leave a block, and how."""
        nodes, span = self.nodes, owner.span
        drawn = self.drawn(owner)
        taken = dict.fromkeys(j for i in drawn for j in nodes[i].inputs if j < span.start)
        boxes, edges = [], []
        for n, j in enumerate(taken):
            key = f"{owner.name} ← {n}"
            shape = nodes[j].shape if j >= 0 else self.subject.expansion.input
            source = stage_of(nodes[j]) if j >= 0 else "input"
            boxes.append(Box(key, f"from {source}", "tensor", shape, group=owner.name))
            edges += [Edge(key, nodes[i].name) for i in drawn if j in nodes[i].inputs]
        wanted = {j for i in range(span.stop, len(nodes)) for j in nodes[i].inputs if j in span}
        wanted |= {self.subject.expansion.output} & set(span)
        for n, j in enumerate(sorted({self.shown[j] for j in wanted})):
            key = f"{owner.name} → {n}"
            boxes.append(Box(key, "output", "tensor", nodes[j].shape, group=owner.name))
            edges.append(Edge(nodes[j].name, key))
        return boxes, list(dict.fromkeys(edges))


def _group(nodes: tuple[Node, ...], part: Part, *, is_open: bool, count: int,
           detail: str) -> Group:
    assert part.block is not None
    return Group(part.name, part.block, sum(nodes[i].cost.macs for i in part.span),
                 sum(nodes[i].cost.params for i in part.span), detail, count, open=is_open)
