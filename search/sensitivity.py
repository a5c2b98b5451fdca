"""Sensitivity analysis: main effects of holes on a cost, by analysis of variance."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Protocol

from searchspace.notation.holes import Decisions, Hole
from searchspace.notation.tree import Atom

BINS = 6    # levels into which the options of a long range are binned
SIGMAS = 3  # what stands out from chance


class Decided(Protocol):
    """Protocol: anything with decisions and their holes."""

    @property
    def decisions(self) -> Decisions: ...

    @property
    def holes(self) -> Mapping[str, Hole]: ...


def main_effects(points: Sequence[Decided], values: Sequence[float],
                 exact: bool) -> list[tuple[str, float]]:
    """The holes that explain some of the variance of ``values``, with their shares of it, 0 to 1,
    greatest first.

    The share is the sum of squares between the options of a hole over the total sum of squares
    (first-order Sobol' index, η²). Conditional holes are compared among the points that have them,
    so that the effect of the condition is excluded. For random points η² is biased upwards: unless
    ``points`` are all of the space (``exact``), the expectation under no effect is subtracted (ε²,
    Kelley 1935), and insignificant effects are left out.
    """
    total = _squares(values)
    groups: dict[str, dict[Atom, list[float]]] = {}
    for point, value in zip(points, values, strict=True):
        for name, label in point.decisions.items():
            levels = groups.setdefault(name, {})
            levels.setdefault(_level(point.holes[name], label), []).append(value)
    found = [(name, _between(list(levels.values()), exact) / total)
             for name, levels in groups.items() if total > 0]
    return sorted([pair for pair in found if pair[1] > 0], key=lambda pair: -pair[1])


def _level(hole: Hole, label: Atom) -> Atom:
    if hole.kind == "choice" or len(hole.labels) <= BINS:
        return label
    return hole.labels.index(label) * BINS // len(hole.labels)


def _between(levels: list[list[float]], exact: bool) -> float:
    """The sum of squares between levels, less its expectation under no effect."""
    values = [value for level in levels for value in level]
    within = sum(_squares(level) for level in levels)
    between, free = _squares(values) - within, len(levels) - 1
    if exact or not free:
        return between if free else 0.0
    if (rest := len(values) - len(levels)) <= 0:
        return 0.0
    # without an effect, between is noise·χ² of as many degrees of freedom as are free
    noise = within / rest
    left = between - free * noise
    return left if left > SIGMAS * math.sqrt(2 * free) * noise else 0.0


def _squares(values: Sequence[float]) -> float:
    mean = statistics.fmean(values)
    return sum((value - mean) ** 2 for value in values)
