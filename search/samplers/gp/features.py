"""Feature vectors of networks for the Gaussian process: decisions and costs.

Columns come in groups: one for each hole; one for each kind of hole that the space has several of
(the kernels of all its layers, say), with the share of them at each option, since equal decisions
often have similar effects in different layers; and one for each cost. They are scaled so that the
squared distance of two networks within a hole's group is at most 1, within a kind's 2, and within a
cost's 1 for two that are two deviations apart: a cost is more informative than a hole. The model
learns one length scale per group.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from search.samplers.base import option, ordered
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.ops import Cost

Array = NDArray[np.float64]
Places = NDArray[np.intp]

KIND = 0.5   # distance of any two options of an ordered hole, in addition to that of their ranks


@dataclass(frozen=True)
class Encoder:
    """``holes`` by name. With ``costs`` there are two more groups, log MACs and log parameters,
    standardised by their mean and standard deviation over the candidates."""

    holes: Mapping[str, Hole]
    costs: tuple[tuple[float, float], ...] = ()

    @property
    def groups(self) -> list[int]:
        """The group of each column."""
        found: list[int] = []
        for i, hole in enumerate(self.holes.values()):
            found += [i] * (len(hole.labels) + ordered(hole))
        for among in self._kinds:
            found += [found[-1] + 1] * self._options(among)
        following = found[-1] + 1 if found else 0       # nothing but widths to solve: no columns
        return found + [following + i for i in range(len(self.costs))]

    @cached_property
    def _kinds(self) -> list[list[int]]:
        """The numbers of the holes of each kind: holes with the same options whose names end
        alike, as layer1.op and layer2.op."""
        alike: dict[object, list[int]] = defaultdict(list)
        for i, (name, hole) in enumerate(self.holes.items()):
            alike[name.rpartition(".")[2], tuple(map(option, hole.labels))].append(i)
        return [among for among in alike.values() if len(among) > 1]

    def _options(self, among: list[int]) -> int:
        return len(list(self.holes.values())[among[0]].labels)

    @cached_property
    def _places(self) -> dict[str, dict[tuple[bool, Atom], int]]:
        return {name: {option(label): i for i, label in enumerate(hole.labels)}
                for name, hole in self.holes.items()}

    def places(self, decisions: Sequence[Mapping[str, Atom]]) -> Places:
        """The number of the option taken at each hole, -1 for a hole that does not exist; shape
        (networks, holes)."""
        return np.array([[place[option(d[name])] if name in d else -1
                          for name, place in self._places.items()] for d in decisions],
                        dtype=np.intp).reshape(len(decisions), len(self.holes))

    def columns(self, places: Places, costs: Sequence[Cost] = ()) -> Array:
        """Features, float64 of shape (networks, columns). A hole that does not exist has the same
        distance to each of its options."""
        columns: list[Array] = []
        for at, hole in zip(places.T, self.holes.values(), strict=True):
            count = len(hole.labels)
            hot = (at[:, None] == np.arange(count)).astype(float)
            scale = np.sqrt(0.5 * (KIND if ordered(hole) else 1.0))
            columns.append(scale * hot)
            if ordered(hole):
                rank = np.where(at >= 0, at / max(1, count - 1) - 0.5, 0.0)
                columns.append(np.sqrt(1 - KIND) * rank[:, None])
        for among in self._kinds:
            columns += [(places[:, among] == i).mean(1)[:, None]
                        for i in range(self._options(among))]
        for i, (mean, deviation) in enumerate(self.costs):
            amounts = np.log1p(np.array([(c.macs, c.params)[i] for c in costs], float))
            columns.append(((amounts - mean) / deviation / 2)[:, None])
        return np.concatenate(columns, axis=1)

    def __call__(self, decisions: Sequence[Mapping[str, Atom]],
                 costs: Sequence[Cost] = ()) -> Array:
        """Features of networks given by their decisions, float64 of shape (networks, columns)."""
        return self.columns(self.places(decisions), costs)


def scales(costs: Sequence[Cost]) -> tuple[tuple[float, float], ...]:
    """Mean and standard deviation of log MACs and of log parameters; deviations of 0 become 1."""
    logs = np.log1p(np.array([(c.macs, c.params) for c in costs], float))
    return tuple((float(m), float(d) or 1.0)
                 for m, d in zip(logs.mean(0), logs.std(0), strict=True))
