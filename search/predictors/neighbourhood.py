"""How far a network is from those whose accuracy is known.

Features are standardised and whitened: where two of them run together among the known networks, as
multiply-adds and parameters do, a network in which they do not is far. The correlations are shrunk,
so that a direction in which hardly anything varies does not count for all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NEAREST = 3
SHRINKAGE = 0.5     # of the correlations towards none
NORM = 4            # of differences: one that is large is not made up for by many that are small
_LEAST = 0.02       # a deviation's least, of features that hardly vary among what is known


@dataclass(frozen=True)
class Neighbourhood:
    """Known networks as points.

    ``mean`` of shape (features,) and ``whitening`` (features, features) bring features to
    ``points`` (networks, features). A distance is the root of the mean squared difference: where
    no features ran together, 1 would be a deviation in each.
    """

    features: tuple[str, ...]
    mean: Array
    whitening: Array
    points: Array

    @classmethod
    def of(cls, features: tuple[str, ...], seen: Array) -> "Neighbourhood":
        """The neighbourhood of networks with these features, (networks, features)."""
        from sklearn.covariance import shrunk_covariance

        mean, scale = seen.mean(0), np.maximum(seen.std(0), _LEAST)
        z = (seen - mean) / scale
        shrunk = shrunk_covariance(z.T @ z / len(z), SHRINKAGE)
        values, vectors = np.linalg.eigh(shrunk)
        whitening = (vectors / np.sqrt(values)) @ vectors.T / scale[:, None]
        return cls(features, mean, whitening, (seen - mean) @ whitening)

    def distances(self, values: Array) -> Array:
        """From networks (n, features) to all known ones, (n, known)."""
        apart = ((values - self.mean) @ self.whitening)[:, None, :] - self.points[None, :, :]
        return np.asarray(((apart ** NORM).mean(2)) ** (1 / NORM))


def to_nearest(distances: Array) -> Array:
    """The mean distance to the three nearest, along the last axis."""
    count = min(NEAREST, distances.shape[-1])
    return np.asarray(np.partition(distances, count - 1, axis=-1)[..., :count].mean(-1))
