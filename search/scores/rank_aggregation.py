"""Rank aggregation: scores of any units and scales combined by their ranks.

A rank among the trials of a study would change with every trial, and a continued study would
differ from an uninterrupted one. So a network is ranked among a fixed *reference*: networks of the
space inside the budget, drawn once and scored first. Its value depends on nothing else.

Within the reference a position is the interpolated rank, in (0, 1). Values above the best of the
reference are extrapolated linearly, by one whole range of ranks per √12 standard deviations (the
range of a uniform distribution), and values below the least approach 0 with the same initial
slope. So every position grows strictly with its score, and none is below 0.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from search.scores.base import TrainingFree
from search.scores.relative import Rate, Relative, Scored, values_of


@dataclass(frozen=True)
class Combination(Relative):
    """A score combined from others.

    ``rule``: ``mean`` is the weighted mean of positions; ``log`` that of their logarithms, where
    one bad position outweighs several good ones (AZ-NAS, eq. 11). ``weights``: one per part.
    """

    name: str
    title: str
    source: str
    parts: tuple[TrainingFree, ...]
    rule: Literal["mean", "log"]
    failures: str
    weights: tuple[float, ...] = ()
    unit: str = "ranks"
    digits: int = 4

    def among(self, reference: Sequence[Scored]) -> Rate:
        scales = {part.name: Scale.of(values_of(self, part, reference)) for part in self.parts}
        weights = self.weights or (1.0,) * len(self.parts)

        def rate(network: Scored) -> float:
            total = 0.0
            for part, weight in zip(self.parts, weights, strict=True):
                at = scales[part.name](network.values[part.name])
                total += weight * (math.log(at) if self.rule == "log" else at)
            return total / sum(weights)

        return rate


@dataclass(frozen=True)
class Scale:
    """Positions among reference values: ``knots`` are distinct values with their ``levels``."""

    knots: tuple[float, ...]
    levels: tuple[float, ...]
    reach: float                # of a value beyond the ends, for one whole range of ranks

    @classmethod
    def of(cls, values: Sequence[float]) -> "Scale":
        """The scale of reference values; equal values share the middle of their ranks."""
        knots, counts = np.unique(np.asarray(values, dtype=float), return_counts=True)
        ends = np.cumsum(counts)
        levels = (ends - (counts - 1) / 2) / (len(values) + 1)
        reach = math.sqrt(12) * float(np.std(values)) or max(1.0, abs(float(knots[0])))
        return cls(tuple(knots.tolist()), tuple(levels.tolist()), reach)

    def __call__(self, value: float) -> float:
        """The position of a value, greater than 0."""
        if value > self.knots[-1]:
            return self.levels[-1] + (value - self.knots[-1]) / self.reach
        if value < self.knots[0]:
            low = self.levels[0]
            return low / (1 + (self.knots[0] - value) / (self.reach * low))
        return float(np.interp(value, self.knots, self.levels))
