"""How far a network is from those whose accuracy is known.

Features are standardised and whitened: where two of them run together among the known networks, as
multiply-adds and parameters do, a network in which they do not is far. The correlations are shrunk,
so that a direction in which hardly anything varies does not count for all. What lies outside all
that known networks of about its multiply-adds have is further still.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

NEAREST = 8         # so many of one family hardly ever lie beside each other
SHRINKAGE = 0.5     # of the correlations towards none
OUTSIDE = 0.5       # how much being outside counts beside being apart
OCTAVE = 1.0        # half to double the multiply-adds are about the same
LEAST = 10          # networks with which one is compared, should fewer have about its multiply-adds
_LEAST = 0.02       # a deviation's least, of features that hardly vary among what is known


@dataclass(frozen=True)
class Neighbourhood:
    """Known networks as points, (networks, features), in deviations from the ``mean``.

    ``mean`` and ``scale`` of shape (features,); ``whitening`` (features, features). Distances are
    roots of mean squared differences: where no features ran together, 1 is a deviation in each.
    """

    features: tuple[str, ...]
    mean: Array
    scale: Array
    whitening: Array
    points: Array

    @classmethod
    def of(cls, features: tuple[str, ...], seen: Array) -> "Neighbourhood":
        """The neighbourhood of networks with these features, (networks, features), ``log_macs``
        among them."""
        from sklearn.covariance import shrunk_covariance

        mean, scale = seen.mean(0), np.maximum(seen.std(0), _LEAST)
        points = (seen - mean) / scale
        shrunk = shrunk_covariance(points.T @ points / len(seen), SHRINKAGE)
        values, vectors = np.linalg.eigh(shrunk)
        return cls(features, mean, scale, (vectors / np.sqrt(values)) @ vectors.T, points)

    def apart(self, values: Array) -> Array:
        """Distances from networks (n, features) to all known ones, (n, known)."""
        z = (values - self.mean) / self.scale
        differences = (z @ self.whitening)[:, None, :] - (self.points @ self.whitening)[None, :, :]
        return np.asarray(np.sqrt((differences * differences).mean(2)))

    def distance(self, values: Array, among: Mask | None = None) -> Array:
        """From networks (n, features) to the known ones, or those ``among`` them: the mean to the
        eight nearest, and half of how far outside their range it is; (n,)."""
        known = np.ones(len(self.points), bool) if among is None else among
        apart = self.apart(values)[:, known]
        count = min(NEAREST, apart.shape[1])
        near = np.partition(apart, count - 1, axis=1)[:, :count].mean(1)
        return np.asarray(near + OUTSIDE * self._outside(values, self.points[known]))

    def _outside(self, values: Array, points: Array) -> Array:
        """How far each is outside the ranges of points of about its multiply-adds: the root of the
        sum of squares, in deviations."""
        macs = self.features.index("log_macs")
        found = []
        for z in (values - self.mean) / self.scale:
            gap = np.abs(points[:, macs] - z[macs]) * self.scale[macs]
            few = np.sort(gap)[:LEAST]
            alike = points[gap <= max(OCTAVE, few[-1])]
            over = np.maximum(np.maximum(z - alike.max(0), alike.min(0) - z), 0.0)
            found.append(np.sqrt((over * over).sum()))
        return np.array(found)
