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
    """The line below which four fifths of the residuals' sizes are, near and far; it never falls.
    Arrays of shape (networks,)."""
    from sklearn.linear_model import QuantileRegressor

    size = np.abs(residuals)
    line = QuantileRegressor(quantile=INSIDE, alpha=0.0).fit(distances[:, None], size, weights)
    base, slope = max(float(line.intercept_), _LEAST), float(line.coef_[0])
    if slope > 0:
        return Spread(base, slope)
    return Spread(max(_LEAST, float(np.quantile(size, INSIDE, weights=weights,
                                                method="inverted_cdf"))), 0.0)
