"""A latency, or another cost of a device, learned from a few measured networks of a space.

A Gaussian process over features of the whole graph (`graph_features`): a linear kernel, in which
every operation adds its share, plus a Matérn 5/2 one for what they do together, plus noise. Which
features matter depends on the device, so several sets are tried, and the one of greatest marginal
likelihood of the measured networks is kept (Rasmussen & Williams 2006, Sec. 5.4).
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from search.gaussian_process import left_out
from search.latency.graph_features import Features, Scaling

Array = NDArray[np.float64]

LEAST = 4       # measured networks

# Sets of features by name: which names belong to them.
SETS: dict[str, Callable[[str], bool]] = {
    "everything": lambda name: True,
    "live": lambda name: name.startswith("live "),
    "all": lambda name: name.startswith("all "),
    "no positions": lambda name: " at " not in name,
    "live, no positions": lambda name: name.startswith("live ") and " at " not in name,
}


@dataclass(frozen=True)
class LearnedCost:
    """Predicts a cost of networks of a space. ``features``: the name of the set that is used."""

    features: str
    scaling: Scaling
    process: Any            # sklearn's
    mean: float
    deviation: float

    @classmethod
    def fit(cls, known: Sequence[Features], costs: Sequence[float]) -> Self:
        """Learned from networks and their costs, in any unit; deterministic.

        Raises:
            ValueError: fewer than four networks.
        """
        if len(known) < LEAST:
            raise ValueError(f"a cost is learned from {LEAST} networks or more")
        values = np.array(costs, dtype=float)
        mean, deviation = float(values.mean()), float(values.std()) or 1.0
        tried = [(name, *_process(_only(known, name), (values - mean) / deviation))
                 for name in SETS]
        name, scaling, process = max(tried, key=lambda t: t[2].log_marginal_likelihood_value_)
        return cls(name, scaling, process, mean, deviation)

    def __call__(self, networks: Sequence[Features]) -> Array:
        """The costs of networks, of shape (networks,), in the unit of those it learned from."""
        found: Array = self.process.predict(self.scaling(networks)) * self.deviation + self.mean
        return found

    @property
    def measured(self) -> Array:
        """The costs that it learned from."""
        found: Array = self.process.y_train_ * self.deviation + self.mean
        return found

    def left_out(self) -> Array:
        """Each of `measured`, predicted from all others, the kernel staying as it is."""
        found, _ = left_out(self.process.L_, self.process.y_train_)
        return found * self.deviation + self.mean


def _only(known: Sequence[Features], name: str) -> list[Features]:
    belongs = SETS[name]
    return [{key: value for key, value in features.items() if belongs(key)} for features in known]


def _process(known: Sequence[Features], values: Array) -> tuple[Scaling, Any]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern, WhiteKernel

    scaling = Scaling.of(known)
    kernel = ConstantKernel(1.0, (1e-3, 1e4)) * DotProduct(1e-3, "fixed") \
        + ConstantKernel(0.3, (1e-3, 1e3)) * Matern(1.0, (0.1, 100.0), nu=2.5) \
        + WhiteKernel(1e-2, (1e-6, 1.0))
    with warnings.catch_warnings():     # a bound that is reached is an answer
        warnings.simplefilter("ignore", ConvergenceWarning)
        return scaling, GaussianProcessRegressor(kernel).fit(scaling(known), values)
