"""What a learned predictor sees of a network: named numbers of its expanded graph, in groups.

*costs* and *structure* are the features of `top1` (`search.predictors.features`), and *expected* is
what it predicts from them, of networks for images like ImageNet's; *levels* count
each kind of operation at each resolution, *positions* at each place of the genotype, with what is
joined there, *sizes* are the multiply-adds at each place, and *paths* count operations along the
ways through the network (`search.surrogate.paths`). Decisions are not among them: two spellings of
one network are one network, and only operations count that lead from the input to the output.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np

from search.predictors.artefact import bundled
from search.predictors.features import FEATURES, vector
from search.predictors.layer_statistics import LEVELS, digest
from search.surrogate.paths import along_paths, sets_of
from searchspace.errors import ShapeError
from searchspace.expansion import Expansion, Node
from searchspace.ops.zero import Zero

GROUPS = ("costs", "expected", "structure", "levels", "positions", "sizes", "paths")
COSTS = ("log_macs", "log_params")
EXPECTED = ("expected", "top1")
KINDS = 5           # of operations, at most, that are counted along paths
OUTSIDE = frozenset({"linear", "gap"})      # kinds of the head, which every path meets

Named = dict[tuple[str, str], float]        # by group and name
Live = list[tuple[int, Node, str]]          # number, operation, kind

_REPEAT = re.compile(r"\.\d+(?=\.|$)")


@dataclass(frozen=True)
class Describer:
    """Features of networks of one space. ``kinds``: of operations that are counted along paths;
    ``expects``: whether their accuracy is predicted from published ones (`top1`)."""

    kinds: tuple[str, ...]
    expects: bool = False

    @classmethod
    def of(cls, networks: Sequence[Expansion]) -> Self:
        """The one for a space, of which there are some networks: the kinds of operations whose
        numbers vary most among them. Accuracy is predicted where it can be of all of these."""
        counts = [Counter(kind for _, node, kind in live(network) if not node.op.commutes
                          and node.op.kind not in OUTSIDE) for network in networks]
        spread = {kind: _spread([found[kind] for found in counts])
                  for kind in sorted({kind for found in counts for kind in found})}
        kinds = sorted((kind for kind in spread if spread[kind] > 0), key=lambda k: -spread[k])
        scope = bundled().scope
        return cls(tuple(kinds[:KINDS]),
                   all(scope.refuses(network) is None for network in networks))

    def __call__(self, network: Expansion) -> Named:
        """The features of a network that was expanded with names (`trace`)."""
        found: dict[tuple[str, str], float] = defaultdict(float)
        nodes = live(network)
        for key, value in (*self._structure(network), *_levels(network, nodes),
                           *_positions(network, nodes), *self._paths(nodes)):
            found[key] += value
        return dict(found)

    def _structure(self, network: Expansion) -> Iterator[tuple[tuple[str, str], float]]:
        try:
            of = digest(network)
        except ShapeError:          # every map is a single pixel
            return
        values = vector(of)
        for name, value in zip(FEATURES, values, strict=True):
            yield ("costs" if name in COSTS else "structure", name), value
        if self.expects:            # also far from what was published: it is only where one begins
            yield EXPECTED, -bundled().calibration.log_error(np.array([values])).item()

    def _paths(self, nodes: Live) -> Iterator[tuple[tuple[str, str], float]]:
        sets = sets_of(self.kinds)
        counted, logarithm = along_paths(nodes, sets)
        for of, row in zip(("fewest", "most", "mean"), counted.tolist(), strict=True):
            for some, value in zip(sets, row, strict=True):
                yield ("paths", f"{of} {' or '.join(sorted(some))}"), value
        yield ("paths", "log number"), logarithm


def live(network: Expansion) -> Live:
    """The operations that lead from the input to the output, not through zeros."""
    nodes = network.nodes
    fed = [False] * len(nodes)
    for i, node in enumerate(nodes):
        fed[i] = not isinstance(node.op, Zero) and any(j < 0 or fed[j] for j in node.inputs)
    wanted = [False] * len(nodes)
    if network.output >= 0:
        wanted[network.output] = True
    for i in range(len(nodes) - 1, -1, -1):
        if wanted[i] and fed[i]:
            for j in nodes[i].inputs:
                if j >= 0:
                    wanted[j] = True
    return [(i, node, _kind(node.op.label())) for i, node in enumerate(nodes)
            if wanted[i] and fed[i]]


def _levels(network: Expansion, nodes: Live) -> Iterator[tuple[tuple[str, str], float]]:
    edge = max(network.input[1:])
    for _, node, kind in nodes:
        level = min(LEVELS, max(0, round(math.log2(edge / max(node.shape[1:])))))
        yield ("levels", f"{kind} at 1/{2 ** level}"), 1.0


def _positions(network: Expansion, nodes: Live) -> Iterator[tuple[tuple[str, str], float]]:
    """Operations at each position, all repeats of it added up; of joins also what they take; and
    log₂ of the multiply-adds there."""
    macs: dict[str, float] = defaultdict(float)
    place = {i: _position(node.name) for i, node, _ in nodes}
    for i, node, kind in nodes:
        yield ("positions", f"{place[i]}: {kind}"), 1.0
        macs[place[i]] += node.cost.macs
        if node.op.commutes:
            for j in node.inputs:
                if j < 0 or j in place:
                    yield ("positions", f"{place[i]} takes {place.get(j, 'input')}"), 1.0
    for name, value in macs.items():
        if value:
            yield ("sizes", name), math.log2(value)


@lru_cache(maxsize=1 << 12)
def _kind(label: str) -> str:
    """An operation's label without its stride and activation: conv 3×3, dw 5×5, avg pool 3×3."""
    return label.partition(",")[0].partition(" /")[0]


@lru_cache(maxsize=1 << 16)
def _position(name: str) -> str:
    return _REPEAT.sub("", name)


def _spread(counts: Sequence[int]) -> float:
    mean = sum(counts) / len(counts)
    return sum((count - mean) ** 2 for count in counts) / len(counts) / max(mean, 1.0)
