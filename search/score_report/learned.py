"""Rows of the score report of a model that learned from a few evaluated networks.

What it says of networks that it did not learn from is judged as the scores are, beside them; it
costs the trainings of those it learned from, which are drawn once. `docs/predict.md` has means over
many draws.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from search.surrogate.columns import Columns
from search.surrogate.features import Describer
from search.surrogate.model import Observed, Surrogate
from searchspace.expansion import Expansion

KNOWN = (10, 20, 40, 80, 160)

Array = NDArray[np.float64]


def learned(networks: Sequence[Expansion], accuracy: Array, seed: int) -> Mapping[str, Array]:
    """By name, such as ``20 known``, what is predicted of each network from so many random ones;
    nan for these. Arrays of shape (networks,); at most half of the networks are known."""
    counts = [count for count in KNOWN if 2 * count <= len(networks)]
    if not counts or np.ptp(accuracy) == 0:
        return {}
    describe = Describer.of(networks)
    features = [describe(network) for network in networks]
    columns = Columns.of(features)
    x = columns(features)
    found = {}
    for count in counts:
        known = np.random.default_rng([seed, count]).permutation(len(networks))[:count]
        model = Surrogate.fit(columns, [Observed([features[i] for i in known], accuracy[known])])
        found[f"{count} known"] = predicted = model(x).value
        predicted[known] = np.nan
    return found
