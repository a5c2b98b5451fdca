"""How far a network is from those whose accuracy is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NEAREST = 3
_LEAST = 0.02       # a deviation's least, of features that hardly vary among what is known


@dataclass(frozen=True)
class Neighbourhood:
    """Known networks as points: features in their deviations.

    ``points`` of shape (networks, features) are standardised; ``mean`` and ``scale`` of shape
    (features,). A distance is the root of the mean squared difference, so 1 is a deviation in each.
    """

    features: tuple[str, ...]
    mean: Array
    scale: Array
    points: Array

    @classmethod
    def of(cls, features: tuple[str, ...], seen: Array) -> "Neighbourhood":
        """The neighbourhood of networks with these features, (networks, features)."""
        mean, scale = seen.mean(0), np.maximum(seen.std(0), _LEAST)
        return cls(features, mean, scale, (seen - mean) / scale)

    def distances(self, values: Array) -> Array:
        """From networks (n, features) to all known ones, (n, known)."""
        z = (values - self.mean) / self.scale
        apart = z[:, None, :] - self.points[None, :, :]
        return np.asarray(np.sqrt((apart * apart).mean(2)))


def to_nearest(distances: Array) -> Array:
    """The mean distance to the three nearest, along the last axis."""
    count = min(NEAREST, distances.shape[-1])
    return np.asarray(np.partition(distances, count - 1, axis=-1)[..., :count].mean(-1))
