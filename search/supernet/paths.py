"""Which networks of a space are trained next: strictly fair paths, or paths of drawn costs.

Strictly fair (Chu et al. 2021, arXiv 1907.01845): the options of a hole are dealt like cards, so
that none is trained again before all have been trained. Of drawn costs: networks that are drawn
hole by hole crowd in the middle of a space's costs; so the multiply-adds are drawn first, and then
a network there, which is exact and trains nothing.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from search.seeds import derive
from searchspace import BudgetError, Genotype, GenotypeError
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.space.budget import Budget
from searchspace.space.point import Point, point
from searchspace.space.solver import bring

TRIES = 200         # draws for a network whose steps fit each other
BAND = 0.9          # of the multiply-adds that were drawn, at least
LOOKED_AT = 32      # networks, all of which fit a budget that bounds nothing


@dataclass
class FairPaths:
    """Deals the options of each hole; ``dealt`` counts them, and with the seed says what comes."""

    space: Genotype
    seed: int
    dealt: dict[str, int] = field(default_factory=dict)

    def __call__(self) -> Point:
        """The next network.

        Raises:
            GenotypeError: the steps of 200 networks in turn do not fit each other.
        """
        for attempt in range(TRIES):
            try:
                return point(self.space, self._deal)
            except GenotypeError:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _deal(self, name: str, hole: Hole) -> Atom:
        count = self.dealt.get(name, 0)
        self.dealt[name] = count + 1
        turn, card = divmod(count, len(hole.labels))
        deck = list(range(len(hole.labels)))
        random.Random(derive(self.seed, "deck", name, turn)).shuffle(deck)
        return hole.labels[deck[card]]


@dataclass
class CostPaths:
    """Fair paths, each brought to multiply-adds that are drawn uniformly between those of the
    ``cheapest`` network and the most that the ``budget`` allows, and inside all other bounds."""

    fair: FairPaths
    budget: Budget
    cheapest: Point

    @property
    def dealt(self) -> dict[str, int]:
        """As of the fair ones; nothing else is remembered."""
        return self.fair.dealt

    def __call__(self) -> Point:
        """The next network.

        Raises:
            GenotypeError: see `FairPaths`. BudgetError: none was found inside the budget.
        """
        at = self.fair()
        rng = random.Random(derive(self.fair.seed, "costs", sum(self.dealt.values())))
        if (most := self.budget.macs) is not None:
            least = min(most, max(self.cheapest.macs, self.budget.least_macs or 0))
            drawn = rng.randint(least, most)
            try:
                return bring(self.fair.space, at, replace(
                    self.budget, macs=drawn, least_macs=max(least, int(BAND * drawn))), rng)
            except BudgetError:         # no network there
                pass
        return bring(self.fair.space, at, self.budget, rng, self.cheapest)


Paths = FairPaths | CostPaths


def paths_for(space: Genotype, budget: Budget, cheapest: Point, seed: int) -> Paths:
    """Fair paths where everything fits the budget, else those of drawn costs; ``cheapest`` is
    inside it."""
    fair = FairPaths(space, seed)
    if not list(budget.bounds) or all(budget.fits(fair()) for _ in range(LOOKED_AT)):
        return FairPaths(space, seed)
    return CostPaths(FairPaths(space, seed), budget, cheapest)


def is_ordered(hole: Hole) -> bool:
    """Whether a hole's options are numbers, whose networks lie inside each other."""
    return hole.kind != "graph" and len(hole.labels) > 1 and all(
        isinstance(label, int | float) and not isinstance(label, bool) for label in hole.labels)


def largest(space: Genotype, at: Point) -> Point:
    """The network with the same choices and the greatest numbers; ``at`` if its steps do not fit
    each other."""
    return _end(space, at, max)


def smallest(space: Genotype, at: Point) -> Point:
    """The network with the same choices and the least numbers; ``at`` if its steps do not fit each
    other."""
    return _end(space, at, min)


def _end(space: Genotype, at: Point, of: Callable[..., Atom]) -> Point:
    def decide(name: str, hole: Hole) -> Atom:
        return of(hole.labels) if is_ordered(hole) else hole.labels[0]

    chosen = {name: value for name, value in at.decisions.items()
              if not is_ordered(at.holes[name]) or at.holes[name].kind == "solve"}
    try:
        return point(space, decide, chosen)
    except GenotypeError:
        return at
