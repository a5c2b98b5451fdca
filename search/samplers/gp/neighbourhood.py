"""The candidate pool of a space that is too large to enumerate.

Some random networks, and neighbours of the best that were scored: children of each, always the same
ones, so that an interrupted search has its candidates again. All are expanded and inside the
budget, with solved widths as great as it allows. The model sees their graphs, as `search.surrogate`
does, and their decisions.
"""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from search.samplers.base import Past, SamplingTask, taking
from search.samplers.evolution import child
from search.samplers.gp.features import Array, Encoder
from search.samplers.gp.pools import CandidatePool, Decided, dearer
from search.surrogate.columns import Columns
from search.surrogate.features import Describer, Named
from search.surrogate.model import PRIOR
from searchspace import BudgetError, GenotypeError
from searchspace.expansion import Expansion, trace
from searchspace.identity import digest
from searchspace.notation.tree import Atom
from searchspace.space.point import Point, point, sample
from searchspace.space.solver import bring, find_inside, solve

RANDOM = 128        # random candidates
NEAR = 32           # neighbours of each of the best networks
CHANGES = (1, 1, 2, 3)      # decisions in which a neighbour differs
WEIGHT = 2.0        # of decisions: the greatest distance of two networks by these alone
_TRIES = 4          # for each candidate
_FEW = 4            # below this part of those wanted, networks are repaired


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network inside the budget, with its features."""

    at: Point
    identity: str
    row: Array


class Neighbourhood(CandidatePool):
    """Random networks and neighbours of the best; what it keeps are caches."""

    prior = PRIOR

    def __init__(self, task: SamplingTask) -> None:
        self.task = task
        self.inside = None if task.budget.known else find_inside(task.space, task.budget)
        rng = random.Random(0)
        points = self._points(lambda: sample(task.space, rng), RANDOM, rng)
        networks = [trace(task.space, at.decisions) for at in points]
        self.describe = Describer.of(networks)
        named = [self.describe(network) for network in networks]
        self.columns = Columns.of(named)
        self.encoder = Encoder({n: h for n, h in sorted({
            n: h for at in points for n, h in at.holes.items()}.items()) if h.kind != "solve"})
        self.groups = [0] * len(self.columns.names) + [1] * len(self.encoder.groups)
        drawn = map(self._candidate, points, networks, named)
        self.random = list({one.identity: one for one in drawn}.values())
        self.rows: dict[str, Array] = {one.identity: one.row for one in self.random}
        self.near: dict[str, list[Candidate]] = {}
        self.renew([])

    def renew(self, best: Sequence[Past]) -> None:
        found = {one.identity: one for one in self.random}
        for parent in best:
            found |= {one.identity: one for one in self._neighbours(parent)}
        self.candidates = list(found.values())
        self.features = np.array([one.row for one in self.candidates]).reshape(
            len(self.candidates), len(self.groups))

    def start(self) -> Sequence[int]:
        return dearer([one.at.macs for one in self.random])

    def observed(self, past: Sequence[Past]) -> Array:
        return np.array([self._row(p) for p in past]).reshape(len(past), len(self.groups))

    def trend(self, features: Array) -> Array:
        """Log multiply-adds and log parameters in equal parts."""
        return self.columns.trend(features[:, :len(self.columns.names)])

    def probes(self, count: int) -> tuple[list[Decided], Array]:
        some = self.random[:count]
        return [one.at.decisions for one in some], np.array([one.row for one in some])

    def pick(self, order: Sequence[int], past: Sequence[Past]) -> Decided | None:
        seen = {p.identity for p in past}
        return next((self.candidates[i].at.sampled for i in order
                     if self.candidates[i].identity not in seen), None)

    def _neighbours(self, parent: Past) -> list[Candidate]:
        """Children of one network, by its identity always the same."""
        if parent.identity not in self.near:
            rng = random.Random(parent.identity)

            def born() -> Point:
                decided = parent.decisions
                for _ in range(rng.choice(CHANGES)):
                    decided = child(self.task.space, decided, decided, rng)
                return point(self.task.space, taking(decided, rng))

            self.near[parent.identity] = [
                self._candidate(at, network, self.describe(network))
                for at in self._points(born, NEAR, rng)
                for network in [trace(self.task.space, at.decisions)]]
        return self.near[parent.identity]

    def _points(self, propose: Callable[[], Point], count: int, rng: random.Random) -> list[Point]:
        """At most so many of what is proposed, each once: those that fit as they are, or by what is
        solved. If these are few, others are repaired, which takes longer."""
        found: dict[frozenset[tuple[str, Atom]], Point] = {}
        outside: list[Point] = []
        for _ in range(_TRIES * count):
            with suppress(GenotypeError):
                at = solve(self.task.space, propose(), self.task.budget)
                if self.task.budget.fits(at):
                    found.setdefault(frozenset(at.sampled.items()), at)
                else:
                    outside.append(at)
            if len(found) == count:
                break
        for at in outside[:max(0, count // _FEW - len(found))]:
            with suppress(BudgetError):
                at = bring(self.task.space, at, self.task.budget, rng, self.inside)
                found.setdefault(frozenset(at.sampled.items()), at)
        return list(found.values())

    def _candidate(self, at: Point, network: Expansion, features: Named) -> Candidate:
        return Candidate(at, digest(network), self._joined(features, at.decisions))

    def _row(self, past: Past) -> Array:
        """The features of a scored network; those of the average one if the space has changed, so
        that it is no longer one of its networks."""
        if past.identity not in self.rows:
            try:
                features = self.describe(trace(self.task.space, past.decisions))
            except GenotypeError:
                return np.zeros(len(self.groups))
            self.rows[past.identity] = self._joined(features, past.decisions)
        return self.rows[past.identity]

    def _joined(self, features: Named, decisions: Decided) -> Array:
        scale = WEIGHT / len(self.encoder.holes) ** 0.5
        return np.concatenate([self.columns([features])[0], scale * self.encoder([decisions])[0]])
