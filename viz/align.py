"""What changed between two genotypes: their stages beside each other, and how each differs.

Stages are paired by name, in order; what lies between two pairs then by the operations that it
holds, so that a renamed stage is found again. The rest was added or removed.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from searchspace.expand import Node
from searchspace.ops import Cost, show_shape

from .levels import INPUT, stages
from .picture import Box
from .subject import Subject

KINDS = ("same", "changed", "added", "removed")
# Operations named in one remark.
MOST = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A stage before and after; one of them is None where it was added or removed."""

    kind: str
    before: Box | None
    after: Box | None
    remarks: tuple[str, ...] = ()

    @property
    def cost(self) -> Cost:
        """By how much MACs and parameters grew."""
        macs = [box.macs if box else 0 for box in (self.before, self.after)]
        params = [box.params if box else 0 for box in (self.before, self.after)]
        return Cost(macs[1] - macs[0], params[1] - params[0])


@dataclass(frozen=True, slots=True)
class Difference:
    """Two genotypes, stage by stage; ``before`` and ``after`` are their whole costs."""

    titles: tuple[str, str]
    changes: tuple[Change, ...]
    before: Cost
    after: Cost

    @property
    def same(self) -> bool:
        """Whether no stage differs."""
        return all(change.kind == "same" for change in self.changes)


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two: its stages as boxes, their nodes, and where their inputs come from."""

    boxes: tuple[Box, ...]
    nodes: dict[str, tuple[Node, ...]]
    sources: dict[str, tuple[str, ...]]
    content: dict[str, Any]


def difference(before: Subject, after: Subject) -> Difference:
    """The stages of two networks (spaces at the point where they are drawn) paired and compared."""
    a, b = _side(before), _side(after)
    pairs = _pairs(a, b)
    renamed = {x.key: y.key for x, y in pairs if x and y}
    changes = tuple(_change(a, b, x, y, renamed) for x, y in pairs)
    return Difference((before.title, after.title), changes, before.expansion.cost(),
                      after.expansion.cost())


def _side(subject: Subject) -> _Side:
    nodes = subject.expansion.nodes
    picture = stages(subject)
    sources: dict[str, tuple[str, ...]] = {box.key: () for box in picture.boxes}
    for edge in picture.edges:
        sources[edge.target] = (*sources[edge.target], edge.source)
    content = {}
    for name, span in subject.stages:
        outside: dict[int, int] = {}
        content[name] = tuple(
            (nodes[i].op, nodes[i].shape, nodes[i].cost, tuple(
                j - span.start if j >= span.start else ~outside.setdefault(j, len(outside))
                for j in nodes[i].inputs)) for i in span)
    return _Side(tuple(b for b in picture.boxes if b.key != INPUT),
                 {name: nodes[span.start:span.stop] for name, span in subject.stages},
                 sources, content)


def _pairs(a: _Side, b: _Side) -> list[tuple[Box | None, Box | None]]:
    """All stages in order, first by name, then between those by content and by operation."""
    keys: tuple[Any, ...] = (lambda s, box: box.key, lambda s, box: s.content[box.key],
                             lambda s, box: box.detail)

    def match(left: Sequence[Box], right: Sequence[Box],
              level: int) -> list[tuple[Box | None, Box | None]]:
        if level == len(keys) or not (left and right):
            return [*((box, None) for box in left), *((None, box) for box in right)]
        found: list[tuple[Box | None, Box | None]] = []
        at = (0, 0)
        matcher = SequenceMatcher(None, [keys[level](a, box) for box in left],
                                  [keys[level](b, box) for box in right], autojunk=False)
        for i, j, size in matcher.get_matching_blocks():
            found += match(left[at[0]:i], right[at[1]:j], level + 1)
            found += zip(left[i:i + size], right[j:j + size], strict=True)
            at = (i + size, j + size)
        return found

    return match(a.boxes, b.boxes, 0)


def _change(a: _Side, b: _Side, before: Box | None, after: Box | None,
            renamed: dict[str, str]) -> Change:
    if before is None or after is None:
        return Change("added" if before is None else "removed", before, after)
    remarks = []
    if before.key != after.key:
        remarks.append(f"renamed from {before.key}")
    sources = tuple(renamed.get(name, name) for name in a.sources[before.key])
    if set(sources) != set(b.sources[after.key]):
        remarks.append(f"takes {_listed(b.sources[after.key])} instead of "
                       f"{_listed(a.sources[before.key])}")
    if a.content[before.key] != b.content[after.key]:
        remarks += _inside(a.nodes[before.key], b.nodes[after.key], before, after)
    return Change("changed" if remarks else "same", before, after, tuple(remarks))


def _inside(old: Sequence[Node], new: Sequence[Node], before: Box, after: Box) -> list[str]:
    """How the operations of a stage differ, in words."""
    remarks = []
    if before.shape != after.shape:
        remarks.append(f"gives {show_shape(after.shape)} instead of {show_shape(before.shape)}")
    was, now = (Counter(node.op.label() for node in nodes) for nodes in (old, new))
    gone, come = was - now, now - was
    if before.detail == after.detail and before.count != after.count:
        remarks.append(f"{after.count} repeats instead of {before.count}")
        if not (gone and come):
            return remarks
    if gone:
        remarks.append("without " + _counted(gone))
    if come:
        remarks.append("with " + _counted(come))
    if not gone and not come and len(new) > 1:
        widths = Counter((x.op.label(), x.shape[0], y.shape[0]) for x, y in
                         zip(old, new, strict=True) if x.shape[0] != y.shape[0])
        remarks += [f"{label}: {c} instead of {d} channels"
                    for label, d, c in list(widths)[:MOST]]
    if not remarks and [node.cost for node in old] != [node.cost for node in new]:
        remarks.append("its inputs have other shapes")
    return remarks or ["wired in another way"]


def _counted(labels: Counter[str]) -> str:
    shown = [f"{n} {label}" if n > 1 else label for label, n in labels.most_common(MOST)]
    more = len(labels) - MOST
    return "; ".join(shown) + (f" and {more} more" if more > 0 else "")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
