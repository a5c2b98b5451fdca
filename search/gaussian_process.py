"""Exact Gaussian process for few observations of many decisions.

The kernel is the sum of a linear one on all columns (additive effects of decisions, which explain
most of the accuracy and can be estimated from ten observations), a Matérn 5/2 one with a length
scale per group of columns (Rasmussen & Williams 2006, eq. 4.17, 5.1), and noise. Hyperparameters
are maximum a posteriori; their priors are wide but prevent a model of ten observations from relying
on a single decision (Hvarfner, Hellsten & Nardi 2024).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

Array = NDArray[np.float64]

_ROOT5 = 5.0 ** 0.5


@dataclass(frozen=True)
class Prior:
    """Normal priors (mean, deviation) of the logarithms of the hyperparameters."""

    length: tuple[float, float] = (0.7, 1.0)       # plus half the log of the number of groups
    linear: tuple[float, float] = (0.0, 1.0)       # variances, of standardised targets
    smooth: tuple[float, float] = (-1.0, 1.0)
    noise: tuple[float, float] = (-3.0, 1.0)


@dataclass(frozen=True)
class Process:
    """Gaussian process with its hyperparameters; ``groups`` is the group of each column."""

    groups: NDArray[np.intp]
    lengths: Array
    linear: float
    smooth: float
    noise: float

    def kernel(self, a: Array, b: Array) -> Array:
        """Prior covariances of the noise-free values, shape (a, b)."""
        weights = 1 / self.lengths[self.groups]
        r = cdist(a * weights, b * weights)
        return self.linear * (1 + a @ b.T) + self.smooth * _matern(r)

    def posterior(self, x: Array, y: Array, at: Array) -> tuple[Array, Array]:
        """Mean and variance of the noise-free values at ``at``; y of shape (x,)."""
        below = cholesky(self.kernel(x, x) + self.noise * np.eye(len(x)), lower=True)
        across = self.kernel(x, at)
        mean = across.T @ cho_solve((below, True), y)
        half = solve_triangular(below, across, lower=True)
        prior = self.linear * (1 + (at * at).sum(1)) + self.smooth
        return mean, np.maximum(prior - (half * half).sum(0), 1e-12)


def typical(groups: Sequence[int], prior: Prior) -> Process:
    """The process with the means of its priors, for use without observations."""
    return _process(np.array(groups), _start(max(groups) + 1, prior))


def fit(x: Array, y: Array, groups: Sequence[int], prior: Prior) -> Process:
    """The maximum a posteriori process for standardised ``y`` of shape (x,); deterministic."""
    which, n = np.array(groups), max(groups) + 1
    parts = np.stack([cdist(x[:, which == g], x[:, which == g], "sqeuclidean") for g in range(n)])
    linear = 1 + x @ x.T
    begin = _start(n, prior)
    deviation = np.array([prior.length[1]] * n +
                         [prior.linear[1], prior.smooth[1], prior.noise[1]])

    def loss(at: Array) -> tuple[float, Array]:
        inverse = np.exp(-2 * at[:n])
        variances = np.exp(at[n:])
        r = np.sqrt(np.maximum(np.tensordot(inverse, parts, 1), 0))
        smooth = _matern(r)
        k = variances[0] * linear + variances[1] * smooth + variances[2] * np.eye(len(x))
        below = cholesky(k + 1e-9 * np.eye(len(x)), lower=True)
        alpha = cho_solve((below, True), y)
        inner = cho_solve((below, True), np.eye(len(x))) - np.outer(alpha, alpha)
        shrink = 5 / 3 * variances[1] * (1 + _ROOT5 * r) * np.exp(-_ROOT5 * r)
        off = (at - begin) / deviation
        value = 0.5 * y @ alpha + np.log(np.diag(below)).sum() + 0.5 * off @ off
        slope = 0.5 * np.concatenate([
            np.tensordot(parts, inner * shrink, 2) * inverse,
            [variances[0] * (inner * linear).sum(), variances[1] * (inner * smooth).sum(),
             variances[2] * np.trace(inner)]])
        return float(value), slope + off / deviation

    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 60},
                     bounds=[(b - 4 * d, b + 4 * d) for b, d in zip(begin, deviation, strict=True)])
    return _process(which, found.x)


def _start(count: int, prior: Prior) -> Array:
    return np.array([prior.length[0] + 0.5 * np.log(count)] * count +
                    [prior.linear[0], prior.smooth[0], prior.noise[0]])


def _process(groups: NDArray[np.intp], at: Array) -> Process:
    linear, smooth, noise = np.exp(at[-3:])
    return Process(groups, np.exp(at[:-3]), float(linear), float(smooth), float(noise))


def _matern(r: Array) -> Array:
    return (1 + _ROOT5 * r + 5 / 3 * r * r) * np.exp(-_ROOT5 * r)
