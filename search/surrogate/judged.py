"""What predictions are worth on networks whose values are known."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEW = 10        # networks of a band at least


class Judged(NamedTuple):
    """Rank correlations with the known values: Spearman's, Kendall's, and Spearman's in the worst
    band of costs; nan where undefined."""

    spearman: float
    kendall: float
    worst: float

    @classmethod
    def of(cls, predicted: Array, known: Array, bands: Sequence[Mask] = ()) -> Self:
        """Of arrays of shape (networks,); bands of fewer than ten networks are left out."""
        inside = [_spearman(predicted[band], known[band]) for band in bands if band.sum() >= FEW]
        return cls(_spearman(predicted, known),
                   float(stats.kendalltau(predicted, known).statistic), min(inside, default=np.nan))


def quarters(costs: Array) -> list[Mask]:
    """Four bands of costs with equal numbers of networks."""
    edges = np.quantile(costs, np.linspace(0, 1, 5))
    number = np.clip(np.searchsorted(edges, costs, "right") - 1, 0, 3)
    return [number == i for i in range(4)]


def _spearman(a: Array, b: Array) -> float:
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan
    return float(stats.spearmanr(a, b).statistic)
