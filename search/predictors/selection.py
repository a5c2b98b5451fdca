"""Which features and how strong a penalty: by what is said about families that were left out."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.predictors.features import FEATURES
from search.predictors.measurements import NEAR_224, Measurements
from search.predictors.regression import regress

Array = NDArray[np.float64]

BASE = ("log_macs", "log_ungated_params", "log_depth", "log_activations", "log_input", "mean_level",
        "gated")
STRENGTHS = (1e-3, 3e-3, 1e-2, 3e-2)
EXTRA = 2           # features that may come to the base
GAIN = 0.05         # by what share of the error each must make it smaller
MENU = tuple(name for name in FEATURES
             if name not in BASE and not name.startswith(("macs_at", "params_at")))


class Choice(NamedTuple):
    """Features and a penalty, and the mean error over left-out families, in logarithms."""

    error: float
    features: tuple[str, ...]
    strength: float


def choose(known: Measurements) -> Choice:
    """The best of the base and up to two more features, found one after the other."""
    best = min(_try(known, BASE, strength) for strength in STRENGTHS)
    for _ in range(EXTRA):
        left = [name for name in MENU if name not in best.features]
        found = min(_try(known, (*best.features, name), best.strength) for name in left)
        if found.error > (1 - GAIN) * best.error:
            break
        best = found
    return best


def left_out(known: Measurements) -> Iterator[tuple[NDArray[np.bool_], Measurements]]:
    """For each family a mask of its accuracies, and all the others."""
    for one in np.unique(known.families):
        inside = known.families == one
        yield inside, known.where(~inside)


def residuals(known: Measurements, features: tuple[str, ...], strength: float) -> Array:
    """Log error, measured less predicted by all families but a network's own; (accuracies,)."""
    found = np.empty(len(known))
    for inside, others in left_out(known):
        mean = regress(others, features, strength)
        found[inside] = known.y[inside] - mean(known.of_features(features)[inside],
                                               known.recipes[inside])
    return found


def _try(known: Measurements, features: tuple[str, ...], strength: float) -> Choice:
    error = np.abs(residuals(known, features, strength))
    counts = (known.edges >= NEAR_224[0]) & (known.edges <= NEAR_224[1])
    counts = counts if counts.any() else ~counts        # a user's table of other images
    return Choice(float(np.average(error[counts], weights=known.weights[counts])), features,
                  strength)
