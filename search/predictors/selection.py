"""Which features and how strong a penalty: by what is said about families that were left out."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from search.predictors.features import FEATURES
from search.predictors.published_accuracies import NEAR_224, Measurements
from search.predictors.regression import Choice, Ridge

Array = NDArray[np.float64]

BASE = ("log_macs", "log_ungated_params", "log_depth", "log_activations", "log_input", "mean_level",
        "gated")
STRENGTHS = (1e-3, 3e-3, 1e-2, 3e-2)
EXTRA = 2           # features that may come to the base
AVERAGED = 10       # choices: the best one alone is the best by chance
MENU = tuple(name for name in FEATURES
             if name not in BASE and not name.startswith(("macs_at", "params_at")))


def choose(known: Measurements) -> tuple[Choice, ...]:
    """The ten best of all that are the base and up to two more features; the penalty is the best
    one of the base."""
    strength = _best(known, [Choice(BASE, strength) for strength in STRENGTHS])[0].strength
    return _best(known, [Choice((*BASE, *more), strength) for count in range(EXTRA + 1)
                         for more in combinations(MENU, count)])[:AVERAGED]


def left_out(known: Measurements) -> Iterator[tuple[NDArray[np.bool_], Measurements]]:
    """For each family a mask of its accuracies, and all the others."""
    for one in np.unique(known.families):
        inside = known.families == one
        yield inside, known.where(~inside)


def residuals(known: Measurements, choices: Sequence[tuple[Choice, ...]]) -> Array:
    """Log error, measured less predicted by all families but a network's own, of each mean of some
    choices; (means, accuracies)."""
    found = np.empty((len(choices), len(known)))
    for inside, others in left_out(known):
        ridge, mine = Ridge(others), known.where(inside)
        columns = ridge.columns(mine)
        for row, some in zip(found, choices, strict=True):
            slopes, intercept = ridge.fit(some)
            row[inside] = mine.y - intercept - columns @ slopes
    return found


def _best(known: Measurements, choices: Sequence[Choice]) -> tuple[Choice, ...]:
    """Choices in the order of their mean error over left-out families, in logarithms."""
    error = np.abs(residuals(known, [(one,) for one in choices]))
    counts = (known.edges >= NEAR_224[0]) & (known.edges <= NEAR_224[1])
    counts = counts if counts.any() else ~counts        # a user's table of other images
    means = np.average(error[:, counts], axis=1, weights=known.weights[counts])
    return tuple(choices[i] for i in np.argsort(means, kind="stable"))
