"""Candidate pools with features: all networks of a small space, or a sample of a large one.

Costs are known before anything is built: candidates known to be outside the budget or scored
already are left out.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import numpy as np

from search.samplers.base import Past, SamplingTask, taking
from search.samplers.gp.candidates import Catalogue, Decided
from search.samplers.gp.features import Array, Encoder, scales
from searchspace import BudgetError, GenotypeError
from searchspace.identity import digest, identity
from searchspace.notation.tree import Atom
from searchspace.space.enumeration import walk
from searchspace.space.point import Point, point
from searchspace.space.solver import bring

DEAREST = 0.5       # the share of a small space, most expensive first, that a search starts in
DRAWN = 1_000       # candidates in a large space at most,
DECIDED = 20_000    # and decisions in all of them, which determine the run time
LOOKS = 12          # candidates of a large space that are expanded at most in one trial


class CandidatePool(Protocol):
    """Candidates by number; the numbers are valid until the next `renew`."""

    encoder: Encoder
    features: Array             # one row a candidate

    def renew(self, best: Sequence[Past], rng: random.Random) -> None:
        """Draw candidates for the next trial; in a large space many of them are near ``best``."""

    def start(self) -> Sequence[int]:
        """The candidates among which a search begins."""

    def observed(self, past: Sequence[Past]) -> Array:
        """Features of scored networks, shape (networks, columns)."""

    def trend(self, features: Array) -> Array:
        """Cost of networks in standard deviations over the candidates, shape (networks,); 0 if
        costs are not among the features."""

    def probes(self, count: int) -> list[Point]:
        """At most ``count`` random networks inside the budget; the same in each call."""

    def pick(self, order: Sequence[int], past: Sequence[Past]) -> Decided | None:
        """The decisions of the first candidate in ``order`` that is new and fits, else None."""


def make(task: SamplingTask) -> CandidatePool:
    """The pool for the size of the space."""
    points = walk(task.space)
    return Drawn(task) if points is None else Walked(task, points)


class Walked(CandidatePool):
    """All networks of a space that fit the budget, cheapest first.

    Several combinations of decisions that are the same network are one candidate, whose features
    are the mean of theirs; a linear kernel of means is the mean of the kernel over all pairs
    (Haasdonk & Burkhardt 2007, section 3.2).
    """

    def __init__(self, task: SamplingTask, points: Sequence[Point]) -> None:
        inside = sorted((p for p in points if task.budget.fits(p)), key=lambda p: p.cost.macs)
        # Solved holes take the most expensive value inside, as in the budget solver.
        inside = list({tuple(p.sampled.items()): p for p in inside}.values())
        alike: dict[str, list[Point]] = defaultdict(list)
        for p in inside:
            alike[identity(task.space, p.decisions)].append(p)
        self.points = [same[0] for same in alike.values()]
        self.names = {name: i for i, name in enumerate(alike)}
        holes = {n: h for p in points for n, h in p.holes.items() if h.kind != "solve"}
        costs = [p.cost for p in self.points]
        self.encoder = Encoder(dict(sorted(holes.items())), scales(costs))
        self.features = np.array([
            self.encoder([p.decisions for p in same], [p.cost for p in same]).mean(0)
            for same in alike.values()])

    def renew(self, best: Sequence[Past], rng: random.Random) -> None:
        """The candidates do not change."""

    def start(self) -> Sequence[int]:
        """The more expensive part: networks with more computation tend to be better."""
        return range(int(len(self.points) * (1 - DEAREST)), len(self.points))

    def observed(self, past: Sequence[Past]) -> Array:
        found = self.encoder([p.decisions for p in past], [p.cost for p in past])
        for row, p in zip(found, past, strict=True):
            if p.identity in self.names:        # a published network may have a width of its own
                row[:] = self.features[self.names[p.identity]]
        return found

    def trend(self, features: Array) -> Array:
        """Log MACs and log parameters in equal parts."""
        mine = self.features[:, -2:].sum(1)
        found: Array = (features[:, -2:].sum(1) - mine.mean()) / (mine.std() or 1.0)
        return found

    def probes(self, count: int) -> list[Point]:
        among = list(self.start())
        return [self.points[i] for i in random.Random(0).sample(among, min(count, len(among)))]

    def pick(self, order: Sequence[int], past: Sequence[Past]) -> Decided | None:
        seen = {self.names[p.identity] for p in past if p.identity in self.names}
        return next((self.points[i].sampled for i in order if i not in seen), None)


class Drawn(CandidatePool):
    """Random candidates and children of the best, without costs, which require expansion."""

    def __init__(self, task: SamplingTask) -> None:
        self.task = task
        self.narrowest = {h.name: h.labels[0] for h in task.space.holes if h.kind == "solve"}
        self.names: dict[str, str] = {}
        self.catalogue = Catalogue.of(task.space)
        self.encoder = self.catalogue.encoder
        self.features = np.zeros((0, 0))

    def renew(self, best: Sequence[Past], rng: random.Random) -> None:
        self.rng = rng
        count = min(DRAWN, DECIDED // max(1, len(self.catalogue.holes)))
        self.candidates = self.catalogue.near(best, count,
                                              np.random.default_rng(rng.getrandbits(32)))
        self.features = self.encoder.columns(self.candidates)

    def start(self) -> Sequence[int]:
        """All candidates: their costs are unknown."""
        return range(len(self.candidates))

    def observed(self, past: Sequence[Past]) -> Array:
        return self.encoder([p.decisions for p in past])

    def trend(self, features: Array) -> Array:
        return np.zeros(len(features))

    def probes(self, count: int) -> list[Point]:
        found, rng = [], random.Random(0)
        for row in self.catalogue.draw(count + count // 2, np.random.default_rng(0)):
            with suppress(GenotypeError, BudgetError):      # some are invalid or outside
                at = point(self.task.space, taking(self.catalogue.decisions(row), rng))
                found.append(bring(self.task.space, at, self.task.budget, rng))
        return found[:count]

    def pick(self, order: Sequence[int], past: Sequence[Past]) -> Decided | None:
        """If none of those expanded fits, the first new one, for the budget
        solver to repair."""
        decided = {self._sampled(p.decisions) for p in past}
        seen = {self._name(p) for p in past}
        looks, spare = 0, None
        for i in order:
            candidate = self.catalogue.decisions(self.candidates[i])
            if self._sampled(candidate) in decided or looks == LOOKS:
                continue
            looks += 1
            try:
                at = point(self.task.space, taking({**candidate, **self.narrowest}, self.rng))
            except GenotypeError:
                continue
            if self._sampled(at.decisions) in decided:
                continue
            fits = self.task.budget.fits(at) if not self.narrowest else \
                self.task.budget.excess(at) <= 1
            if (fits or spare is None) and digest(at.expansion) not in seen:
                if fits:
                    return at.sampled
                spare = at.sampled
        return spare

    def _sampled(self, decisions: Decided) -> frozenset[tuple[str, Atom]]:
        return frozenset((n, v) for n, v in decisions.items() if n not in self.narrowest)

    def _name(self, trial: Past) -> str:
        """A trial's identity; in a space with solved holes, that of the network with all of them
        at their first options, so that networks that differ in nothing else are the same."""
        if not self.narrowest:
            return trial.identity
        if trial.identity not in self.names:
            try:
                name = identity(self.task.space, {**trial.decisions, **self.narrowest})
            except GenotypeError:
                name = trial.identity
            self.names[trial.identity] = name
        return self.names[trial.identity]
