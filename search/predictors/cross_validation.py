"""What a predictor is worth: each family is predicted by all others, features and penalty chosen
among those too."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.predictors.calibration import Calibration, Values
from search.predictors.fit import fit
from search.predictors.published_accuracies import OWN, Measurements
from search.predictors.selection import left_out

Array = NDArray[np.float64]

BANDS = ((0.0, 1.3e9), (2e8, 4e8), (4e8, 7e8))      # of multiply-adds, in which it is judged
_NAMES = ("value", "lower", "upper", "distance")


@dataclass(frozen=True)
class LeftOut:
    """Measured accuracies with what is predicted of each by families other than its own; and which
    are ``refused``, since they are too far from all these."""

    known: Measurements
    said: Values
    refused: NDArray[np.bool_]

    def where(self, mask: NDArray[np.bool_]) -> "LeftOut":
        """Those under a mask."""
        return LeftOut(self.known.where(mask), Values(*(
            getattr(self.said, name)[mask] for name in _NAMES)), self.refused[mask])

    @property
    def predicted(self) -> "LeftOut":
        """Without those that are refused."""
        return self.where(~self.refused)

    @property
    def errors(self) -> Array:
        """Predicted less measured, in points."""
        return np.asarray(self.said.value - self.known.top1)

    @property
    def rank_correlation(self) -> float:
        """Spearman's, with the measured accuracies."""
        from scipy.stats import spearmanr

        return float(spearmanr(self.said.value, self.known.top1).statistic)

    @property
    def mean_error(self) -> float:
        """In points, without signs."""
        return float(np.abs(self.errors).mean())

    @property
    def inside(self) -> float:
        """The share that lies inside the 80 % interval."""
        top1 = self.known.top1
        return float(((self.said.lower <= top1) & (top1 <= self.said.upper)).mean())


def evaluate(known: Measurements, fitted: Callable[[Measurements], Calibration] = fit) -> LeftOut:
    """Predictions for all, each by a calibration that never saw its family. Takes minutes."""
    found = {name: np.empty(len(known)) for name in _NAMES}
    refused = np.empty(len(known), bool)
    for inside, others in left_out(known):
        calibration = fitted(others)
        said = calibration(known.x[inside], known.recipes[inside])
        refused[inside] = said.distance > calibration.reach
        for name in _NAMES:
            found[name][inside] = getattr(said, name)
    return LeftOut(known, Values(**found), refused)


def counted(known: Measurements) -> NDArray[np.bool_]:
    """Those by which the predictor is judged: images of 224 pixels, up to 1.3 G multiply-adds, the
    paper's own recipe or that of public weights where none of the paper's figures is taken."""
    return np.asarray((known.edges == 224) & np.isin(known.recipes, OWN) & (known.macs <= 1.3e9))
