"""Distance between two points of a space: decisions that differ, and by how much."""

from typing import NamedTuple

from searchspace.notation.holes import Hole
from searchspace.space.point import Point


class Distance(NamedTuple):
    """Distance from a proposed point to the scored one, over sampled decisions only.

    ``changed``: number of decisions that differ, were removed or were added. ``share``: the same
    as a fraction of all decisions of either point. ``rank``: mean shift of the ordered decisions
    that both have, in ranks over the range of the hole, 0 to 1.
    """

    changed: int
    share: float
    rank: float


def distance(proposed: Point, scored: Point) -> Distance:
    """The distance between two points of one space."""
    before, after = proposed.sampled, scored.sampled
    names = before.keys() | after.keys()
    changed = sum(name not in before or name not in after or before[name] != after[name]
                  for name in names)
    ranks = []
    for name in before.keys() & after.keys():
        hole = scored.holes[name]
        if _ordered(hole):
            apart = hole.labels.index(before[name]) - hole.labels.index(after[name])
            ranks.append(abs(apart) / (len(hole.labels) - 1))
    return Distance(changed, changed / len(names) if names else 0.0,
                    sum(ranks) / len(ranks) if ranks else 0.0)


def _ordered(hole: Hole) -> bool:
    """Whether the hole has several numeric options; the seeds of a graph are unordered."""
    labels = hole.labels
    return hole.kind != "graph" and len(labels) > 1 and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in labels) and \
        list(labels) == sorted(labels)  # type: ignore[type-var]
