"""Fitting a calibration to measured accuracies; the only part that needs scikit-learn."""

import numpy as np

from search.predictors.calibration import Calibration, Known
from search.predictors.features import PROFILE
from search.predictors.neighbourhood import Neighbourhood
from search.predictors.published_accuracies import Measurements
from search.predictors.regression import Choice, regress
from search.predictors.selection import choose, residuals
from search.predictors.spread import fit_spread

REACH = 1.25        # times the distance that one left-out network in twenty exceeds


def fit(known: Measurements, choices: tuple[Choice, ...] = ()) -> Calibration:
    """The calibration of some accuracies; features and penalty are chosen unless they are given."""
    choices = choices or choose(known)
    mean = regress(known, choices)
    values = known.of_features(PROFILE)
    first = np.unique(known.networks, return_index=True)[1]     # its paper's figure first
    near = Neighbourhood.of(PROFILE, values[first])
    distance = np.empty(len(known))
    for one in np.unique(known.families):
        inside = known.families == one
        distance[inside] = near.distance(values[inside], known.families[first] != one)
    wrong = residuals(known, [choices])[0]
    return Calibration(mean, near,
                       fit_spread(wrong, distance, known.weights),
                       Known(tuple(known.networks[first].tolist()),
                             tuple(known.recipes[first].tolist()), known.top1[first],
                             known.macs[first]), REACH * float(np.quantile(distance, 0.95)))
