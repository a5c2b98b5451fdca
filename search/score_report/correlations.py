"""Rank correlations of scores with accuracies, with bootstrap intervals.

A partial correlation is that of the residuals of both rankings after regressing each on the
control's ranks. Intervals are percentiles over resampled networks, or over resampled families.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES = 400
SLOW = 100      # of Kendall's
LEAST = 8       # networks that a correlation needs
GROUPS = 3      # families that its interval needs, where these are resampled

Array = NDArray[np.float64]
Statistic = Callable[..., Any]


class Estimate(NamedTuple):
    """A value with its 95 % confidence interval; nan where undefined."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "–"
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]".replace("-", "−")


@dataclass(frozen=True)
class Known:
    """Accuracies and costs of the networks: arrays of shape (networks,). ``baseline`` is a score
    that others should beat; ``bands`` are masks."""

    accuracy: Array
    macs: Array
    params: Array
    baseline: Array
    bands: tuple[NDArray[np.bool_], ...]

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """The same of some networks only."""
        return replace(self, accuracy=self.accuracy[kept], macs=self.macs[kept],
                       params=self.params[kept], baseline=self.baseline[kept],
                       bands=tuple(band[kept] for band in self.bands))


@dataclass(frozen=True)
class Worth:
    """Correlations of a score with known accuracies.

    ``top``: Spearman among the best tenth by accuracy. ``bands``: inside each band of MACs.
    ``gain``: its Spearman less that of the best baseline.
    """

    spearman: Estimate
    kendall: Estimate
    top: Estimate
    bands: tuple[Estimate, ...]
    given_macs: Estimate
    given_params: Estimate
    gain: Estimate


def worth(score: Array, known: Known) -> Worth:
    """The correlations of one score; shape (networks,)."""
    accuracy = known.accuracy
    best = accuracy >= np.quantile(accuracy, 0.9)
    return Worth(
        estimate(spearman, (score, accuracy)),
        estimate(kendall, (score, accuracy)),
        estimate(spearman, (score[best], accuracy[best])),
        tuple(estimate(spearman, (score[b], accuracy[b])) for b in known.bands),
        estimate(partial, (score, accuracy, known.macs)),
        estimate(partial, (score, accuracy, known.params)),
        estimate(gain, (score, accuracy, known.baseline)))


def estimate(statistic: Statistic, arrays: tuple[Array, ...]) -> Estimate:
    """A statistic of paired arrays with its bootstrap interval; one without a parameter ``axis`` is
    slow, so it is resampled fewer times."""
    if len(arrays[0]) < LEAST:
        return Estimate(math.nan, math.nan, math.nan)
    value = float(statistic(*arrays))
    if math.isnan(value):
        return Estimate(value, value, value)
    quick = statistic is not kendall
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")     # a resample may be constant
        found = stats.bootstrap(arrays, statistic, paired=True, vectorized=quick, batch=100,
                                n_resamples=RESAMPLES if quick else min(RESAMPLES, SLOW),
                                method="percentile", rng=np.random.default_rng(0))
    kept = found.bootstrap_distribution[~np.isnan(found.bootstrap_distribution)]
    low, high = np.quantile(kept, (0.025, 0.975)) if len(kept) else (math.nan, math.nan)
    return Estimate(value, float(low), float(high))


def estimate_over(groups: NDArray[np.str_], statistic: Statistic,
                  arrays: tuple[Array, ...]) -> Estimate:
    """The same where members of a group are alike: whole groups are resampled, so that a large
    family counts as one witness; nan for fewer than three groups."""
    members = [np.flatnonzero(groups == one) for one in np.unique(groups)]
    value = float(statistic(*arrays)) if len(groups) >= LEAST else math.nan
    if math.isnan(value) or len(members) < GROUPS:
        return Estimate(math.nan, math.nan, math.nan)
    rng = np.random.default_rng(0)
    found = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        found.append(float(statistic(*(array[drawn] for array in arrays))))
    kept = [one for one in found if not math.isnan(one)]
    low, high = np.quantile(kept, (0.025, 0.975)) if kept else (math.nan, math.nan)
    return Estimate(value, float(low), float(high))


def spearman(a: Array, b: Array, axis: int = -1) -> Any:
    """Spearman's rank correlation along the last axis; nan if an array is constant."""
    return _pearson(stats.rankdata(a, axis=axis), stats.rankdata(b, axis=axis), axis)


def kendall(a: Array, b: Array) -> float:
    """Kendall's τ-b; nan if an array is constant."""
    return float(stats.kendalltau(a, b).statistic)


def partial(a: Array, b: Array, control: Array, axis: int = -1) -> Any:
    """Partial Spearman correlation given a control; nan if a ranking equals the control's."""
    ab, ac, bc = spearman(a, b, axis), spearman(a, control, axis), spearman(b, control, axis)
    left = (1 - ac ** 2) * (1 - bc ** 2)
    # Residuals of a ranking that the control explains are rounding errors.
    return np.where(left > 1e-9, (ab - ac * bc) / np.sqrt(np.maximum(left, 1e-9)), np.nan)[()]


def gain(a: Array, b: Array, baseline: Array, axis: int = -1) -> Any:
    """Spearman's correlation of a and b less that of the baseline and b."""
    return spearman(a, b, axis) - spearman(baseline, b, axis)


def _pearson(a: Array, b: Array, axis: int) -> Any:
    a, b = a - a.mean(axis, keepdims=True), b - b.mean(axis, keepdims=True)
    scale = np.sqrt((a * a).sum(axis) * (b * b).sum(axis))
    return np.where(scale > 0, (a * b).sum(axis) / np.where(scale > 0, scale, 1), np.nan)[()]
