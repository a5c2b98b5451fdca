"""The mean of a prediction: log error as squares of a few features, and a step for each recipe."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.predictors.measurements import PAPER, Measurements

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


def regress(known: Measurements, features: tuple[str, ...], strength: float) -> Regression:
    """The ridge regression of some measurements. ``strength``: its penalty a measurement, where
    features have variance 1; a recipe's step is shrunk by it too."""
    from sklearn import config_context
    from sklearn.linear_model import ridge_regression

    values = known.of_features(features)
    design = Design.of(features, values)
    others = [str(r) for r in np.unique(known.recipes) if r != PAPER]
    columns = np.concatenate([design(values), *(FREE * (known.recipes[:, None] == r)
                                                for r in others)], 1)
    weights = known.weights
    centre, level = (np.average(of, axis=0, weights=weights) for of in (columns, known.y))
    with config_context(assume_finite=True, skip_parameter_validation=True):
        slopes = ridge_regression(columns - centre, known.y - level, strength * weights.sum(),
                                  sample_weight=weights, solver="cholesky", check_input=False)
    cut = 2 * len(features)
    steps = {PAPER: 0.0} | dict(zip(others, (FREE * slopes[cut:]).tolist(), strict=True))
    return Regression(design, float(level - centre @ slopes), slopes[:cut], steps)
