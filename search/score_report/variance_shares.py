"""Variance decomposition of a score: size, family and structure.

The ranks of the score over a sample are regressed on size (logarithms of MACs, parameters,
activations and depth, and their squares), on family (each family's share of the MACs), and on
both. Shares explained by only one of them, by either (families differ in size), and by neither
(structure and chance) are reported separately; a second draw of weights estimates chance
(commonality analysis, Newton & Spurrell 1967). R² are adjusted for the number of columns.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from search.scores.size_features import family_shares, size_features
from searchspace.expansion import Expansion

Array = NDArray[np.float64]


class Shares(NamedTuple):
    """Shares of a score's variance that sum to 1. ``either`` may be negative: then size and family
    are suppressor variables of each other."""

    size: float
    family: float
    either: float
    rest: float


def shares(score: Array, expansions: Sequence[Expansion]) -> Shares:
    """The decomposition for one score; shape (networks,)."""
    sizes = np.array([size_features(e) for e in expansions])
    sizes = stats.zscore(sizes[:, sizes.std(0) > 1e-9])
    size = np.column_stack([sizes, sizes ** 2])
    names = sorted({f for e in expansions for f in family_shares(e)})
    rows = [family_shares(e) for e in expansions]
    family = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    ranks = stats.rankdata(score)
    by_size, by_family = _explained(ranks, size), _explained(ranks, family)
    both = _explained(ranks, np.column_stack([size, family]))
    return Shares(both - by_family, both - by_size, by_size + by_family - both, 1 - both)


def _explained(y: Array, x: Array) -> float:
    """Adjusted R² of a linear regression."""
    n = len(y)
    columns = np.column_stack([np.ones(n), x])
    rank = int(np.linalg.matrix_rank(columns))
    left = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    if n <= rank or y.std() == 0:
        return 0.0
    return float(1 - (left @ left / (n - rank)) / (y.var() * n / (n - 1)))
