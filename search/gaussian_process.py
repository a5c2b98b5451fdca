"""Exact Gaussian process for few observations of many decisions.

The kernel is the sum of a linear one on all columns (additive effects of decisions, which explain
most of the accuracy and can be estimated from ten observations), a Matérn 5/2 one with a length
scale per group of columns (Rasmussen & Williams 2006, eq. 4.17, 5.1), and noise. Hyperparameters
are maximum a posteriori; their priors are wide but prevent a model of ten observations from relying
on a single decision (Hvarfner, Hellsten & Nardi 2024).

Observations may come from several sources: 0 is what is predicted, others resemble it, such as
shorter trainings, or another data set. Each other source has a correlation with source 0, a scale
and a noise of its own (coregionalisation: Álvarez, Rosasco & Lawrence 2012, section 4.2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.spatial.distance import cdist
from scipy.special import expit

Array = NDArray[np.float64]
Numbers = NDArray[np.intp]

_ROOT5 = 5.0 ** 0.5


@dataclass(frozen=True)
class Prior:
    """Normal priors (mean, deviation) of the logarithms of the hyperparameters, and of the log-odds
    of agreement."""

    length: tuple[float, float] = (0.7, 1.0)       # plus half the log of the number of groups
    linear: tuple[float, float] = (0.0, 1.0)       # variances, of standardised targets
    smooth: tuple[float, float] = (-1.0, 1.0)
    noise: tuple[float, float] = (-3.0, 1.0)
    agreement: tuple[float, float] = (1.5, 1.0)
    scale: tuple[float, float] = (0.0, 0.5)


class Other(NamedTuple):
    """Another source: its values are correlated with those of source 0 by ``agreement``, from 0 to
    1, and ``scale`` times as large; ``noise`` is a variance."""

    agreement: float
    scale: float
    noise: float


@dataclass(frozen=True)
class Process:
    """Gaussian process with its hyperparameters; ``groups`` is the group of each column."""

    groups: Numbers
    lengths: Array
    linear: float
    smooth: float
    noise: float
    others: tuple[Other, ...] = ()      # sources 1, 2, …

    def kernel(self, a: Array, b: Array) -> Array:
        """Prior covariances of the noise-free values, shape (a, b)."""
        weights = 1 / self.lengths[self.groups]
        r = cdist(a * weights, b * weights)
        return self.linear * (1 + a @ b.T) + self.smooth * _matern(r)

    def posterior(self, x: Array, y: Array, at: Array, source: Numbers | None = None,
                  ) -> tuple[Array, Array]:
        """Mean and variance of the noise-free values at ``at``; y of shape (x,), of which
        ``source`` tells the sources (default: all 0)."""
        below = cholesky(self._covariance(x, source), lower=True)
        across = self.kernel(x, at)
        if source is not None:
            across = across * self._between(source, np.zeros(len(at), dtype=np.intp))
        mean = across.T @ cho_solve((below, True), y)
        half = solve_triangular(below, across, lower=True)
        prior = self.linear * (1 + (at * at).sum(1)) + self.smooth
        return mean, np.maximum(prior - (half * half).sum(0), 1e-12)

    def shared(self, x: Array, at: Array, source: Numbers) -> Array:
        """How much an observation of each source at ``at`` would say of the noise-free value of
        source 0 there: their squared correlations given the observations at ``x``, whatever these
        were; shape (sources, at)."""
        below = cholesky(self._covariance(x, source), lower=True)
        across = self.kernel(x, at)
        prior = self.linear * (1 + (at * at).sum(1)) + self.smooth
        found, first, variance = [], np.zeros_like(across), prior
        for number, of in enumerate((Other(1.0, 1.0, self.noise), *self.others)):
            here = np.full(len(at), number, dtype=np.intp)
            half = solve_triangular(below, across * self._between(source, here), lower=True)
            if number == 0:
                first, variance = half, np.maximum(prior - (half * half).sum(0), 1e-12)
            both = prior * of.agreement * of.scale - (first * half).sum(0)
            own = np.maximum(prior * of.scale ** 2 - (half * half).sum(0), 1e-12) + of.noise
            found.append(np.clip(both * both / (variance * own), 0, 1))
        return np.array(found)

    def left_out(self, x: Array, y: Array, source: Numbers | None = None) -> tuple[Array, Array]:
        """Mean and variance of each of y, noise included, given all others (Rasmussen & Williams
        2006, eq. 5.12)."""
        return left_out(cholesky(self._covariance(x, source), lower=True), y)

    def _covariance(self, x: Array, source: Numbers | None) -> Array:
        found = self.kernel(x, x)
        if source is None:
            return found + self.noise * np.eye(len(x))
        noise = np.array([self.noise, *(other.noise for other in self.others)])
        return found * self._between(source, source) + np.diag(noise[source])

    def _between(self, a: Numbers, b: Numbers) -> Array:
        agreement, scale = (np.array([1.0, *values]) for values in (
            [other.agreement for other in self.others], [other.scale for other in self.others]))
        return np.asarray(_agreements(agreement, a, b) * scale[a][:, None] * scale[b])


def typical(groups: Sequence[int], prior: Prior) -> Process:
    """The process with the means of its priors, for use without observations."""
    return _process(np.array(groups), _start(max(groups) + 1, prior))


def fit(x: Array, y: Array, groups: Sequence[int], prior: Prior, source: Numbers | None = None,
        ) -> Process:
    """The maximum a posteriori process for standardised ``y`` of shape (x,); deterministic.
    ``source``: the sources of y, without gaps (default: all 0)."""
    which, n = np.array(groups), max(groups) + 1
    parts = np.stack([cdist(x[:, which == g], x[:, which == g], "sqeuclidean") for g in range(n)])
    linear = 1 + x @ x.T
    others = 0 if source is None else int(source.max())
    begin = _start(n, prior, others)
    deviation = np.array([prior.length[1]] * n + [prior.linear[1], prior.smooth[1], prior.noise[1]]
                         + [prior.agreement[1], prior.scale[1], prior.noise[1]] * others)

    from scipy.optimize import minimize  # here: with it every command would begin 0.2 s later

    def loss(at: Array) -> tuple[float, Array]:
        inverse = np.exp(-2 * at[:n])
        variances = np.exp(at[n:n + 3])
        r = np.sqrt(np.maximum(np.tensordot(inverse, parts, 1), 0))
        smooth = _matern(r)
        k = variances[0] * linear + variances[1] * smooth
        more = None if source is None else _Mixed(at[n + 3:].reshape(others, 3), source)
        noisy = k + variances[2] * np.eye(len(x)) if more is None else \
            k * more.weights + np.diag(np.array([variances[2], *more.noise])[more.source])
        below = cholesky(noisy + 1e-9 * np.eye(len(x)), lower=True)
        alpha = cho_solve((below, True), y)
        inner = cho_solve((below, True), np.eye(len(x))) - np.outer(alpha, alpha)
        weighted = inner if more is None else inner * more.weights
        shrink = 5 / 3 * variances[1] * (1 + _ROOT5 * r) * np.exp(-_ROOT5 * r)
        off = (at - begin) / deviation
        value = 0.5 * y @ alpha + np.log(np.diag(below)).sum() + 0.5 * off @ off
        own = np.trace(inner) if source is None else np.diag(inner)[source == 0].sum()
        slope = 0.5 * np.concatenate([
            np.tensordot(parts, weighted * shrink, 2) * inverse,
            [variances[0] * (weighted * linear).sum(), variances[1] * (weighted * smooth).sum(),
             variances[2] * own], [] if more is None else more.slopes(inner, k)])
        return float(value), slope + off / deviation

    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 60},
                     bounds=[(b - 4 * d, b + 4 * d) for b, d in zip(begin, deviation, strict=True)])
    return _process(which, found.x, others)


class _Mixed:
    """Other sources during a fit. ``at``: log-odds of agreement, logarithms of scale and noise,
    shape (others, 3)."""

    def __init__(self, at: Array, source: Numbers) -> None:
        self.source = source
        self.agreement = np.array([1.0, *expit(at[:, 0])])
        scale = np.exp(np.array([0.0, *at[:, 1]]))
        self.noise = np.exp(at[:, 2])
        self.scales = np.outer(scale[source], scale[source])
        self.weights = _agreements(self.agreement, source, source) * self.scales

    def slopes(self, inner: Array, k: Array) -> Array:
        """Twice the slope of the loss by each of ``at``, in order."""
        found, share = [], inner * k
        for number, noise in enumerate(self.noise, 1):
            mine = self.source == number
            c = self.agreement[number]
            apart = (share * self.scales)[mine][:, ~mine] @ self.agreement[self.source[~mine]]
            found += [2 * c * (1 - c) * apart.sum(), 2 * (share * self.weights)[mine].sum(),
                      noise * np.diag(inner)[mine].sum()]
        return np.array(found)


def _agreements(agreement: Array, a: Numbers, b: Numbers) -> Array:
    """Correlations of values of the same network in sources a and b; 1 in the same source."""
    return np.where(a[:, None] == b, 1.0, np.outer(agreement[a], agreement[b]))


def _start(count: int, prior: Prior, others: int = 0) -> Array:
    return np.array([prior.length[0] + 0.5 * np.log(count)] * count +
                    [prior.linear[0], prior.smooth[0], prior.noise[0]] +
                    [prior.agreement[0], prior.scale[0], prior.noise[0]] * others)


def _process(groups: Numbers, at: Array, others: int = 0) -> Process:
    n = len(at) - 3 - 3 * others
    linear, smooth, noise = np.exp(at[n:n + 3])
    return Process(groups, np.exp(at[:n]), float(linear), float(smooth), float(noise), tuple(
        Other(float(expit(c)), float(np.exp(scale)), float(np.exp(variance)))
        for c, scale, variance in at[n + 3:].reshape(others, 3)))


def _matern(r: Array) -> Array:
    return (1 + _ROOT5 * r + 5 / 3 * r * r) * np.exp(-_ROOT5 * r)


def left_out(below: Array, y: Array) -> tuple[Array, Array]:
    """Mean and variance of each of y, noise included, given all others (Rasmussen & Williams 2006,
    eq. 5.12); ``below`` is the lower Cholesky factor of their covariance, noise included."""
    variance = 1 / np.diag(cho_solve((below, True), np.eye(len(y))))
    return y - cho_solve((below, True), y) * variance, variance
