"""Contents of each distinct block of a network, once, with repeats folded.

A block that others call in several places is drawn separately, and is one box where it is called,
as papers draw NASNet's separable convolutions or SINet's transformation H; one that is called in a
single place is drawn there, as a group.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from string import ascii_lowercase

from searchspace import SearchspaceError
from searchspace.errors import nearest
from searchspace.expansion import Node
from viz.drawing.block_parts import Part, parts, signature, uses
from viz.drawing.channel_groups import lanes
from viz.drawing.elements import Box, Edge, Group, edge, operation
from viz.drawing.network import DrawnNetwork, stage_of

Drawn = tuple[tuple[Group, ...], tuple[Box, ...], tuple[Edge, ...]]
Found = dict[object, list[tuple[Part, int]]]


def folded(subject: DrawnNetwork, only: str | None = None) -> Drawn:
    """Groups, boxes and edges of the blocks that the net calls, each structure once.

    Shapes and costs are those of the first use; blocks that differ only in channels and image
    size count as one. Inputs and outputs of a block are boxes of their own. With ``only``, the
    blocks of that name, wherever they are called.

    Raises:
        SearchspaceError: no block of that name is called.
    """
    nodes = subject.expansion.nodes
    found = _distinct(subject, {only} if only is not None else ())
    if only is not None and not found:
        known = {call.block for node in nodes for call in node.calls}
        raise SearchspaceError(f"{subject.title} calls no block {only!r}{nearest(only, known)}")
    lane = lanes(nodes)
    plain = [_Fold(subject, lane, {}).drawn(*same[0]) for same in found.values()]
    often = Counter(g.title for one in plain for g in one.groups)
    apart = {part.block for one in plain for part in one.inner
             if part.block is not None and often[part.block] > 1 and len(part.span) > 1}
    if not apart:
        titles: dict[object, str] = {}
    else:
        found = _called(subject, found, apart)
        titles = _titles(found)
    groups: list[Group] = []
    boxes: list[Box] = []
    edges: list[Edge] = []
    for key, same in found.items():
        first, depth = same[0]
        fold = _Fold(subject, lane, {k: titles[k] for k in titles if found[k][0][0].block in apart})
        fold.drawn(first, depth)
        group = _group(nodes, first, is_open=subject.depends(first.span), count=len(same),
                       detail=uses([part.name for part, _ in same]))
        groups += [replace(group, title=titles.get(key, group.title)), *fold.groups]
        ends, links = fold.ends(first)
        boxes += [*fold.boxes, *ends]
        edges += [*fold.edges(), *links]
    return tuple(groups), tuple(boxes), tuple(edges)


def _distinct(subject: DrawnNetwork, names: Collection[str]) -> Found:
    """The blocks that the net calls, by structure; with ``names`` those of these names anywhere."""
    nodes = subject.expansion.nodes
    found: Found = {}

    def search(span: range, depth: int) -> Iterator[tuple[Part, int]]:
        for part in parts(nodes, span, depth):
            if part.block is not None and (not names or part.block in names):
                yield part, depth + 1
            elif part.block is not None:
                yield from search(part.span, depth + 1)

    for _, span in subject.stages:
        for part, depth in search(span, 0):
            found.setdefault(signature(nodes, part, depth), []).append((part, depth))
    return found


def _called(subject: DrawnNetwork, found: Found, apart: Collection[str | None]) -> Found:
    """The blocks to draw, including those drawn separately (``apart``), in order of appearance.

    All uses are counted; separate blocks are collected from the first uses, which are drawn.
    """
    nodes = subject.expansion.nodes
    every: Found = {}

    def count(span: range, depth: int) -> None:
        for part in parts(nodes, span, depth):
            if part.block is not None:
                if part.block in apart:
                    every.setdefault(signature(nodes, part, depth + 1), []).append(
                        (part, depth + 1))
                count(part.span, depth + 1)

    for same in found.values():
        for part, depth in same:
            count(part.span, depth)
    wanted: Found = {}

    def meet(part: Part, depth: int) -> None:
        for inner in parts(nodes, part.span, depth):
            if inner.block is None:
                continue
            key = signature(nodes, inner, depth + 1)
            if inner.block in apart and len(inner.span) > 1:
                if key in found or key in wanted:
                    continue
                wanted[key] = every[key]
                meet(*every[key][0])
            else:
                meet(inner, depth + 1)

    for same in found.values():
        meet(*same[0])
    return found | wanted


def _titles(found: Found) -> dict[object, str]:
    """Names for the blocks, with a letter if several structures have one name."""
    total = Counter(same[0][0].block for same in found.values())
    seen = Counter[str | None]()
    titles: dict[object, str] = {}
    for key, same in found.items():
        block = same[0][0].block
        n = seen[block]
        seen[block] += 1
        letter = ascii_lowercase[n] if n < len(ascii_lowercase) else str(n + 1)
        titles[key] = f"{block} {letter}" if total[block] > 1 else str(block)
    return titles


class _Fold:
    """One block being folded.

    `shown` maps each node to its representative; for those `keys` has the boxes' keys and `spans`
    the nodes in them. `apart` maps the structures that are one box to their titles. `inner`
    collects the parts drawn as groups.
    """

    def __init__(self, subject: DrawnNetwork, lane: tuple[int | None, ...],
                 apart: dict[object, str]) -> None:
        self.subject = subject
        self.nodes = subject.expansion.nodes
        self.lanes, self.apart = lane, apart
        self.shown: dict[int, int] = {}
        self.keys: dict[int, str] = {}
        self.spans: dict[int, range] = {}
        self.groups: list[Group] = []
        self.boxes: list[Box] = []
        self.inner: list[Part] = []

    def drawn(self, owner: Part, depth: int) -> "_Fold":
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
        return self

    def repeats(self, first: Part, part: Part, depth: int) -> bool:
        """Whether two parts are repeats of one step with the same structure."""
        inside = depth + (part.block is not None)
        return (part.repeat is not None and first.repeat is not None and first.stem == part.stem
                and signature(self.nodes, first, inside) == signature(self.nodes, part, inside))

    def draw(self, part: Part, owner: Part, depth: int, count: int) -> None:
        """Draw a part with ``count`` repeats as a box or a group."""
        is_open = self.subject.depends(part.span)
        start = part.span.start
        if part.block is None or len(part.span) == 1:       # no frame around a single box
            self.shown[start] = start
            self.spans[start] = part.span
            self.keys[start] = self.nodes[start].name
            box = operation(self.nodes[start], self.lanes[start])
            self.boxes.append(replace(box, count=count, group=owner.name, open=is_open,
                                      alias=box.alias or self.called(part, owner, count)))
            return
        title = self.apart and self.apart.get(signature(self.nodes, part, depth + 1))
        group = _group(self.nodes, part, is_open=is_open, count=count,
                       detail=self.called(part, owner, count))
        if title:
            self.shown.update(dict.fromkeys(part.span, start))
            self.spans[start] = part.span
            last = self.nodes[part.span[-1]]
            self.keys[start] = part.name
            self.boxes.append(Box(
                part.name, f"{title}: {self.hint(part)}", "block", last.shape,
                group.macs, group.params, count=count, group=owner.name, open=is_open,
                lane=self.lanes[part.span[-1]], alias=group.detail))
            return
        self.groups.append(replace(group, parent=owner.name))
        self.inner.append(part)
        self.drawn(part, depth + 1)

    def called(self, part: Part, owner: Part, count: int) -> str:
        """The name that the genotype gives a block's call; empty if it is the block's own."""
        name = (part.stem if count > 1 else part.name).removeprefix(owner.name + ".")
        if part.block is None:
            return ""
        usual = rf"(.*\.)?{re.escape(part.block)}\d*(\.\d+)?"
        return "" if re.fullmatch(usual, name) else name

    def hint(self, part: Part) -> str:
        """The operation that characterises a block: the one with the largest window."""
        def window(node: Node) -> tuple[int, ...]:
            k = getattr(node.op, "k", 0) or 0
            return k if isinstance(k, tuple) else (k, k)

        node = max((self.nodes[i] for i in part.span), key=window)
        return node.op.label().partition(",")[0]

    def edges(self) -> list[Edge]:
        """Edges inside, without those between folded repeats."""
        pairs = ((self.shown[j], i) for i, span in self.spans.items() for k in span
                 for j in self.nodes[k].inputs if j in self.shown and j not in span)
        return [replace(edge(self.nodes, self.lanes, a, b, self.spans[a][-1]),
                        source=self.keys[a], target=self.keys[b])
                for a, b in dict.fromkeys(pairs)]

    def ends(self, owner: Part) -> tuple[list[Box], list[Edge]]:
        """Boxes of the inputs and outputs of a block, and their edges."""
        nodes, span = self.nodes, owner.span
        inputs = {i: {j for k in inner for j in nodes[k].inputs} for i, inner in self.spans.items()}
        taken = dict.fromkeys(j for inner in self.spans.values() for k in inner
                              for j in nodes[k].inputs if j < span.start)
        boxes, edges = [], []
        for n, j in enumerate(taken):
            key = f"{owner.name} ← {n}"
            shape = nodes[j].shape if j >= 0 else self.subject.expansion.input
            source = stage_of(nodes[j]) if j >= 0 else "input"
            boxes.append(Box(key, f"from {source}", "tensor", shape, group=owner.name))
            edges += [Edge(key, self.keys[i]) for i in self.spans if j in inputs[i]]
        wanted = {j for i in range(span.stop, len(nodes)) for j in nodes[i].inputs if j in span}
        wanted |= {self.subject.expansion.output} & set(span)
        for n, j in enumerate(sorted({self.shown[j] for j in wanted})):
            key = f"{owner.name} → {n}"
            shape = nodes[self.spans[j][-1]].shape
            boxes.append(Box(key, "output", "tensor", shape, group=owner.name))
            edges.append(Edge(self.keys[j], key))
        return boxes, list(dict.fromkeys(edges))


def _group(nodes: tuple[Node, ...], part: Part, *, is_open: bool, count: int,
           detail: str) -> Group:
    assert part.block is not None
    return Group(part.name, part.block, sum(nodes[i].cost.macs for i in part.span),
                 sum(nodes[i].cost.params for i in part.span), detail, count, open=is_open)
