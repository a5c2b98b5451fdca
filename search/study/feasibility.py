"""Feasibility report: which part of a space a budget leaves, and which holes drive the costs.

Small spaces are enumerated. For larger ones the extremes of each cost are found by descent, the
number of points is counted over the tree of holes, and the rest is estimated from random points.
Their number depends on the size of the networks only, so the report is reproducible.
"""

import math
import random
from collections import Counter
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice

from search.seeds import derive
from search.sensitivity import main_effects
from search.study.settings import Settings
from search.tables.costs import KnownCost
from searchspace import BudgetError, Genotype, GenotypeError
from searchspace.identity import digest
from searchspace.ops.zero import Zero
from searchspace.shapes import show_size
from searchspace.space.budget import MEASURES, Budget, show
from searchspace.space.descent import highest, lowest
from searchspace.space.enumeration import Draw, HoleTree, every_point
from searchspace.space.point import Point, first, point, sample
from searchspace.space.solver import ASCENT, find_inside

COUNTED = 160_000     # operations of all points together, up to which a space is counted
DRAWN = 40_000        # operations of the random points of larger spaces
LEAST, MOST = 60, 500     # random points
Z = 1.96              # 95 % of a normal distribution


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % confidence interval, of zero width if all points were counted."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Report:
    """Statistics of a space under a budget.

    ``points``: combinations of decisions; ``distinct``: estimated number of distinct networks,
    None if no two random points were the same; ``distinct_least``: its lower bound. ``counted``:
    all points were enumerated and everything is exact; otherwise ``looked`` random points were
    used. ``fitting``: share of the points inside the budget. ``ranges``, ``drivers``: by cost
    (`MEASURES`); a driver is a hole with its first-order share of the variance of the log cost.
    """

    holes: int
    points: int
    points_exact: bool
    distinct: float | None
    distinct_least: float
    counted: bool
    looked: int
    fitting: Share
    ranges: dict[str, tuple[float, float]]
    drivers: dict[str, list[tuple[str, float]]]


def check_budget(space: Genotype, settings: Settings) -> Point:
    """A point of the space that fits the budget.

    Raises:
        BudgetError: there is none; the message states the range that the space covers.
    """
    budget = settings.budget
    if budget.known:
        return known_inside(space, budget, settings.space)
    if (inside := find_inside(space, budget)) is not None:
        return inside
    reach = {b: (b.measure(lowest(space, b.measure, starts=8)),
                 b.measure(highest(space, b.measure, ASCENT))) for b in budget.bounds}
    missed = [b for b, (least, most) in reach.items() if least > b.most or most < (b.least or 0)]
    ranges = " and ".join(f"from {show(b.name, *reach[b])}" for b in missed or reach)
    where = f"of the space {settings.space!r} at {show_size(settings.input)}"
    if none := [b.name for b, (least, _) in reach.items() if math.isinf(least)]:
        raise BudgetError(f"no network {where} was found of which {' and '.join(none)} is a finite "
                          "number")
    if missed:
        raise BudgetError(f"no network {where} fits {budget}: it reaches {ranges}")
    raise BudgetError(f"no network {where} was found inside {budget}"
                      f"{' together' if len(reach) > 1 else ''}, though it reaches {ranges}; "
                      "widen the bounds")


def known_inside(space: Genotype, budget: Budget, name: str) -> Point:
    """A network of a table inside the budget.

    Raises:
        BudgetError: there is none.
    """
    for bound in budget.known:
        assert isinstance(bound.measure, KnownCost)
        for decisions in bound.measure.cheapest_first():
            with suppress(GenotypeError):       # the table may be about another spelling
                at = point(space, first, decisions)
                if budget.fits(at):
                    return at
    raise BudgetError(f"no network of the space {name!r} whose costs are known fits {budget}")


