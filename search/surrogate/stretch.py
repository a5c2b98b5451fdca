"""Values on the scale on which they are learned.

Good accuracies are close together, poor ones far apart and far below. The negative logarithm of the
distance to a ceiling above the best value spreads the former and draws the latter in; being
monotone, it keeps ranks, and ends of intervals are ends of intervals.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CEILING = 1.0       # above the best value, relative to the distance from the best to the median
TOP = 1e-3          # how near to the ceiling a value counts, relative to the same


class Stretch(NamedTuple):
    """Made from some values; ``sign`` is -1 where low values are good."""

    sign: int
    best: float
    unit: float             # from the best to the median
    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Array, maximize: bool = True) -> Self:
        """So that these values have mean 0 and deviation 1."""
        sign = 1 if maximize else -1
        better = sign * values
        best = float(better.max())
        unit = float(best - np.median(better)) or float(np.ptp(better)) or 1.0
        found = cls(sign, best, unit, 0.0, 1.0)(values)
        return cls(sign, best, unit, float(found.mean()), float(found.std()) or 1.0)

    def __call__(self, values: Array) -> Array:
        """Better is higher."""
        below = CEILING + (self.best - self.sign * values) / self.unit
        found: Array = (-np.log(np.maximum(below, TOP)) - self.mean) / self.deviation
        return found

    def back(self, stretched: Array) -> Array:
        """The values that give these."""
        below = np.exp(-(stretched * self.deviation + self.mean))
        found: Array = self.sign * (self.best - self.unit * (below - CEILING))
        return found
