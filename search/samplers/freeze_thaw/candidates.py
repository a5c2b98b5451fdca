"""The networks that may be trained next, with their features.

In a small space all that fit the budget; in a large one, for each trial, some random ones and
children of the best, solved widths as great as the budget allows.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from search.samplers.base import SamplingTask, taking
from search.samplers.evolution import child
from search.surrogate.features import Describer, Named
from searchspace import BudgetError, GenotypeError
from searchspace.expansion import trace
from searchspace.identity import digest
from searchspace.notation.tree import Atom
from searchspace.space.enumeration import walk
from searchspace.space.point import Point, point, sample
from searchspace.space.solver import bring, find_inside, solve

ALL = 1_000         # networks up to which all that fit are candidates
DRAWN = 100         # of a larger space, for each trial
KINDS_FROM = 64     # networks from which the kinds of operations are known
_TRIES = 5          # for each drawn one


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network that fits the budget; ``features`` are of its graph."""

    decisions: dict[str, Atom]
    macs: int
    features: Named


class Candidates:
    """The candidates of a search; what it keeps are caches."""

    def __init__(self, task: SamplingTask) -> None:
        self.task = task
        self.features: dict[str, Named] = {}

    @cached_property
    def everything(self) -> dict[str, Candidate] | None:
        """All networks that fit, by identity; None if they are too many."""
        best: dict[frozenset[tuple[str, Atom]], Point] = {}
        for at in walk(self.task.space) or ():      # a solved width is as great as it may be
            key = frozenset(at.sampled.items())
            if self.task.budget.fits(at) and (key not in best or at.macs > best[key].macs):
                best[key] = at
        if not 0 < len(best) <= ALL:
            return None
        return {digest(at.expansion): self._made(at) for at in best.values()}

    @cached_property
    def describe(self) -> Describer:
        """The features of networks, from some random ones."""
        return Describer.of([trace(self.task.space, at.decisions)
                             for at in islice(self._drawn([], random.Random(0)), KINDS_FROM)])

    def some(self, best: Sequence[dict[str, Atom]], rng: random.Random) -> dict[str, Candidate]:
        """The candidates of one trial, by identity; ``best`` are decisions of good networks."""
        if self.everything is not None:
            return self.everything
        return {digest(at.expansion): self._made(at)
                for at in islice(self._drawn(best, rng), DRAWN)}

    def observed(self, identity: str, decisions: dict[str, Atom]) -> Named:
        """The features of a network that was trained."""
        if self.everything is not None and identity in self.everything:
            return self.everything[identity].features
        if identity not in self.features:
            self.features[identity] = self.describe(trace(self.task.space, decisions))
        return self.features[identity]

    def _made(self, at: Point) -> Candidate:
        return Candidate(at.decisions, at.cost.macs,
                         self.describe(trace(self.task.space, at.decisions)))

    def _drawn(self, best: Sequence[dict[str, Atom]], rng: random.Random) -> Iterator[Point]:
        space, budget = self.task.space, self.task.budget
        inside = find_inside(space, budget)
        for i in range(_TRIES * max(DRAWN, KINDS_FROM)):
            try:
                at = sample(space, rng) if i % 2 or not best else point(space, taking(child(
                    space, rng.choice(best), rng.choice(best), rng), rng))
                yield bring(space, solve(space, at, budget), budget, rng, inside)
            except (GenotypeError, BudgetError):
                continue
