"""Networks of a study's space, inside its budget, that were never evaluated."""

import random
from collections.abc import Iterator, Sequence
from itertools import islice

from search.samplers.base import taking
from search.samplers.evolution import child
from searchspace import BudgetError, GenotypeError
from searchspace.identity import digest
from searchspace.space.budget import Budget
from searchspace.space.enumeration import walk
from searchspace.space.point import Point, first, point, sample
from searchspace.space.solver import bring, find_inside, solve
from viz.results import Results, TrialRow

DRAWN = 400         # networks of a space that is too large to walk, half at random,
PARENTS = 10        # half children of the best
_TRIES = 5          # for each of them


def bounds(results: Results) -> Budget:
    """The bounds of a study on what is counted: multiply-adds, parameters, activations."""
    found: dict[str, int | None] = {}
    for limit in results.limits:
        if limit.cost in ("macs", "params", "memory"):
            found |= {limit.cost: limit.most, f"least_{limit.cost}": limit.least}
    return Budget(**found)      # type: ignore[arg-type]


def unseen(results: Results, seed: int = 0) -> list[Point]:
    """All networks that fit and were not evaluated, each once; of a large space some at random
    and some like the best. What a study bounds beside what is counted is not looked at."""
    found: dict[str, Point] = {}
    seen = set()
    for row in results.rows:
        try:
            seen.add(digest(point(results.space, first, row.decisions).expansion))
        except GenotypeError:           # the space has changed since
            continue
    for at in _fitting(results, random.Random(seed)):
        name = digest(at.expansion)
        if name not in seen:
            found.setdefault(name, at)
    return list(found.values())


def _fitting(results: Results, rng: random.Random) -> Iterator[Point]:
    budget, space = bounds(results), results.space
    points = walk(space)
    if points is not None:
        best: dict[frozenset[tuple[str, object]], Point] = {}
        for at in points:               # what is solved takes the most expensive value inside
            key = frozenset(at.sampled.items())
            if budget.fits(at) and (key not in best or at.macs > best[key].macs):
                best[key] = at
        yield from best.values()
        return
    yield from islice(_drawn(results, budget, rng), DRAWN)


def _drawn(results: Results, budget: Budget, rng: random.Random) -> Iterator[Point]:
    goal, space = results.goals[0], results.space
    best: Sequence[TrialRow] = sorted(
        results.scored, key=lambda row: (goal.loss(row.values[0]), row.number))[:PARENTS]
    inside = find_inside(space, budget)
    for i in range(_TRIES * DRAWN):
        try:
            at = sample(space, rng) if i % 2 or not best else point(space, taking(child(
                space, rng.choice(best).decisions, rng.choice(best).decisions, rng), rng))
            yield bring(space, solve(space, at, budget), budget, rng, inside)
        except (GenotypeError, BudgetError):
            continue
