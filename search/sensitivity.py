"""Sensitivity analysis: the main effect of each hole on a cost, as in an analysis of variance."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Protocol

from searchspace.notation.holes import Decisions, Hole
from searchspace.notation.tree import Atom

BINS = 6    # levels that the options of a long range are put into
SIGMAS = 3  # what stands out from chance


class Decided(Protocol):
    """What is looked at of a point of a space: its decisions, and the hole of each."""

    @property
    def decisions(self) -> Decisions: ...

    @property
    def holes(self) -> Mapping[str, Hole]: ...


def main_effects(points: Sequence[Decided], values: Sequence[float],
                 exact: bool) -> list[tuple[str, float]]:
    """The holes that explain some of the variance of ``values``, with their shares of it, greatest
    first.

    The sum of squares between the options of a hole over the total sum of squares (first-order
    Sobol' index, η²). A hole that not every point has is compared among those that do, so that
    what opens it takes no credit from it. Random points flatter a hole with many options: unless
    ``points`` are all of the space (``exact``), what as many options without any effect would
    explain is taken off (ε², Kelley 1935), and what chance alone may well explain is left out.
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
    """The sum of squares between levels, less what chance gives."""
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
