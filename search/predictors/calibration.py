"""A fitted predictor: the mean, the distance, the spread, and the best that was published."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from search.predictors.features import position
from search.predictors.neighbourhood import Neighbourhood
from search.predictors.published_accuracies import PAPER
from search.predictors.regression import Regression
from search.predictors.spread import Spread

Array = NDArray[np.float64]

BEYOND = 3.0        # spreads above the best published network of a cost


@dataclass(frozen=True)
class Known:
    """Accuracies that are known, as a prediction names them: top-1 in percent, MACs."""

    networks: tuple[str, ...]
    recipes: tuple[str, ...]
    top1: Array
    macs: Array


@dataclass(frozen=True)
class Values:
    """Predictions for several networks, each of shape (networks,): percent, and distances."""

    value: Array
    lower: Array
    upper: Array
    distance: Array

    @property
    def spread(self) -> Array:
        """Half the 80 % interval, in points."""
        return np.asarray((self.upper - self.lower) / 2)


@dataclass(frozen=True)
class Calibration:
    """What `fit` gives, and what the bundled file holds. ``reach``: the greatest distance at which
    anything is said."""

    mean: Regression
    near: Neighbourhood
    spread: Spread
    known: Known
    reach: float

    def __call__(self, x: Array, recipes: NDArray[np.str_] | str = PAPER) -> Values:
        """Predictions for features of shape (networks, all features)."""
        distance = self.near.distance(_columns(x, self.near.features))
        error = self.log_error(x, recipes)
        half = self.spread(distance)
        lower, value, upper = (_percent(error + step) for step in (half, 0.0 * half, -half))
        best = self.best_below(2 ** x[:, position("log_macs")])
        over = np.maximum(value - best - BEYOND * (upper - lower) / 2, 0.0)
        return Values(value - over, np.maximum(lower - over, 0.0), upper - over, distance)

    def log_error(self, x: Array, recipes: NDArray[np.str_] | str = PAPER) -> Array:
        """The mean of log(1 − top-1) alone, of features as above, shape (networks,)."""
        return self.mean(_columns(x, self.mean.design.features), recipes)

    def best_below(self, macs: Array) -> Array:
        """The best published top-1 with at most these multiply-adds; the least one's below it."""
        cost, best = self._best
        return np.asarray(best[np.maximum(np.searchsorted(cost, macs * 1.000001) - 1, 0)])

    @cached_property
    def _best(self) -> tuple[Array, Array]:
        """Multiply-adds in order, and the best top-1 up to each, any recipe."""
        order = np.argsort(self.known.macs)
        return self.known.macs[order], np.maximum.accumulate(self.known.top1[order])


def _columns(x: Array, names: tuple[str, ...]) -> Array:
    return np.asarray(x[:, [position(name) for name in names]])


def _percent(error: Array) -> Array:
    return np.asarray(100 * (1 - np.exp(np.minimum(error, np.log(0.999)))))
