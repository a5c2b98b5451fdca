"""Standardised scores: residuals after regressing out size and families.

A score that counts activations or layers favours the families that have more of them. Here it is
compared with what networks of this size and of these families score on average: a linear model of
the score (by ranks, see `rank_aggregation.Scale`) over logarithms of MACs, parameters, activations
and depth, and over the share of the MACs that each family's blocks have, fitted to the reference
with a small ridge. The value is the difference from the model in deviations of the reference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from search.errors import ScoreError
from search.scores.base import TrainingFree
from search.scores.rank_aggregation import Scale
from search.scores.relative import Rate, Relative, Scored, values_of
from search.scores.size_features import family_shares, size_features
from searchspace.expansion import Expansion

RIDGE = 0.1     # ridge penalty per network of the reference, for standardised features

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Standard(Relative):
    """Residual of its only part after regressing out size and families, in standard deviations."""

    name: str
    title: str
    source: str
    parts: tuple[TrainingFree, ...]
    failures: str = ("Says nothing about size or family, also where these matter. Noisy: most of "
                     "what is left of a score may be its initial weights. Families that the "
                     "reference lacks count as none, and networks far smaller than those of the "
                     "reference, which fill the budget, are rated wrongly.")
    unit: str = "deviations"
    digits: int = 3

    @classmethod
    def of(cls, score: TrainingFree) -> Self:
        """The standardised form of a score."""
        return cls(f"{score.name}-standard", f"{score.title}, standardised",
                   f"{score.source}; compared with networks of the same size and families",
                   (score,))

    def among(self, reference: Sequence[Scored]) -> Rate:
        [part] = self.parts
        scale = Scale.of(values_of(self, part, reference))
        known = [n for n in reference if part.name in n.values]
        families = sorted({f for n in known for f in family_shares(n.expansion)})
        x = np.array([_row(n.expansion, families) for n in known])
        y = np.array([scale(n.values[part.name]) for n in known])
        centre, spread = x.mean(0), x.std(0)
        used = spread > 1e-9
        z = (x - centre)[:, used] / spread[used]
        normal = z.T @ z + RIDGE * len(z) * np.eye(z.shape[1])
        slopes = np.linalg.solve(normal, z.T @ (y - y.mean()))
        left = float((y - y.mean() - z @ slopes).std())
        if left < 1e-9:
            raise ScoreError(f"{self.name}: {part.name} says nothing beyond size and family "
                             "in the reference")

        def rate(network: Scored) -> float:
            at = (_row(network.expansion, families) - centre)[used] / spread[used]
            expected = y.mean() + float(at @ slopes)
            return float((scale(network.values[part.name]) - expected) / left)

        return rate


def _row(expansion: Expansion, families: Sequence[str]) -> Array:
    shares = family_shares(expansion)
    return np.array([*size_features(expansion), *(shares.get(f, 0.0) for f in families)])
