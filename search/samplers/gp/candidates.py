"""Candidates of a space that is too large to enumerate, expanded and inside the budget.

Some random networks, and neighbours of good ones: children of each, always the same ones, so that
an interrupted search has its candidates again. Solved widths are as great as the budget allows.
"""

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from search.samplers.base import SamplingTask, taking
from search.samplers.evolution import child
from search.surrogate.features import Describer, Named
from searchspace import BudgetError, GenotypeError
from searchspace.expansion import Expansion, trace
from searchspace.identity import digest
from searchspace.notation.tree import Atom
from searchspace.space.point import Point, point, sample
from searchspace.space.solver import bring, find_inside, solve

RANDOM = 128        # random networks
NEAR = 32           # neighbours of each good one,
CHANGES = (1, 1, 2, 3)      # and the decisions in which they differ from it
PARENTS = 10        # good ones at least,
FRESH = 64          # and more until so many candidates are new
_TRIES = 4          # for each candidate
_FEW = 4            # below this part of those wanted, networks are repaired

Decided = Mapping[str, Atom]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network inside the budget; ``features`` are of its graph."""

    at: Point
    identity: str
    features: Named


class Candidates:
    """The candidates of a search; what it keeps are caches. ``random`` are distinct networks."""

    def __init__(self, task: SamplingTask) -> None:
        self.task = task
        self.inside = None if task.budget.known else find_inside(task.space, task.budget)
        rng = random.Random(0)
        points = self._points(lambda: sample(task.space, rng), RANDOM, rng)
        networks = [trace(task.space, at.decisions) for at in points]
        self.describe = Describer.of(networks)
        drawn = map(self._candidate, points, networks)
        self.random = tuple({one.identity: one for one in drawn}.values())
        self._near: dict[str, list[Candidate]] = {}

    def around(self, scored: Mapping[str, Decided]) -> dict[str, Candidate]:
        """The random ones first, and the neighbours of the ten best that were ``scored``, or of
        more of them as long as few candidates are new; all by identity. ``scored``: the decisions
        of all networks that were, best first."""
        found = {one.identity: one for one in self.random}
        for number, (parent, decisions) in enumerate(scored.items()):
            if number >= PARENTS and len(found.keys() - scored.keys()) >= FRESH:
                break
            found |= {one.identity: one for one in self.near(parent, decisions)}
        return found

    def near(self, parent: str, decisions: Decided) -> list[Candidate]:
        """The neighbours of one network."""
        if parent not in self._near:
            space, rng = self.task.space, random.Random(parent)

            def born() -> Point:
                decided = decisions
                for _ in range(rng.choice(CHANGES)):
                    decided = child(space, decided, decided, rng)
                return point(space, taking(decided, rng))

            self._near[parent] = [self._candidate(at, trace(space, at.decisions))
                                  for at in self._points(born, NEAR, rng)]
        return self._near[parent]

    def _points(self, propose: Callable[[], Point], count: int, rng: random.Random) -> list[Point]:
        """At most so many of what is proposed, each once: those that fit as they are, or by what is
        solved. If these are few, others are repaired, which takes longer."""
        space, budget = self.task.space, self.task.budget
        found: dict[frozenset[tuple[str, Atom]], Point] = {}
        outside: list[Point] = []
        for _ in range(_TRIES * count):
            with suppress(GenotypeError):
                at = solve(space, propose(), budget)
                if budget.fits(at):
                    found.setdefault(frozenset(at.sampled.items()), at)
                else:
                    outside.append(at)
            if len(found) == count:
                break
        for at in outside[:max(0, count // _FEW - len(found))]:
            with suppress(BudgetError):
                at = bring(space, at, budget, rng, self.inside)
                found.setdefault(frozenset(at.sampled.items()), at)
        return list(found.values())

    def _candidate(self, at: Point, network: Expansion) -> Candidate:
        return Candidate(at, digest(network), self.describe(network))
