"""Acquisition function: the logarithm of the expected improvement."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, ndtr

Array = NDArray[np.float64]


def log_expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Log expected improvement over ``best`` of normal values; array of the shape of ``mean``.

    The logarithm ranks candidates even if every improvement is unlikely (Ament et al. 2023, eq. 9:
    the Mills ratio keeps it exact there)."""
    u = (mean - best) / deviation
    below = np.minimum(u, -1.0)
    far = -0.5 * below**2 - 0.5 * np.log(2 * np.pi) + np.log1p(
        below * np.sqrt(np.pi / 2) * erfcx(-below / np.sqrt(2)))
    above = np.maximum(u, -1.0)
    near = np.log(np.exp(-0.5 * above**2) / np.sqrt(2 * np.pi) + above * ndtr(above))
    found: Array = np.where(u < -1, far, near) + np.log(deviation)
    return found
