"""How much one more observation would tell about the best value there is.

Max-value entropy search (Wang & Jegelka 2017) in the closed form of GIBBON (Moss et al. 2021,
arXiv 2102.03324, eq. 10): the information that a noisy observation, correlated with the value of a
network, gives about the greatest value of all. An observation is a training of some length, so that
its information is divided by what it costs (Takeno et al. 2020, arXiv 1901.08275).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx
from scipy.stats import norm

Array = NDArray[np.float64]

MAXIMA = 8          # quantiles of the greatest value that information is averaged over
_GRID = 200         # values at which its distribution is computed


def maxima(mean: Array, deviation: Array) -> Array:
    """Values that the greatest of some independent normal ones may have: evenly spaced quantiles of
    the Gumbel distribution with the quartiles of that maximum (Wang & Jegelka 2017, section 3.1),
    none below the greatest mean; shape (`MAXIMA`,)."""
    top, wide = float(mean.max()), float(deviation.max())
    grid = np.linspace(top - 3 * wide, top + 6 * wide, _GRID)
    below = np.exp(norm.logcdf((grid[:, None] - mean) / deviation).sum(1))
    low, middle, high = np.interp([0.25, 0.5, 0.75], below, grid)
    scale = (high - low) / (np.log(np.log(4)) - np.log(np.log(4 / 3)))
    place = middle + scale * np.log(np.log(2))
    shares = (np.arange(MAXIMA) + 0.5) / MAXIMA
    found: Array = np.maximum(place - scale * np.log(-np.log(shares)), top)
    return found


def information(mean: Array, deviation: Array, shared: Array, greatest: Array) -> Array:
    """Information in nats about the greatest value, shape (networks,).

    ``shared``: the squared correlation, from 0 to 1, of each observation with the network's value;
    ``greatest``: see `maxima`.
    """
    gap = (greatest[:, None] - mean) / deviation
    ratio = np.sqrt(2 / np.pi) / erfcx(-gap / np.sqrt(2))       # density over distribution
    left = 1 - shared * ratio * (gap + ratio)
    found: Array = -0.5 * np.log(np.maximum(left, 1e-12)).mean(0)
    return found
