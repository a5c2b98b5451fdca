"""Candidates of a space that is too large to enumerate.

They are arrays of option numbers, made without expanding networks; the best by the acquisition are
expanded until one fits the budget.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from search.samplers.base import Past, option
from search.samplers.gp.features import Encoder, Places
from searchspace import Genotype
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.space.point import sample

REGISTER = 40       # random points that the holes are collected from

Decided = Mapping[str, Atom]


@dataclass(frozen=True)
class Catalogue:
    """The holes of a space that is too large to enumerate, by name as decided.

    A hole inside a labelled choice exists if that has the label around it; other conditions (a
    block that is left out) are known only after expansion.
    """

    holes: dict[str, Hole]

    @staticmethod
    def of(space: Genotype) -> "Catalogue":
        """The holes seen in random points."""
        rng = random.Random(0)
        seen: dict[str, Hole] = {}
        for _ in range(REGISTER):
            seen |= sample(space, rng).holes
        return Catalogue({n: seen[n] for n in sorted(seen) if seen[n].kind != "solve"})

    @cached_property
    def encoder(self) -> Encoder:
        """Option numbers and features."""
        return Encoder(self.holes)

    @cached_property
    def _sizes(self) -> NDArray[np.intp]:
        return np.array([len(hole.labels) for hole in self.holes.values()], dtype=np.intp)

    @cached_property
    def _conditions(self) -> list[tuple[int, int, int]]:
        """Numbers of a hole, of its parent hole, and of the option that the parent must have."""
        number = {name: i for i, name in enumerate(self.holes)}
        return [(number[name], number[parent],
                 [option(x) for x in self.holes[parent].labels].index(option(value)))
                for name, hole in self.holes.items()
                for parent, value in hole.parents if parent in number]

    def decisions(self, row: Sequence[int]) -> dict[str, Atom]:
        """The decisions of one network, from its option numbers."""
        return {name: hole.labels[i]
                for (name, hole), i in zip(self.holes.items(), row, strict=True) if i >= 0}

    def draw(self, count: int, rng: np.random.Generator) -> Places:
        """Random networks."""
        return self._live(self._any(count, rng))

    def change(self, at: Places, other: Places, rng: np.random.Generator) -> Places:
        """Children: one to three decisions of ``at`` changed, for half of the children after
        uniform crossover with ``other``. Opened holes are drawn. Shape as ``at``."""
        full = np.where(at >= 0, at, self._any(len(at), rng))
        crossed = rng.random((len(at), 1)) < 0.5
        full = np.where(crossed & (other >= 0) & (rng.random(at.shape) < 0.5), other, full)
        free = (self._live(full) >= 0) & (self._sizes > 1)
        order = np.where(free, rng.random(at.shape), 2.0).argsort(1).argsort(1)
        chosen = free & (order < rng.choice((1, 1, 2, 3), (len(at), 1)))
        step = 1 + rng.integers(np.maximum(self._sizes - 1, 1), size=at.shape)
        return self._live(np.where(chosen, (full + step) % self._sizes, full))

    def near(self, best: Sequence[Past], count: int, rng: np.random.Generator) -> Places:
        """At most ``count`` different candidates: a quarter random, the others children of the
        best trials."""
        found = [self.draw(count // 4 if best else count, rng)]
        if best:
            parents = self.encoder.places([p.decisions for p in best])
            one, two = rng.integers(len(best), size=(2, count - len(found[0])))
            found.append(self.change(parents[one], parents[two], rng))
        return np.unique(np.concatenate(found), axis=0)

    def _any(self, count: int, rng: np.random.Generator) -> Places:
        return rng.integers(self._sizes, size=(count, len(self._sizes)))

    def _live(self, full: Places) -> Places:
        """-1 for the holes that do not exist under the other decisions."""
        found = full.copy()
        for hole, parent, value in self._conditions:
            found[full[:, parent] != value, hole] = -1
        return found
