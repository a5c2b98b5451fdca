"""Random networks of a space that is too large to enumerate, and neighbours of good ones.

All are inside the budget, solved widths as great as it allows. For a seed they are always the same
ones, so that an interrupted search has its candidates again.
"""

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from search.samplers.base import taking
from search.samplers.evolution import child
from search.seeds import derive
from searchspace import BudgetError, Genotype, GenotypeError
from searchspace.notation.tree import Atom
from searchspace.space.budget import Budget
from searchspace.space.point import Point, point, sample
from searchspace.space.solver import bring, find_inside, solve

RANDOM = 128        # random networks of a part
NEAR = 32           # neighbours of each good one,
CHANGES = (1, 1, 2, 3)      # and the decisions in which they differ from it
PARENTS = 10        # good ones at least
_TRIES = 4          # for each network
_FEW = 4            # below this part of those wanted, networks are repaired

Decided = Mapping[str, Atom]


@dataclass(frozen=True)
class Surroundings:
    """The networks of one space inside one budget."""

    space: Genotype
    budget: Budget

    @cached_property
    def _inside(self) -> Point | None:
        return None if self.budget.known else find_inside(self.space, self.budget)

    def anywhere(self, seed: int = 0, part: int = 0) -> list[Point]:
        """Random networks with distinct decisions; those of another part, from 0, are others."""
        rng = random.Random(derive(seed, "anywhere", part))
        return self._points(lambda: sample(self.space, rng), RANDOM, rng)

    def near(self, identity: str, decisions: Decided) -> list[Point]:
        """Neighbours of one network."""
        rng = random.Random(identity)

        def born() -> Point:
            decided = decisions
            for _ in range(rng.choice(CHANGES)):
                decided = child(self.space, decided, decided, rng)
            return point(self.space, taking(decided, rng))

        return self._points(born, NEAR, rng)

    def _points(self, propose: Callable[[], Point], count: int, rng: random.Random) -> list[Point]:
        """At most so many of what is proposed, each once: those that fit as they are, or by what is
        solved. If these are few, others are repaired, which takes longer."""
        found: dict[frozenset[tuple[str, Atom]], Point] = {}
        outside: list[Point] = []
        for _ in range(_TRIES * count):
            with suppress(GenotypeError):
                at = solve(self.space, propose(), self.budget)
                if self.budget.fits(at):
                    found.setdefault(frozenset(at.sampled.items()), at)
                else:
                    outside.append(at)
            if len(found) == count:
                break
        for at in outside[:max(0, count // _FEW - len(found))]:
            with suppress(BudgetError):
                at = bring(self.space, at, self.budget, rng, self._inside)
                found.setdefault(frozenset(at.sampled.items()), at)
        return list(found.values())
