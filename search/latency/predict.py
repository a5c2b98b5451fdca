"""Latency predictor: a network's latency from a device's table, without building it.

A timed layer has its measured time; others are predicted by a Gaussian process of the logarithm of
the time (`search.gaussian_process`), from fields, shapes and cost. A network's latency is the sum
over its layers, with a correction fitted to whole networks. Tables of layers are from ProxylessNAS
(Cai, Zhu & Han 2019, Sec. 3.3), predicting missing ones from nn-Meter (Zhang et al. 2021), which
uses random forests.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky

from search.latency.layers import Layer, layers
from search.latency.table import LatencyError, LatencyTable
from searchspace.expansion import Expansion

Array = NDArray[np.float64]
MAX_LOG = 100.0     # bound on |log| of a layer's seconds


class Predictor:
    """Predicts latencies on the device of a table; deterministic.

    Raises:
        TableError: the table's numbers are invalid, so that nothing can be predicted.
    """

    def __init__(self, table: LatencyTable) -> None:
        self.table = table
        self._known: dict[Layer, float] = dict(table.layers)
        times = np.log(list(table.layers.values()))
        self._mean, self._spread = float(times.mean()), float(times.std()) or 1.0
        self._x = table.columns(list(table.layers))
        try:
            below = cholesky(table.process.kernel(self._x, self._x)
                             + table.process.noise * np.eye(len(times)), lower=True)
        except (LinAlgError, ValueError) as error:
            raise LatencyError("nothing can be predicted from this latency table: "
                               f"{error}") from None
        self._weights: Array = cho_solve((below, True), (times - self._mean) / self._spread)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Predictor":
        """Itself: its cache is derived from the table."""
        return self

    def of_layers(self, wanted: Sequence[Layer]) -> list[float]:
        """Seconds of each layer alone."""
        new = list(dict.fromkeys(layer for layer in wanted if layer not in self._known))
        if new:
            mean = self.table.process.kernel(self.table.columns(new), self._x) @ self._weights
            for layer, value in zip(new, mean.tolist(), strict=True):
                log = self._mean + self._spread * value
                if not abs(log) < MAX_LOG:
                    raise LatencyError("the latency table predicts a time that no layer can take")
                self._known[layer] = math.exp(log)
        return [self._known[layer] for layer in wanted]

    def seconds(self, network: Expansion) -> float:
        """Seconds of a network on the device, for the table's batch of images."""
        parts = self.of_layers(list(layers(network)))
        return self.table.scale * math.fsum(parts) + self.table.each * len(parts)

    def nanoseconds(self, network: Expansion) -> int:
        """Whole nanoseconds of a network: a cost that a budget can bound."""
        return round(self.seconds(network) * 1e9)
