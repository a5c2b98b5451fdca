"""How well a score orders networks: rank correlations with bootstrap intervals.

A partial correlation is that of what is left of both rankings when a linear dependence on the
controls' ranks is taken from each. Intervals are percentiles over resampled networks.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES = 1_000
LEAST = 8       # networks that a correlation needs

Array = NDArray[np.float64]
Statistic = Callable[..., float]


class Estimate(NamedTuple):
    """A value with the ends of its 95 % interval; nan where it is not defined."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "–"
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]".replace("-", "−")


@dataclass(frozen=True)
class Worth:
    """What a score is worth where accuracies are known.

    ``top``: Spearman among the tenth of greatest accuracy. ``bands``: inside each band of MACs.
    ``gain``: its Spearman less that of the best baseline.
    """

    spearman: Estimate
    kendall: Estimate
    top: Estimate
    bands: tuple[Estimate, ...]
    given_macs: Estimate
    given_params: Estimate
    gain: Estimate


def worth(score: Array, accuracy: Array, macs: Array, params: Array, baseline: Array,
          bands: list[NDArray[np.bool_]], seed: int = 0) -> Worth:
    """All of it for one score; arrays of shape (networks,), ``bands`` are masks."""
    best = accuracy >= np.quantile(accuracy, 0.9)
    return Worth(
        estimate(spearman, (score, accuracy), seed),
        estimate(kendall, (score, accuracy), seed),
        estimate(spearman, (score[best], accuracy[best]), seed),
        tuple(estimate(spearman, (score[b], accuracy[b]), seed) for b in bands),
        estimate(partial, (score, accuracy, macs), seed),
        estimate(partial, (score, accuracy, params), seed),
        estimate(lambda s, a, b: spearman(s, a) - spearman(b, a), (score, accuracy, baseline),
                 seed))


def estimate(statistic: Statistic, arrays: tuple[Array, ...], seed: int = 0) -> Estimate:
    """A statistic of paired arrays with its bootstrap interval."""
    if len(arrays[0]) < LEAST:
        return Estimate(math.nan, math.nan, math.nan)
    value = statistic(*arrays)
    if math.isnan(value):
        return Estimate(value, value, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")     # a resample may be constant
        found = stats.bootstrap(arrays, statistic, paired=True, vectorized=False,
                                n_resamples=RESAMPLES, method="percentile",
                                rng=np.random.default_rng(seed))
    kept = found.bootstrap_distribution[~np.isnan(found.bootstrap_distribution)]
    low, high = np.quantile(kept, (0.025, 0.975)) if len(kept) else (math.nan, math.nan)
    return Estimate(value, float(low), float(high))


def spearman(a: Array, b: Array) -> float:
    """Spearman's rank correlation; nan where one is constant."""
    return _pearson(stats.rankdata(a), stats.rankdata(b))


def kendall(a: Array, b: Array) -> float:
    """Kendall's τ-b; nan where one is constant."""
    return float(stats.kendalltau(a, b).statistic)


def partial(a: Array, b: Array, *controls: Array) -> float:
    """Spearman's correlation given the controls."""
    base = np.column_stack([np.ones(len(a)), *(stats.rankdata(c) for c in controls)])

    def left(values: Array) -> Array:
        ranks = stats.rankdata(values)
        rest: Array = ranks - base @ np.linalg.lstsq(base, ranks, rcond=None)[0]
        # What rounding leaves of a ranking that the controls explain is no ranking.
        return rest if rest.std() > 1e-9 * ranks.std() else np.zeros(len(rest))

    return _pearson(left(a), left(b))


def _pearson(a: Array, b: Array) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 0 else math.nan
