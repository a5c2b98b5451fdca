"""The reference of a combined score: networks of the space inside the budget, always the same."""

import random
from contextlib import suppress

from searchspace import BudgetError, Genotype, GenotypeError
from searchspace.identity import identity
from searchspace.notation.holes import Decisions
from searchspace.space.budget import Budget
from searchspace.space.point import sample
from searchspace.space.solver import bring

SIZE = 48
_TRIES = 4      # draws for each network: some repeat, some lead nowhere


def reference(space: Genotype, budget: Budget, size: int = SIZE) -> dict[str, Decisions]:
    """Random networks of a space, brought inside the budget as proposals are: decisions by
    identity. Fewer than ``size`` where there are fewer. They follow from the space and the budget
    alone, so that equal searches with other seeds rank against the same networks."""
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
