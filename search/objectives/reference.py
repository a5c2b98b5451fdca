"""Reference networks of a relative score: a fixed sample of the space inside the budget."""

import random
from contextlib import suppress

from searchspace import BudgetError, Genotype, GenotypeError
from searchspace.identity import identity
from searchspace.notation.holes import Decisions
from searchspace.space.budget import Budget
from searchspace.space.point import sample
from searchspace.space.solver import bring

SIZE = 48
_TRIES = 4      # draws per network: some repeat, some are invalid


def reference(space: Genotype, budget: Budget, size: int = SIZE) -> dict[str, Decisions]:
    """At most ``size`` random networks of a space, projected into the budget as proposals are:
    decisions by identity. They depend on the space and the budget alone, so that searches with
    different seeds rank against the same networks."""
    rng = random.Random(0)
    found: dict[str, Decisions] = {}
    for _ in range(_TRIES * size):
        if len(found) == size:
            break
        with suppress(BudgetError, GenotypeError):
            drawn = sample(space, rng)
            at = bring(space, drawn, budget, rng) if list(budget.bounds) else drawn
            found.setdefault(identity(space, at.decisions), at.decisions)
    return found
