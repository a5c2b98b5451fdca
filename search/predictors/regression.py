"""The mean of a prediction: log error as squares of a few features, and a step for each recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.predictors.features import FEATURES
from search.predictors.published_accuracies import PAPER, Measurements

Array = NDArray[np.float64]

FREE = 5.0          # how much less a step is shrunk than features are


@dataclass(frozen=True)
class Design:
    """How features become columns: standardised, held inside the range that was seen, so that no
    square explodes, and squared. Arrays of shape (features,)."""

    features: tuple[str, ...]
    mean: Array
    scale: Array
    low: Array
    high: Array

    @classmethod
    def of(cls, features: tuple[str, ...], seen: Array) -> "Design":
        """The design for networks like those ``seen``, (networks, features)."""
        mean, scale = seen.mean(0), np.maximum(seen.std(0), 1e-6)
        z = (seen - mean) / scale
        return cls(features, mean, scale, z.min(0), z.max(0))

    def __call__(self, values: Array) -> Array:
        """Columns, (networks, 2 · features)."""
        z = np.clip((values - self.mean) / self.scale, self.low, self.high)
        return np.concatenate([z, z * z], axis=1)

    def of_some(self, kept: NDArray[np.bool_]) -> "Design":
        """The design of some of the features."""
        names = tuple(name for name, keep in zip(self.features, kept, strict=True) if keep)
        return Design(names, self.mean[kept], self.scale[kept], self.low[kept], self.high[kept])


@dataclass(frozen=True)
class Regression:
    """A fitted mean: log(1 − top-1) = intercept + columns · slopes + the recipe's step.

    ``slopes`` of shape (2 · features,); ``steps`` of recipes against the papers' own, which has 0.
    """

    design: Design
    intercept: float
    slopes: Array
    steps: Mapping[str, float]

    def __call__(self, values: Array, recipes: NDArray[np.str_] | str = PAPER) -> Array:
        """Log errors, (networks,), of features (networks, features)."""
        steps = self.steps[recipes] if isinstance(recipes, str) else \
            np.array([self.steps.get(str(r), 0.0) for r in recipes])
        return np.asarray(self.intercept + self.design(values) @ self.slopes + steps)


@dataclass(frozen=True, slots=True)
class Choice:
    """Features of a ridge regression, and its penalty a measurement where they have variance 1; a
    recipe's step is shrunk by it too."""

    features: tuple[str, ...]
    strength: float


class Ridge:
    """Some measurements, ready to be regressed on any of their features."""

    def __init__(self, known: Measurements) -> None:
        names = tuple(FEATURES)
        self.design = Design.of(names, known.of_features(names))
        self.recipes = [str(r) for r in np.unique(known.recipes) if r != PAPER]
        self._weights = known.weights
        columns = self.columns(known)
        self._centre, self._level = (np.average(of, axis=0, weights=self._weights)
                                     for of in (columns, known.y))
        self._columns, self._y = columns - self._centre, known.y - self._level

    def columns(self, known: Measurements) -> Array:
        """Those of all features and recipes, (accuracies, columns)."""
        return np.concatenate([self.design(known.of_features(self.design.features)), *(
            FREE * (known.recipes[:, None] == r) for r in self.recipes)], 1)

    def fit(self, choices: Sequence[Choice]) -> tuple[Array, float]:
        """Slopes of all columns, 0 for features that are not chosen, and the intercept; the mean of
        the regressions of several choices."""
        slopes = np.mean([self._fit(choice) for choice in choices], axis=0)
        return slopes, float(self._level - self._centre @ slopes)

    def _fit(self, choice: Choice) -> Array:
        from sklearn import config_context
        from sklearn.linear_model import ridge_regression

        of_one = np.isin(self.design.features, choice.features)
        used = np.concatenate([of_one, of_one, np.ones(len(self.recipes), bool)])
        with config_context(assume_finite=True, skip_parameter_validation=True):
            found = ridge_regression(
                self._columns[:, used], self._y, choice.strength * self._weights.sum(),
                sample_weight=self._weights, solver="cholesky", check_input=False)
        slopes = np.zeros(len(used))
        slopes[used] = found
        return slopes


def regress(known: Measurements, choices: Sequence[Choice]) -> Regression:
    """The mean of the ridge regressions of several choices, which is linear like each of them."""
    ridge = Ridge(known)
    slopes, intercept = ridge.fit(choices)
    count = len(ridge.design.features)
    steps = {PAPER: 0.0} | dict(zip(ridge.recipes, (FREE * slopes[2 * count:]).tolist(),
                                    strict=True))
    kept = np.isin(ridge.design.features, [name for one in choices for name in one.features])
    return Regression(ridge.design.of_some(kept), intercept,
                      slopes[:2 * count][np.concatenate([kept, kept])], steps)
