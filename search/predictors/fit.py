"""Fitting a calibration to measured accuracies; the only part that needs scikit-learn."""

import numpy as np

from search.predictors.calibration import Calibration, Known
from search.predictors.features import PROFILE
from search.predictors.measurements import PAPER, Measurements
from search.predictors.neighbourhood import Neighbourhood, to_nearest
from search.predictors.regression import regress
from search.predictors.selection import Choice, choose, left_out, residuals
from search.predictors.spread import fit_spread

REACH = 1.5         # times the greatest distance of a left-out network


def fit(known: Measurements, choice: Choice | None = None) -> Calibration:
    """The calibration of some accuracies; features and penalty are chosen unless they are given."""
    features, strength = (choice or choose(known))[1:]
    where = tuple(dict.fromkeys((*PROFILE, *features)))
    near = Neighbourhood.of(where, known.of_features(where))
    distances = near.distances(known.of_features(where))
    apart = np.empty(len(known))
    for inside, _ in left_out(known):
        apart[inside] = to_nearest(distances[np.ix_(inside, ~inside)])
    wrong = residuals(known, features, strength)
    own = known.recipes == PAPER
    own = own if own.any() else np.ones(len(known), bool)
    return Calibration(regress(known, features, strength), near,
                       fit_spread(wrong, apart, known.weights),
                       Known(tuple(known.networks[own].tolist()), known.top1[own],
                             known.macs[own]), REACH * float(apart.max()))
