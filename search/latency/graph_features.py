"""Features of a whole network from its graph, by which a model learns its latency.

For each position in the genotype, each kind of layer and the whole, twice: of all operations, as
the network is written, and of those that are live. Compilers leave out what does not lead to the
output, and some devices' figures are sums over everything.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from math import prod
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from searchspace.expansion import Expansion, Node
from searchspace.ops.zero import Zero

Array = NDArray[np.float64]
Features = dict[str, float]

_REPEAT = re.compile(r"\.\d+(?=\.|$)")
LIMIT = 4.0         # deviations, beyond which a feature is cut off


def live(network: Expansion) -> list[bool]:
    """For each operation, whether the output depends on it: what leads only to zeros does not."""
    found = [False] * len(network.nodes)
    if network.output >= 0:
        found[network.output] = True
    for i in range(len(found) - 1, -1, -1):
        if found[i] and not isinstance(network.nodes[i].op, Zero):
            for source in network.nodes[i].inputs:
                if source >= 0:
                    found[source] = True
    return found


def graph_features(network: Expansion) -> Features:
    """The features by name, of a network that was expanded with names (`trace`)."""
    found: Features = {}
    for name, kept in (("all", [True] * len(network.nodes)), ("live", live(network))):
        for key, value in _of(network, kept):
            found[f"{name} {key}"] = found.get(f"{name} {key}", 0.0) + value
    return found


def layer_counts(network: Expansion) -> Features:
    """How often each kind of layer is there: what a sum over layers knows of a network."""
    found: Features = {}
    for node in network.nodes:
        kind = _kind(node)
        found[kind] = found.get(kind, 0.0) + 1
    return found


def _of(network: Expansion, kept: Sequence[bool]) -> Iterator[tuple[str, float]]:
    """Features of the operations that are kept; equal names are added up."""
    nodes = [(i, node) for i, node in enumerate(network.nodes) if kept[i]]
    for _, node in nodes:
        yield f"at {_position(node.name)}", 1
        yield _kind(node), 1
        yield "MACs", node.cost.macs
        yield "params", node.cost.params
        yield "elements", prod(node.shape)
        yield "operations", 1
        if node.op.commutes:
            yield "terms", sum(i < 0 or kept[i] for i in node.inputs)
    yield "depth", _longest(nodes, lambda node: 1.0)
    yield "depth in layers with weights", _longest(nodes, lambda node: float(node.cost.macs > 0))
    yield "MACs in a row", _longest(nodes, lambda node: float(node.cost.macs))


def _longest(nodes: Sequence[tuple[int, Node]], weight: Callable[[Node], float]) -> float:
    """The greatest sum of weights along a path."""
    found: dict[int, float] = {}
    for i, node in nodes:
        found[i] = weight(node) + max((found.get(j, 0.0) for j in node.inputs), default=0.0)
    return max(found.values(), default=0.0)


def _kind(node: Node) -> str:
    return f"{node.op.label()} {'×'.join(map(str, node.shape))}"


@lru_cache(maxsize=1 << 16)
def _position(name: str) -> str:
    """The name of an operation without the numbers of repeats: all repeats are one position."""
    return _REPEAT.sub("", name)


class Scaling(NamedTuple):
    """Features as columns with mean 0 and deviation 1 over the networks that they are learned from,
    cut off at `LIMIT`, and divided by the root of their number."""

    names: tuple[str, ...]
    means: Array
    deviations: Array

    @classmethod
    def of(cls, known: Sequence[Features]) -> Self:
        """The columns that are not constant over some networks."""
        names = sorted({name for features in known for name in features})
        table = np.array([[features.get(name, 0.0) for name in names] for features in known])
        kept = table.std(0) > 0
        return cls(tuple(np.array(names)[kept].tolist()), table.mean(0)[kept], table.std(0)[kept])

    def __call__(self, wanted: Sequence[Features]) -> Array:
        """The matrix of some networks, of shape (networks, columns)."""
        table = np.array([[features.get(name, 0.0) for name in self.names] for features in wanted])
        scaled = (table - self.means) / self.deviations
        cut: Array = np.clip(scaled, -LIMIT, LIMIT) / max(1, len(self.names)) ** 0.5
        return cut
