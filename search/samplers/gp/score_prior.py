"""A training-free score as the prior mean of the Gaussian process.

Scoring every candidate would be too expensive. So a bounded number is scored, and a Gaussian
process fitted to them predicts the score of all others; NASWOT is smooth enough over the decisions
for that. The standardised prediction is a feature of the model of the objective, and part of its
prior mean: networks that score higher are expected to be better.
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
SLOPE = 0.2         # prior mean: deviations of the value per deviation of the score,
DOUBT = 0.5         # and how far the GP may correct that slope


class Guide:
    """Predictor of ``score`` from ``features``, fitted to its values for ``decisions``."""

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
        """Predicted scores, standardised, of shape (networks,); 0 if too few could be scored."""
        if self.blind:
            return np.zeros(len(features))
        found = self.process.posterior(self.x, self.y, features)[0]
        return np.clip(found, -3, 3)
