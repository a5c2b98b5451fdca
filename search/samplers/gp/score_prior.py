"""A training-free score as the prior mean of the Gaussian process.

Building and scoring every candidate would cost more than it tells. So a bounded number is scored,
and a process that learnt from them predicts the score of all others: NASWOT is so smooth over
the decisions that this loses little. The predicted score, standardised, is a column of its own for
the model of the real values, and its mean: networks that score higher are expected to be better.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from search.errors import ScoreError
from search.gaussian_process import Prior, fit
from search.samplers.base import Score
from search.samplers.gp.features import Array
from searchspace import GenotypeError
from searchspace.notation.tree import Atom

PROBES = 64         # networks that are scored
LEAST = 8           # below so many that could be scored, nothing is predicted
SLOPE = 0.2         # deviations of the value expected for one of the score, beside the costs,
DOUBT = 0.5         # and how far that may be off


class Guide:
    """Predicts ``score`` from features, having seen it for ``decisions``."""

    def __init__(self, score: Score, decisions: Sequence[Mapping[str, Atom]], features: Array,
                 groups: Sequence[int]) -> None:
        rows, values = [], []
        for row, decided in zip(features, decisions, strict=True):
            try:
                values.append(score(decided))
                rows.append(row)
            except (ScoreError, GenotypeError, MemoryError):
                continue
        self.blind = len(values) < LEAST or np.ptp(values) == 0
        if self.blind:
            return
        self.x, found = np.array(rows), np.array(values)
        self.y = (found - found.mean()) / found.std()
        self.process = fit(self.x, self.y, groups, Prior())

    def __call__(self, features: Array) -> Array:
        """The predicted scores in deviations of those seen; 0 where nothing can be predicted."""
        if self.blind:
            return np.zeros(len(features))
        found = self.process.posterior(self.x, self.y, features)[0]
        return np.clip(found, -3, 3)
