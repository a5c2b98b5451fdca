"""Networks of a study's space, inside its budget, that were never evaluated."""

from contextlib import suppress

from search.samplers.surroundings import PARENTS, Surroundings
from searchspace import GenotypeError
from searchspace.identity import digest
from searchspace.space.budget import Budget
from searchspace.space.enumeration import walk
from searchspace.space.point import Point, first, point
from searchspace.space.solver import widest
from viz.results import Results, TrialRow


def bounds(results: Results) -> Budget:
    """The bounds of a study on what is counted: multiply-adds, parameters, activations."""
    found: dict[str, int | None] = {}
    for limit in results.limits:
        if limit.cost in ("macs", "params", "memory"):
            found |= {limit.cost: limit.most, f"least_{limit.cost}": limit.least}
    return Budget(**found)      # type: ignore[arg-type]


def unseen(results: Results) -> list[Point]:
    """All networks that fit and were not evaluated, each once; of a large space some at random
    and some like the best. What a study bounds beside what is counted is not looked at."""
    goal, space, budget = results.goals[0], results.space, bounds(results)
    seen: dict[str, TrialRow] = {}
    for row in results.rows:
        with suppress(GenotypeError):       # the space has changed since
            seen[digest(point(space, first, row.decisions).expansion)] = row
    points = walk(space)
    if points is not None:
        fitting = widest(points, budget)
    else:
        source = Surroundings(space, budget)
        best = sorted(((name, row) for name, row in seen.items() if row.values),
                      key=lambda pair: (goal.loss(pair[1].values[0]), pair[1].number))[:PARENTS]
        fitting = [*source.anywhere(), *(at for name, row in best
                                       for at in source.near(name, row.decisions))]
    found: dict[str, Point] = {}
    for at in fitting:
        found.setdefault(digest(at.expansion), at)
    return [at for name, at in found.items() if name not in seen]
