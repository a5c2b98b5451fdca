"""Which score a search uses by default."""

import random

from search.predictors.top1 import refusal
from search.scores.registry import DEFAULT_SCORE
from searchspace import Genotype, GenotypeError
from searchspace.space.point import sample

PREDICTED = "top1-lower"
_DRAWN = 8


def usual_score(space: Genotype) -> tuple[str, str]:
    """The default score of a space, and the reason in one line: the lower end of the predicted
    accuracy where that is known of such networks, else a training-free score."""
    rng = random.Random(0)
    reason = ""
    for _ in range(_DRAWN):
        try:
            reason = refusal(sample(space, rng).expansion) or ""
        except GenotypeError:
            continue
        if not reason:
            return PREDICTED, "predicted from the published accuracies of the bundled networks"
    return DEFAULT_SCORE, reason
