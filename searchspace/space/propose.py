"""Networks inside a budget for search loops of one's own."""

import random

from searchspace.errors import BudgetError, GenotypeError
from searchspace.genotype import Genotype
from searchspace.notation.holes import Decisions, check_names
from searchspace.space.budget import Budget
from searchspace.space.fill import fill
from searchspace.space.point import Point, point, sample
from searchspace.space.solver import bring, find_inside

_TRIES = 40


def propose(space: Genotype, budget: Budget | str, rng: random.Random,
            near: Decisions | None = None) -> Genotype:
    """A network of a space inside a budget, or so many multiply-adds (``"60M"``): the nearest to
    the decisions ``near``, by default to random ones. Holes that ``near`` leaves open are drawn.

    What a loop of one's own asks for, instead of rejecting what does not fit:

    >>> from searchspace import cost, load
    >>> space, rng = load("mobile").with_input(96), random.Random(0)
    >>> network = propose(space, Budget("60M", params="3M"), rng, {"stage7.block.k": 5})
    >>> cost(network).macs <= 60_000_000
    True

    Raises:
        BudgetError: no network of the space was found inside the budget. UnknownNameError: the
        space has no such hole. GenotypeError: a hole has no such option, or the steps do not fit
        each other under these decisions.
    """
    if not isinstance(budget, Budget):
        budget = Budget(budget)
    if near is not None:
        check_names(near, space.holes)
    for left in reversed(range(_TRIES)):
        try:
            at = sample(space, rng) if near is None else point(
                space, lambda _, hole: rng.choice(hole.labels), near)
            return fill(space, _bring(space, at, budget, rng).decisions)
        except GenotypeError:       # its steps do not fit each other
            if not left:
                raise
    raise AssertionError("unreachable")


def _bring(space: Genotype, at: Point, budget: Budget, rng: random.Random) -> Point:
    try:
        return bring(space, at, budget, rng)
    except BudgetError:             # far away: a network inside is looked for, which takes longer
        if (inside := find_inside(space, budget)) is None:
            raise BudgetError(f"no network of {space.title} was found inside {budget}") from None
        return bring(space, at, budget, rng, inside)
