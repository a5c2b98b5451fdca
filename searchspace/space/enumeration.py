"""Count, enumerate and uniformly sample the points of a space.

Which holes exist depends on decisions. If it depends on labelled choices alone, the points are
counted over the tree of holes: sums over the options of a choice, products over coexisting holes.
Random points are drawn with these numbers as weights, so that all points have equal probability.
"""

import contextlib
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from searchspace.errors import GenotypeError
from searchspace.genotype import Genotype
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.space.point import Point, point

FEW = 10_000        # points of a space that is enumerated at most,
EFFORT = 500_000    # and operations in all of their networks: some ten seconds


class Draw(NamedTuple):
    """A random point, None if its steps do not fit each other; ``weight`` is the inverse of the
    probability with which it was drawn, exactly: it may be beyond floating point numbers."""

    point: Point | None
    weight: Fraction


@dataclass(frozen=True)
class HoleTree:
    """The holes of a space under the decisions that open them.

    ``total`` is the number of combinations if nothing else opens or closes holes, counting a hole
    per repeat once; in that case the weight of every `draw` equals it.
    """

    holes: tuple[Hole, ...]
    inside: dict[tuple[str, Atom], tuple[str, ...]]   # the holes that an option opens
    ways: dict[str, tuple[int, ...]]                  # for each option: the combinations behind it
    total: int

    @classmethod
    def of(cls, genotype: Genotype) -> "HoleTree":
        """The tree of a space."""
        inside: dict[tuple[str, Atom], list[str]] = {}
        for hole in genotype.holes:
            if hole.parents:
                inside.setdefault(hole.parents[-1], []).append(hole.name)
        ways: dict[str, tuple[int, ...]] = {}
        for hole in reversed(genotype.holes):           # inner holes come after outer ones
            ways[hole.name] = tuple(math.prod(sum(ways[n]) for n in inside.get((hole.name, label),
                                                                              ()))
                                    for label in hole.labels)
        total = math.prod(sum(ways[h.name]) for h in genotype.holes if not h.parents)
        return cls(genotype.holes, {key: tuple(names) for key, names in inside.items()}, ways,
                   total)

    def draw(self, genotype: Genotype, rng: random.Random) -> Draw:
        """A random point; options are weighted by the number of combinations below them."""
        above, below = 1, 1

        def propose(name: str, hole: Hole) -> Atom:
            nonlocal above, below
            ways = self.ways[hole.name]
            most = max(ways)            # numbers of any size; their ratios are floating point
            index = rng.choices(range(len(ways)), [way / most for way in ways])[0]
            above, below = above * sum(ways), below * ways[index]
            return hole.labels[index]

        try:
            found = point(genotype, propose)
        except GenotypeError:
            found = None
        return Draw(found, Fraction(above, below))


def every_point(genotype: Genotype) -> Iterator[Point]:
    """All points of a space, in the order of the options, the last hole fastest."""
    path: list[tuple[Hole, int]] = []
    while True:
        depth = 0

        def propose(_: str, hole: Hole) -> Atom:
            nonlocal depth
            if depth == len(path):
                path.append((hole, 0))
            depth += 1
            return hole.labels[path[depth - 1][1]]

        with contextlib.suppress(GenotypeError):
            yield point(genotype, propose)
        while path and path[-1][1] == len(path[-1][0].labels) - 1:
            path.pop()
        if not path:
            return
        hole, index = path.pop()
        path.append((hole, index + 1))


def is_small(genotype: Genotype) -> bool:
    """Whether a space is enumerated, by its number of combinations and the size of networks."""
    tree, rng = HoleTree.of(genotype), random.Random(0)
    if tree.total > FEW:
        return False
    drawn = [tree.draw(genotype, rng).point for _ in range(5)]
    sizes = [p.size for p in drawn if p is not None]
    return not sizes or tree.total * sum(sizes) / len(sizes) <= EFFORT


def walk(genotype: Genotype) -> list[Point] | None:
    """Every point of a small space, in the order of the options; None for a large one."""
    if not is_small(genotype):
        return None
    most = 2 * HoleTree.of(genotype).total      # decisions may open holes that the tree lacks
    found = list(islice(every_point(genotype), most + 1))
    return found if len(found) <= most else None
