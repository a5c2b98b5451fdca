"""Named features as the columns of a matrix, each group of them with the same weight."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from search.surrogate.features import COSTS, EXPECTED, GROUPS, Named

Array = NDArray[np.float64]

LIMIT = 4.0         # deviations, beyond which a feature is cut off
TREND = 0.4         # prior mean: deviations of the value per deviation of the costs,
BELIEF = 0.7        # or, where it is predicted from published ones, of the accuracy


class Columns(NamedTuple):
    """Features with mean 0 and deviation 1 over the networks that they were made for, cut off, and
    divided by the root of their group's number, so that a group of many weighs no more than one of
    few."""

    names: tuple[tuple[str, str], ...]      # group and name
    means: Array
    deviations: Array
    weights: Array

    @classmethod
    def of(cls, networks: Sequence[Named]) -> Self:
        """The columns that differ between some networks: those observed and those asked about."""
        names = sorted({key for features in networks for key in features},
                       key=lambda key: (GROUPS.index(key[0]), key[1]))
        table = _table(networks, names)
        kept = np.flatnonzero(table.std(0) > 1e-9)
        names = [names[i] for i in kept]
        count = {group: sum(key[0] == group for key in names) for group in GROUPS}
        return cls(tuple(names), table.mean(0)[kept], table.std(0)[kept],
                   np.array([count[group] ** -0.5 for group, _ in names]))

    def __call__(self, networks: Sequence[Named]) -> Array:
        """The matrix of some networks, shape (networks, columns)."""
        scaled = (_table(networks, self.names) - self.means) / self.deviations
        cut: Array = np.clip(scaled, -LIMIT, LIMIT) * self.weights
        return cut

    def group(self, name: str) -> NDArray[np.bool_]:
        """Which columns are of a group."""
        return np.array([group == name for group, _ in self.names], dtype=bool)

    def prior_mean(self, x: Array) -> Array:
        """What is expected of rows of the matrix before any value is known, in deviations, higher
        being better: by the predicted accuracy, or else by log multiply-adds and log parameters in
        equal parts."""
        if EXPECTED in self.names:
            return self._mean(x, [EXPECTED]) * BELIEF
        return self._mean(x, [("costs", name) for name in COSTS]) * TREND

    def _mean(self, x: Array, names: Sequence[tuple[str, str]]) -> Array:
        """The mean of some columns in deviations, of those that there are; else 0."""
        chosen = [i for i, name in enumerate(self.names) if name in names]
        if not chosen:
            return np.zeros(len(x))
        found: Array = (x[:, chosen] / self.weights[chosen]).mean(1)
        return found


def _table(networks: Sequence[Named], names: Sequence[tuple[str, str]]) -> Array:
    place = {name: i for i, name in enumerate(names)}
    found = np.zeros((len(networks), len(names)))
    for row, features in zip(found, networks, strict=True):
        for key, value in features.items():
            if key in place:
                row[place[key]] = value
    return found