def survey(space: Genotype, settings: Settings, inside: Point | None) -> Report:
    """Feasibility report of a space; ``inside`` is the point that `check_budget` returned, None if
    there is none."""
    budget, tree = settings.budget, HoleTree.of(space)
    counts = replace(budget, known=())
    rng = random.Random(derive(settings.seed, "feasibility"))
    first = [tree.draw(space, rng) for _ in range(LEAST // 4)]
    draws = _counted(space, tree, first)
    if counted := draws is not None:
        number, exact = Fraction(len(draws)), True
    else:
        draws = _drawn(space, tree, rng, first)
        exact = all(d.point is not None and d.weight == tree.total for d in draws)
        number = sum((d.weight for d in draws if d.point is not None), Fraction()) / len(draws)
    points = [d.point for d in draws if d.point is not None]
    bounds = list(counts.bounds)
    ranges, drivers = {}, {}
    for name, measure in ({b.name: b.measure for b in bounds} or MEASURES).items():
        known = [(p, v) for p in points if math.isfinite(v := measure(p))]
        if not known:           # a measure of the user's, of none of them
            continue
        values = [v for _, v in known]
        least_above = min((v for v in values if v > 0), default=1)
        drivers[name] = main_effects([p for p, _ in known],
                                     [math.log(max(v, least_above)) for v in values], counted)[:5]
        if not counted:         # descent found the cheapest already where that is the only bound
            only = len(bounds) == 1 and bounds[0].least is None and not budget.known
            low = inside if only and inside else lowest(space, measure)
            ends = (measure(p) for p in (low, highest(space, measure, ASCENT)))
            values += filter(math.isfinite, ends)
        ranges[name] = min(values), max(values)
    classes = _classes(points)
    about, least = (len(classes), len(classes)) if counted else _distinct(classes)
    return Report(len(space.holes), round(number), exact, about, min(least, round(number)), counted,
                  len(points), _fitting(draws, budget, counted), ranges, drivers)


def _counted(space: Genotype, tree: HoleTree, first: list[Draw]) -> list[Draw] | None:
    """All points of a small space, None for a large one, judged by the size of ``first``."""
    limit = int(COUNTED / _size(first))
    if tree.total > limit:
        return None
    points = list(islice(every_point(space), limit + 1))    # there may be more than in the tree
    return [Draw(p, Fraction(1)) for p in points] if len(points) <= limit else None


def _drawn(space: Genotype, tree: HoleTree, rng: random.Random, first: list[Draw]) -> list[Draw]:
    count = min(max(LEAST, round(DRAWN / _size(first))), MOST)
    draws = first + [tree.draw(space, rng) for _ in range(count - len(first))]
    return draws if any(d.point for d in draws) else [Draw(sample(space, rng), Fraction(1))]


def _size(draws: list[Draw]) -> float:
    """Operations of a network."""
    sizes = [d.point.size for d in draws if d.point is not None]
    return sum(sizes) / len(sizes) if sizes else DRAWN / LEAST


def _fitting(draws: list[Draw], budget: Budget, counted: bool) -> Share:
    """The share of the points that fit, each point having equal weight."""
    valid = [(d.weight, budget.fits(d.point)) for d in draws if d.point is not None]
    total = sum(weight for weight, _ in valid)
    share = float(sum(weight for weight, fits in valid if fits) / total)
    if counted:
        return Share(share, share, share)
    # Wilson's interval for the effective sample size (Kish 1965)
    n = float(total**2 / sum(weight**2 for weight, _ in valid))
    middle, half = share + Z**2 / (2 * n), Z * math.sqrt(share * (1 - share) / n + (Z / n)**2 / 4)
    return Share(share, max(0.0, (middle - half) / (1 + Z**2 / n)),
                 min(1.0, (middle + half) / (1 + Z**2 / n)))


def _classes(points: list[Point]) -> list[int]:
    """Sizes of the classes of equal networks among the points. Networks of different costs differ,
    unless what leads only to zeros is the difference, and those with the same operations are equal;
    only the rest need the canonical graph."""
    alike: dict[tuple[int, int] | None, dict[Hashable, list[Point]]] = {}
    zeros = any(isinstance(n.op, Zero) for p in points for n in p.expansion.nodes)
    for p in points:
        operations = tuple([(node.op, node.inputs) for node in p.expansion.nodes])
        cost = None if zeros else (p.macs, p.params)
        alike.setdefault(cost, {}).setdefault(operations, []).append(p)
    found: list[int] = []
    for group in alike.values():
        networks = Counter[str]()
        for same in group.values():
            name = digest(same[0].expansion) if len(group) > 1 else ""
            networks[name] += len(same)
        found += networks.values()
    return found


def _distinct(classes: list[int]) -> tuple[float | None, float]:
    """Estimated number of distinct networks (pairs of random points over repeated pairs) and its
    95 % lower bound (Byar's bound of a Poisson count). Both are biased low where some networks
    have more points than others."""
    n, repeats = sum(classes), sum(k * (k - 1) // 2 for k in classes)
    pairs, c = n * (n - 1) / 2, repeats + 1
    return (pairs / repeats if repeats else None,
            pairs / (c * (1 - 1 / (9 * c) + 1.645 / (3 * math.sqrt(c))) ** 3))
