"""The default score of a search: predicted accuracy, if there is a prediction for such networks."""

import random

from search.errors import ScoreError
from search.predictors.artefact import bundled
from search.predictors.prediction import Prediction
from search.scores.registry import DEFAULT_SCORE
from searchspace import Genotype, GenotypeError
from searchspace.expansion import Expansion
from searchspace.space.point import sample

PREDICTED = "top1-lower"
_DRAWN = 16


def predicted(expansion: Expansion) -> Prediction | None:
    """The predicted accuracy on ImageNet; None if the predictor refuses such a network."""
    try:
        return bundled()(expansion)
    except ScoreError:
        return None


def usual_score(space: Genotype) -> tuple[str, str]:
    """The default score of a space, and the reason in one line: the lower end of the predicted
    accuracy, unless the predictor refuses all of a few random networks; else a training-free score.
    """
    rng, reason = random.Random(0), "no random network of the space is valid"
    for _ in range(_DRAWN):
        try:
            bundled()(sample(space, rng).expansion)
        except GenotypeError:
            continue
        except ScoreError as error:
            reason = str(error)
        else:
            return PREDICTED, "predicted from the published accuracies of the bundled networks"
    return DEFAULT_SCORE, f"no accuracy is predicted: {reason}"
