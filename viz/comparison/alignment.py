"""Alignment of the stages of two networks, with the differences of each pair.

Stages are paired in order so that the total weight of differences and of unpaired stages is minimal
(`WEIGHTS`). Pages compare any two networks by `web/static/difference.js`, which implements the same
algorithm with the same weights; a test checks that the two agree.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from searchspace.ops import Cost, show_shape
from viz.comparison.stages import Outline, Stage, Work

KINDS = ("same", "changed", "added", "removed")
# What a pair that differs in these weighs, and a stage that is alone: two of those weigh less than
# a pair that has neither name nor kind nor height in common. ``free``: only one of them has MACs.
WEIGHTS = {"name": 4, "kind": 5, "height": 6, "free": 6, "channels": 1, "times": 1, "alone": 7}
MOST = 3             # operations named in one remark


@dataclass(frozen=True, slots=True)
class StageChange:
    """A stage before and after; one of them is None where it was added or removed."""

    kind: str
    before: Stage | None
    after: Stage | None
    remarks: tuple[str, ...] = ()

    @property
    def cost(self) -> Cost:
        """Increase of MACs and parameters."""
        macs = [stage.macs if stage else 0 for stage in (self.before, self.after)]
        params = [stage.params if stage else 0 for stage in (self.before, self.after)]
        return Cost(macs[1] - macs[0], params[1] - params[0])


@dataclass(frozen=True, slots=True)
class Difference:
    """Two genotypes, stage by stage; ``before`` and ``after`` are their whole costs."""

    titles: tuple[str, str]
    changes: tuple[StageChange, ...]
    before: Cost
    after: Cost

    @property
    def same(self) -> bool:
        """Whether no stage differs."""
        return all(change.kind == "same" for change in self.changes)


def difference(before: Outline, after: Outline) -> Difference:
    """The stages of two networks paired and compared."""
    pairs = align(before.stages, after.stages)
    renamed = {x.name: y.name for x, y in pairs if x and y}
    return Difference((before.title, after.title),
                      tuple(_change(x, y, renamed) for x, y in pairs), before.cost, after.cost)


def unlike(a: Stage, b: Stage) -> int:
    """Weight of the differences of a pair."""
    few, many = sorted((a.channels, b.channels))
    return (WEIGHTS["name"] * (a.name != b.name) + WEIGHTS["kind"] * (a.kind != b.kind)
            + WEIGHTS["height"] * (a.height != b.height)
            + WEIGHTS["free"] * ((a.macs > 0) != (b.macs > 0))
            + WEIGHTS["channels"] * ((few != many) + (2 * few < many))
            + WEIGHTS["times"] * (a.times != b.times))


def align(left: Sequence[Stage],
          right: Sequence[Stage]) -> list[tuple[Stage | None, Stage | None]]:
    """All stages of both in order, in the pairs of least total weight."""
    alone = WEIGHTS["alone"]
    sums = [[(i + j) * alone for j in range(len(right) + 1)] for i in range(len(left) + 1)]
    for i, a in enumerate(left, 1):
        for j, b in enumerate(right, 1):
            sums[i][j] = min(sums[i - 1][j - 1] + unlike(a, b), sums[i - 1][j] + alone,
                             sums[i][j - 1] + alone)
    pairs: list[tuple[Stage | None, Stage | None]] = []
    i, j = len(left), len(right)
    while i or j:
        if i and j and sums[i][j] == sums[i - 1][j - 1] + unlike(left[i - 1], right[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((left[i], right[j]))
        elif j and sums[i][j] == sums[i][j - 1] + alone:
            j -= 1
            pairs.append((None, right[j]))
        else:
            i -= 1
            pairs.append((left[i], None))
    return pairs[::-1]


def _change(before: Stage | None, after: Stage | None, renamed: Mapping[str, str]) -> StageChange:
    if before is None or after is None:
        return StageChange("added" if before is None else "removed", before, after)
    remarks = []
    if before.name != after.name:
        remarks.append(f"renamed from {before.name}" if before.kind == after.kind
                       else f"in the place of {before.name}")
    if {renamed.get(name, name) for name in before.sources} != set(after.sources):
        remarks.append(f"takes {_listed(after.sources)} instead of {_listed(before.sources)}")
    if before[3:8] != after[3:8] or before[9:] != after[9:]:       # all but words and sources
        remarks += _inside(before, after)
    return StageChange("changed" if remarks else "same", before, after, tuple(remarks))


def _inside(before: Stage, after: Stage) -> list[str]:
    """How the operations of a stage differ, in words."""
    remarks = []
    if before.shape != after.shape:
        remarks.append(f"gives {show_shape(after.shape)} instead of {show_shape(before.shape)}")
    if before.kind != after.kind:        # to list what is in two different blocks says less
        return [*remarks, f"{after.kind} instead of {before.kind}"]
    was, now = Counter[str](), Counter[str]()
    for counter, stage in ((was, before), (now, after)):
        for work in stage.work:
            counter[work.label] += work.uses
    gone, come = was - now, now - was
    if before.what == after.what and before.times != after.times:
        remarks.append(f"{after.times} repeats instead of {before.times}")
        if not (gone and come):
            return remarks
    if gone:
        remarks.append("without " + _counted(gone))
    if come:
        remarks.append("with " + _counted(come))
    if not gone and not come and was.total() > 1:
        remarks += _widths(before.work, after.work)
    if remarks:
        return remarks
    return ["its inputs have other shapes" if before.structure == after.structure
            else "wired or set in another way"]


def _widths(before: Sequence[Work], after: Sequence[Work]) -> list[str]:
    """Operations that give other numbers of channels; labels and their counts are equal."""
    found: dict[str, None] = {}
    for label in dict.fromkeys(work.label for work in before):
        was, now = ([work.channels for work in side if work.label == label
                     for _ in range(work.uses)] for side in (before, after))
        found |= {f"{label}: {d} instead of {c} channels": None
                  for c, d in zip(was, now, strict=True) if c != d}
    return list(found)[:MOST]


def _counted(labels: Counter[str]) -> str:
    shown = [f"{n} {label}" if n > 1 else label for label, n in labels.most_common(MOST)]
    more = len(labels) - MOST
    return "; ".join(shown) + (f" and {more} more" if more > 0 else "")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
