"""Intervals of a difference between two networks that were trained from the same seeds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

DRAWS = 4000


def difference(a: NDArray[Any], b: NDArray[Any], comparisons: int = 1) -> dict[str, Any]:
    """Accuracy of ``a`` less that of ``b`` in points, from right answers of shape (seeds, images):
    the mean over the seeds, its 95 % intervals, alone and for all of ``comparisons`` together by
    Bonferroni, and the one over seeds and images."""
    gap = 100 * (a.mean(1) - b.mean(1))
    return {"mean": round(float(gap.mean()), 3), "interval_95": interval(gap, 0.95),
            "interval_bonferroni": interval(gap, 1 - 0.05 / comparisons),
            "bootstrap_seeds_and_images": bootstrap(a, b)}


def interval(differences: NDArray[Any], confidence: float) -> list[float]:
    """Student's interval of the mean."""
    if not differences.std():
        return [round(float(differences.mean()), 3)] * 2
    found = stats.ttest_1samp(differences, 0).confidence_interval(confidence)
    return [round(float(found.low), 3), round(float(found.high), 3)]


def bootstrap(a: NDArray[Any], b: NDArray[Any]) -> list[float]:
    """The 95 % interval of the difference over seeds and images drawn anew together."""
    rng, means = np.random.default_rng(0), []
    gap = 100.0 * (a - b)
    for _ in range(DRAWS):
        seeds, images = (rng.integers(0, n, n) for n in gap.shape)
        means.append(gap[np.ix_(seeds, images)].mean())
    return [round(float(x), 3) for x in np.percentile(means, [2.5, 97.5])]
