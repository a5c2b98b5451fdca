"""Pareto fronts: nondominated points, hypervolume, knee.

Pure functions of losses: a point is a tuple of numbers, one per objective, to be minimised.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

Point = tuple[float, ...]


def dominates(a: Point, b: Point) -> bool:
    """Whether ``a`` is no worse than ``b`` in any objective and better in one."""
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))


def nondominated(points: Sequence[Point]) -> list[int]:
    """Indices of the points that no other one dominates, in their order; equal ones are kept."""
    front: list[int] = []
    for i, point in enumerate(points):
        if not any(dominates(points[j], point) for j in front):
            front = [j for j in front if not dominates(point, points[j])] + [i]
    return front


def fronts(points: Sequence[Point]) -> list[list[int]]:
    """Indices of the points by nondominated sorting: of the Pareto front, of the front of all
    others, and so on."""
    found, left = [], list(range(len(points)))
    while left:
        front = [left[i] for i in nondominated([points[i] for i in left])]
        found.append(front)
        left = sorted(set(left) - set(front))
    return found


def hypervolume(points: Sequence[Point], reference: Point) -> float:
    """The volume that the points dominate of the box below ``reference``; exact.

    By slices along the last objective (Zitzler 1999), the area of two objectives by one sweep: of
    n points in m objectives O(n^(m-1) log n). A point that is not better than the reference in
    every objective adds nothing.
    """
    inside = sorted({p for p in points if all(x < r for x, r in zip(p, reference, strict=True))},
                    key=lambda p: p[::-1])
    if not inside:
        return 0.0
    if len(reference) == 1:
        return reference[0] - inside[0][0]
    if len(reference) == 2:
        area, least = 0.0, reference[0]
        for x, y in inside:                     # y grows: only a smaller x adds a strip
            area += max(0.0, least - x) * (reference[1] - y)
            least = min(least, x)
        return area
    volume, below = 0.0, list[Point]()
    ends = [p[-1] for p in inside] + [reference[-1]]
    for point, (begin, end) in zip(inside, pairwise(ends), strict=True):
        below.append(point[:-1])
        below = [below[i] for i in nondominated(below)]
        if end > begin:
            volume += (end - begin) * hypervolume(below, reference[:-1])
    return volume


def hypervolumes(points: Sequence[Point], reference: Point) -> list[float]:
    """The hypervolume of the first point, of the first two, and so on; nondecreasing."""
    front: list[Point] = []
    volumes: list[float] = []
    for point in points:
        if not any(p == point or dominates(p, point) for p in front):
            front = [p for p in front if not dominates(point, p)] + [point]
            least = volumes[-1] if volumes else 0.0     # in spite of rounding
            volumes.append(max(least, hypervolume(front, reference)))
        else:
            volumes.append(volumes[-1])
    return volumes


def volumes_after(numbers: Iterable[int], losses: Mapping[int, Point],
                  reference: Point) -> dict[int, float]:
    """The hypervolume after each trial of these numbers; those without losses add nothing."""
    grown = dict(zip(losses, hypervolumes(list(losses.values()), reference), strict=True))
    volumes, last = {}, 0.0
    for number in numbers:
        volumes[number] = last = grown.get(number, last)
    return volumes


def worst(points: Sequence[Point]) -> Point:
    """The greatest loss of each objective."""
    return tuple(max(column) for column in zip(*points, strict=True))


def ideal(points: Sequence[Point]) -> Point:
    """The least loss of each objective."""
    return tuple(min(column) for column in zip(*points, strict=True))


def knee(front: Sequence[Point]) -> int:
    """The index of the front's point that lies furthest from the line between its ends.

    Each objective is scaled to 0 (best on the front) … 1 (worst). The ends of two objectives are
    then (0, 1) and (1, 0), and a point's signed distance from the line between them, towards the
    ideal point (0, 0), is (1 - x - y)/√2 (Das 1999): the least sum is the knee; likewise for more
    objectives, with the plane through the unit points. A front that is nowhere convex has its knee
    at an end; ties are broken by the first objective.
    """
    low, high = ideal(front), worst(front)
    spans = [(a, b - a) for a, b in zip(low, high, strict=True)]

    def rank(i: int) -> tuple[float, Point]:
        return sum((x - a) / span for x, (a, span) in zip(front[i], spans, strict=True)
                   if span > 0), front[i]

    return min(range(len(front)), key=rank)
