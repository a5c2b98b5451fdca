"""Projection of a point into a budget by solving for `!solve` holes, without rejection sampling.

Costs rise with a `!solve` hole, with exceptions that are looked for (`bracket`). If no value fits,
the choices are repaired (`repair`): the fewest decisions, by the smallest steps, that lead inside.
"""

import itertools
import math
import random
from collections.abc import Iterable

from searchspace.errors import BudgetError, GenotypeError
from searchspace.genotype import Genotype
from searchspace.notation.tree import Atom
from searchspace.phases import phase
from searchspace.space.bracket import edge
from searchspace.space.budget import Budget
from searchspace.space.descent import highest, lowest
from searchspace.space.point import Point, first, point, sample
from searchspace.space.repair import give_back, repair, towards

MAX_GRID = 2_000
ASCENT = 60_000     # operations of the candidates in the ascent to the most expensive network
_STARTS = 24


@phase("solving")
def bring(genotype: Genotype, proposal: Point, budget: Budget, rng: random.Random,
          inside: Point | None = None) -> Point:
    """The point nearest to ``proposal`` that fits the budget, as close under it as possible.

    The sampled decisions stay if any value of the solved ones fits; else as few as possible
    change, ties broken by ``rng``. ``inside`` is a point inside the budget, as by `find_inside`:
    if repair fails, decisions are copied from it one by one.

    Raises:
        BudgetError: no point inside the budget was found.
    """
    start = solve(genotype, proposal, budget)
    if budget.fits(start):
        return start
    found = repair(genotype, start, budget, rng)
    if found is None:
        if inside is None or not budget.fits(inside):
            raise BudgetError(f"no network near this proposal fits {budget}")
        found = towards(genotype, start, inside, budget, rng)
    return solve(genotype, give_back(genotype, found, start, budget, rng), budget)


def solve(genotype: Genotype, at: Point, budget: Budget) -> Point:
    """The point with the solved decisions of greatest cost inside the budget; if none is inside,
    that of least violation. ``at`` itself if there is nothing to solve.

    With one solved decision few of its options are tried: see `edge`.
    """
    names = list(at.solved)
    if not names:
        return at
    try:
        points = edge(genotype, at, budget, *names) if len(names) == 1 else \
            every_solution(genotype, at)
    except GenotypeError:       # invalid between valid ones
        points = every_solution(genotype, at)
    return best(points, budget)


def best(points: list[Point], budget: Budget) -> Point:
    """Of points in order of their options the one of least violation, then of greatest cost; of
    equals the last that is not too big, or the first that is."""
    def rank(numbered: tuple[int, Point]) -> tuple[float, float, int]:
        number, at = numbered
        excess = budget.excess(at)
        return budget.miss(at), -excess, number if excess > 1 else -number

    return min(enumerate(points), key=rank)[1]


def widest(points: Iterable[Point], budget: Budget) -> list[Point]:
    """Of the points inside a budget one for each combination of sampled decisions, with the solved
    ones of greatest cost."""
    found: dict[frozenset[tuple[str, Atom]], Point] = {}
    for at in points:
        key = frozenset(at.sampled.items())
        if budget.fits(at) and (key not in found
                                or budget.excess(at) > budget.excess(found[key])):
            found[key] = at
    return list(found.values())


def find_inside(genotype: Genotype, budget: Budget) -> Point | None:
    """A point inside the budget, without lower bounds the cheapest that descent finds; None if
    none was found."""
    low = lowest(genotype, budget.excess)
    if budget.excess(low) > 1:  # before giving up, more starting points
        low = lowest(genotype, budget.excess, starts=8)
    if budget.fits(low) or budget.excess(low) > 1:
        return low if budget.fits(low) else None
    starts = [low]              # below a lower bound: ascend
    for bound in budget.bounds:
        if bound.least is not None:
            for effort in (ASCENT, math.inf):
                high = highest(genotype, bound.measure, effort)
                if bound.measure(high) >= bound.least:
                    break
            else:
                return None
            starts.append(high)
    rng = random.Random(0)
    for start in (*starts, *(sample(genotype, rng) for _ in range(_STARTS))):
        found = repair(genotype, solve(genotype, start, budget), budget, rng, kicks=0)
        if found is not None:
            return solve(genotype, found, budget)
    return None


def every_solution(genotype: Genotype, at: Point) -> list[Point]:
    """The points for all values of the solved decisions; only ``at`` if none is valid.

    Raises:
        BudgetError: there are too many.
    """
    names = list(at.solved)
    sizes = [at.holes[n].labels for n in names]
    count = math.prod(len(labels) for labels in sizes)
    if count > MAX_GRID:
        raise BudgetError(f"the !solve holes have {count:,} combinations; {MAX_GRID:,} are allowed")
    found = []
    for values in itertools.product(*sizes):
        try:
            found.append(point(genotype, first,
                               {**at.decisions, **dict(zip(names, values, strict=True))}))
        except GenotypeError:
            continue
    return found or [at]
