"""The surrogate: a Gaussian process over graph features that predicts a study's objective.

One kernel on all features, whose groups have equal weight (`Columns`), learns as much as one with a
length scale per group, and does not mistake a group for the cause of ten values
(docs/predict.md has the comparison). Where higher values are better, the mean before any
observation rises with the predicted accuracy, or with the costs (`Columns.prior_mean`). Values of
other sources, such as shorter trainings or another study, are observations that are correlated with
those wanted. Intervals are widened or narrowed by how well they hold what is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from search.gaussian_process import Prior, Process, fit
from search.surrogate.columns import Columns
from search.surrogate.features import GROUPS, Named
from search.surrogate.stretch import Stretch

Array = NDArray[np.float64]

LEAST = 5           # observations of what is predicted
MOST = 300          # observations of a source at most: half the best, half the latest
PRIOR = Prior(length=(0.0, 1.0), linear=(-1.5, 1.5))
EIGHTY = 1.2816     # deviations to the ends of an 80 % interval
TRUST = 10          # observations that calibration of the intervals counts as before any


class Observed(NamedTuple):
    """Networks with their values from one source."""

    networks: Sequence[Named]
    values: Array


@dataclass(frozen=True)
class Predicted:
    """Predicted values, and the ends of their 80 % intervals, noise of one evaluation included;
    each of shape (networks,), in the unit of the objective."""

    value: Array
    lower: Array
    upper: Array

    def coverage(self, values: Array) -> float:
        """The share of the values inside the intervals, 0 to 1."""
        return float(((values >= self.lower) & (values <= self.upper)).mean())


@dataclass(frozen=True)
class Surrogate:
    """A fitted model; ``x``, ``y`` and ``source`` are what it learned from, source 0 first."""

    columns: Columns
    process: Process
    stretch: Stretch
    is_maximized: bool      # only then is something expected before any observation
    x: Array
    y: Array                # stretched
    source: NDArray[np.intp]
    width: float = 1.0      # of the intervals, relative to the process's own

    @classmethod
    def fit(cls, columns: Columns, sources: Sequence[Observed], maximize: bool = True,
            least: int = LEAST) -> Self:
        """Learned from what was observed, of which the first source is what is predicted;
        deterministic.

        Raises:
            ValueError: fewer than ``least`` values of the first source.
        """
        if len(sources[0].values) < least:
            raise ValueError(f"a model needs {least} evaluated networks or more, and there are "
                             f"{len(sources[0].values)}")
        scales = [Stretch.of(np.asarray(of.values, dtype=float), maximize) for of in sources]
        x = np.concatenate([columns(of.networks) for of in sources])
        y = np.concatenate([scale(np.asarray(of.values, dtype=float))
                            for of, scale in zip(sources, scales, strict=True)])
        source = np.repeat(np.arange(len(sources)), [len(of.values) for of in sources])
        before = columns.prior_mean(x) if maximize else 0.0
        process = fit(x, y - before, [0] * x.shape[1], PRIOR, source)
        found = cls(columns, process, scales[0], maximize, x, y, source)
        mean, deviation = found._left_out()
        share = float(np.quantile(np.abs(y[source == 0] - mean) / deviation, 0.8)) / EIGHTY
        return replace(found, width=(len(mean) * share + TRUST) / (len(mean) + TRUST))

    def __call__(self, networks: Sequence[Named] | Array) -> Predicted:
        """Predictions for networks, given by features or as rows of the columns' matrix."""
        at = networks if isinstance(networks, np.ndarray) else self.columns(networks)
        mean, variance = self.process.posterior(self.x, self._rest, at, self.source)
        return self._shown(mean + self._before(at), np.sqrt(variance + self.process.noise))

    def believed(self, at: Array) -> tuple[Array, Array]:
        """Mean and deviation of noise-free values on the scale of learning, each of shape
        (networks,); ``at`` are rows of the columns' matrix."""
        mean, variance = self.process.posterior(self.x, self._rest, at, self.source)
        return mean + self._before(at), np.sqrt(variance)

    def shared(self, at: Array) -> Array:
        """What an evaluation by each source would say of these networks, see `Process.shared`."""
        return self.process.shared(self.x, at, self.source)

    def left_out(self) -> Predicted:
        """What is predicted of each observation of source 0 by all others, the process's few
        hyperparameters apart, which know it; in the order they were given."""
        return self._shown(*self._left_out())

    def importance(self) -> dict[str, float]:
        """How much the squared error of what is left out grows, relative to itself, where a group
        of features is taken away; greatest first. Of groups that say the same none is missed."""
        whole = self._error(self.x)
        found = {}
        for group in GROUPS:
            columns = self.columns.group(group)
            if columns.any():
                found[group] = self._error(np.where(columns, 0.0, self.x)) / whole - 1
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    def _before(self, at: Array) -> Array:
        """The prior mean of rows of the columns' matrix."""
        return self.columns.prior_mean(at) if self.is_maximized else np.zeros(len(at))

    @property
    def _rest(self) -> Array:
        return self.y - self._before(self.x)

    def _error(self, x: Array) -> float:
        mean, _ = self.process.left_out(x, self._rest, self.source)
        return float(((self._rest - mean)[self.source == 0] ** 2).mean())

    def _left_out(self) -> tuple[Array, Array]:
        """Mean and deviation of the stretched values of source 0."""
        mean, variance = self.process.left_out(self.x, self._rest, self.source)
        mean = mean + self._before(self.x)
        return mean[self.source == 0], np.sqrt(variance[self.source == 0])

    def _shown(self, mean: Array, deviation: Array) -> Predicted:
        half = EIGHTY * self.width * deviation
        ends = [self.stretch.back(mean + step) for step in (-half, half)]
        return Predicted(self.stretch.back(mean), np.minimum(*ends), np.maximum(*ends))


def chosen(values: Array, maximize: bool) -> list[int]:
    """Indices of the observations of a source that a model learns from: all, or of many the best
    and the latest."""
    if len(values) <= MOST:
        return list(range(len(values)))
    latest = range(len(values) - MOST // 2, len(values))
    order = np.argsort(-values if maximize else values, kind="stable")
    best = [int(i) for i in order if i not in latest]
    return sorted([*latest, *best[:MOST - len(latest)]])
