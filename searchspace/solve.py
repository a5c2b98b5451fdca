"""Bringing a point to a budget: solved, not sampled and thrown away.

Costs are not monotone (an HE block of 72 channels is cheaper than one of 64, because its divisors
are better), so every value of the `!solve` grid is looked at. Where none fits, the choices are
repaired: the fewest decisions, by the smallest steps, that lead inside.
"""

import itertools
import random

from .budget import Budget
from .errors import BudgetError, GenotypeError
from .genotype import Genotype
from .space import Point, ends_of, first, neighbours, point
from .tree import Atom

MAX_GRID = 2_000
_MAX_CHANGES = 60


def bring(genotype: Genotype, proposal: Point, budget: Budget, rng: random.Random,
          cheapest: Point | None = None) -> Point:
    """The point nearest to ``proposal`` that fits the budget, as close under it as possible.

    The sampled decisions stay where any value of the solved ones fits; else as few of them as
    needed change, ties broken by ``rng``. ``cheapest`` is a point inside the budget, as
    `lowest` finds one: where no single change leads further down, decisions are taken over
    from it one by one.

    Raises:
        BudgetError: no way led inside the budget.
    """
    at = solve(genotype, proposal, budget)
    if budget.fits(at.cost):
        return at
    for _ in range(_MAX_CHANGES):
        lower = _cheaper(genotype, at, budget, rng)
        if lower is None:
            break
        at = lower
        if budget.fits(at.cost):
            return solve(genotype, at, budget)
    if cheapest is None or not budget.fits(cheapest.cost):
        raise BudgetError(f"no network near this proposal fits {budget}")
    return solve(genotype, _towards(genotype, at, cheapest, budget, rng), budget)


def _towards(genotype: Genotype, at: Point, goal: Point, budget: Budget,
             rng: random.Random) -> Point:
    """Decisions of ``goal`` taken over in random order until the point fits."""
    names = [n for n, v in goal.decisions.items() if at.decisions.get(n) != v]
    rng.shuffle(names)
    taken: dict[str, Atom] = {}
    for name in names:
        taken[name] = goal.decisions[name]
        try:
            candidate = point(genotype, first, {**goal.decisions, **at.decisions, **taken})
        except GenotypeError:
            continue
        if budget.fits(candidate.cost):
            return candidate
    return goal


def solve(genotype: Genotype, at: Point, budget: Budget) -> Point:
    """The value of the solved decisions with the greatest cost inside the budget; where none is
    inside, the one with the least excess. ``at`` unchanged where there is nothing to solve."""
    best = None
    for values in _grid(at):
        try:
            candidate = point(genotype, first, {**at.decisions, **values})
        except GenotypeError:
            continue
        excess = budget.excess(candidate.cost)
        rank = (excess <= 1, excess if excess <= 1 else -excess)
        if best is None or rank > best[0]:
            best = rank, candidate
    return best[1] if best else at


def _grid(at: Point) -> list[dict[str, Atom]]:
    names = list(at.solved)
    sizes = [at.holes[n].labels for n in names]
    count = 1
    for labels in sizes:
        count *= len(labels)
    if not names:
        return []
    if count > MAX_GRID:
        raise BudgetError(f"the !solve holes have {count:,} combinations; {MAX_GRID:,} are allowed")
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*sizes)]


def _cheaper(genotype: Genotype, at: Point, budget: Budget,
             rng: random.Random) -> Point | None:
    """One decision changed: into the budget by the smallest step if any does; else the decision
    that can save most goes half of its way. None where no change saves anything."""
    lowest: list[tuple[float, str, Point]] = []
    names = list(at.sampled)
    rng.shuffle(names)
    for name in names:
        ends = [(budget.excess(p.cost), name, p) for p in ends_of(genotype, at, name)]
        if ends:
            lowest.append(min(ends, key=lambda end: end[0]))
    lowest.sort(key=lambda end: end[0])
    inside = [_nearest_inside(genotype, at, name, budget) for excess, name, _ in lowest
              if excess <= 1]
    if inside:
        return min(inside, key=lambda found: found[:2])[2]
    if not lowest or lowest[0][0] >= budget.excess(at.cost):
        return None
    _, name, end = lowest[0]
    labels = at.holes[name].labels
    here, there = labels.index(at.decisions[name]), labels.index(end.decisions[name])
    if at.holes[name].kind == "choice" or abs(here - there) < 2:
        return end
    half = point(genotype, first, {**at.decisions, name: labels[(here + there) // 2]})
    return half if budget.excess(half.cost) < budget.excess(at.cost) else end


def _nearest_inside(genotype: Genotype, at: Point, name: str,
                    budget: Budget) -> tuple[int, float, Point]:
    """The nearest option of one decision that is inside the budget, which some option is."""
    for step, candidate in enumerate(neighbours(genotype, at, name)):
        if budget.fits(candidate.cost):
            return step, -budget.excess(candidate.cost), candidate
    raise AssertionError(f"no option of {name} is inside the budget")

