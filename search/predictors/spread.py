"""How wrong a prediction may be: the error over left-out families grows with their distance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

INSIDE = 0.8        # of the interval that is told
_LEAST = 0.01       # in log error: two trainings of one network differ by this


@dataclass(frozen=True)
class Spread:
    """Half the 80 % interval of log error: ``base + slope · distance``."""

    base: float
    slope: float

    def __call__(self, distance: Array) -> Array:
        """At distances of any shape."""
        return np.asarray(self.base + self.slope * distance)


def fit_spread(residuals: Array, distances: Array, weights: Array) -> Spread:
    """The spread of residuals at distances: the line of their mean size, no part of it negative,
    as often as it takes for four fifths of them to be inside. Arrays of shape (networks,)."""
    from sklearn.linear_model import LinearRegression

    size = np.abs(residuals)
    columns = np.stack([np.ones_like(distances), distances], axis=1)
    line = LinearRegression(fit_intercept=False, positive=True).fit(columns, size, weights)
    base, slope = max(float(line.coef_[0]), _LEAST), float(line.coef_[1])
    factor = float(np.quantile(size / (base + slope * distances), INSIDE, weights=weights,
                               method="inverted_cdf"))
    return Spread(factor * base, factor * slope)
