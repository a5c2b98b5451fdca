"""The candidate pool of a small space: all of its networks."""

import random
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from search.gaussian_process import Prior
from search.samplers.base import Past, SamplingTask
from search.samplers.gp.features import Array, Encoder, scales
from search.samplers.gp.pools import CandidatePool, dearer
from search.samplers.surroundings import Decided
from search.surrogate.columns import TREND
from searchspace.identity import identity
from searchspace.space.point import Point


class Walked(CandidatePool):
    """All networks of a space that fit the budget, cheapest first.

    Several combinations of decisions that are the same network are one candidate, whose features
    are the mean of theirs; a linear kernel of means is the mean of the kernel over all pairs
    (Haasdonk & Burkhardt 2007, section 3.2).
    """

    prior = Prior()

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
        self.groups = self.encoder.groups
        self.features = np.array([
            self.encoder([p.decisions for p in same], [p.cost for p in same]).mean(0)
            for same in alike.values()])

    def renew(self, best: Sequence[Past]) -> None:
        """The candidates do not change."""

    def start(self) -> Sequence[int]:
        return dearer([p.macs for p in self.points])

    def observed(self, past: Sequence[Past]) -> Array:
        found = self.encoder([p.decisions for p in past], [p.cost for p in past])
        for row, p in zip(found, past, strict=True):
            if p.identity in self.names:        # a published network may have a width of its own
                row[:] = self.features[self.names[p.identity]]
        return found

    def prior_mean(self, features: Array) -> Array:
        """By log MACs and log parameters in equal parts."""
        mine = self.features[:, -2:].sum(1)
        found: Array = (features[:, -2:].sum(1) - mine.mean()) / (mine.std() or 1.0)
        return TREND * found

    def probes(self, count: int) -> tuple[list[Decided], Array]:
        among = self.start()
        some = [self.points[i] for i in random.Random(0).sample(among, min(count, len(among)))]
        return [p.decisions for p in some], self.encoder([p.decisions for p in some],
                                                         [p.cost for p in some])

    def pick(self, order: Sequence[int], past: Sequence[Past]) -> Decided | None:
        seen = {self.names[p.identity] for p in past if p.identity in self.names}
        return next((self.points[i].sampled for i in order if i not in seen), None)
