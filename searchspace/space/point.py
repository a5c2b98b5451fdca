"""Points of a space (a genotype with holes): costs, sampling, neighbours."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from searchspace.cost import peak
from searchspace.errors import GenotypeError
from searchspace.expansion import Expansion, Network, run
from searchspace.genotype import Genotype
from searchspace.notation.holes import Decisions, Hole
from searchspace.notation.tree import Atom
from searchspace.ops import Cost

Propose = Callable[[str, Hole], Atom]

_TRIES = 200


@dataclass(frozen=True)
class Point:
    """One network of a space: its active decisions, and its cost.

    ``holes`` maps each decision's name to its hole, in the order in which they were reached. The
    list of nodes is made when it is asked for.
    """

    decisions: dict[str, Atom]
    holes: dict[str, Hole]
    cost: Cost
    network: Network = field(repr=False, compare=False)

    @property
    def expansion(self) -> Expansion:
        """The list of nodes, without names; large, so that only the last few are kept."""
        return _expanded(self.network)

    @property
    def size(self) -> int:
        """Number of operations."""
        return self.network.size

    @property
    def macs(self) -> int:
        """Multiply-adds."""
        return self.cost.macs

    @property
    def params(self) -> int:
        """Trainable parameters."""
        return self.cost.params

    @cached_property
    def memory(self) -> int:
        """Bytes of peak activations (`memory`); computed on demand."""
        return peak(self.expansion).bytes

    @property
    def sampled(self) -> dict[str, Atom]:
        """The decisions of the sampler: all except the `!solve` ones."""
        return {n: v for n, v in self.decisions.items() if self.holes[n].kind != "solve"}

    @property
    def solved(self) -> dict[str, Atom]:
        """The decisions of the budget solver."""
        return {n: v for n, v in self.decisions.items() if self.holes[n].kind == "solve"}


@lru_cache(maxsize=4)
def _expanded(network: Network) -> Expansion:
    return network.expansion()


def point(genotype: Genotype, propose: Propose, given: Decisions | None = None) -> Point:
    """The point with ``given`` decisions and, for all other holes reached, those of ``propose``.

    Raises:
        GenotypeError: the steps do not fit each other under these decisions.
    """
    made: dict[str, Atom] = {}
    holes: dict[str, Hole] = {}

    def decide(name: str, hole: Hole) -> Atom:
        if name not in made:
            made[name] = given[name] if given is not None and name in given else propose(name, hole)
            holes[name] = hole
        return made[name]

    network = run(genotype, decide)
    return Point(made, holes, network.cost(), network)


def sample(genotype: Genotype, rng: random.Random) -> Point:
    """A random point: each hole uniform over its options.

    Raises:
        GenotypeError: no valid network in 200 draws.
    """
    for attempt in range(_TRIES):
        try:
            return point(genotype, lambda _, hole: rng.choice(hole.labels))
        except GenotypeError:
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("unreachable")


def neighbours(genotype: Genotype, at: Point, name: str,
               propose: Propose | None = None) -> Iterator[Point]:
    """Valid points that differ from ``at`` in one decision, nearest options first. Holes that are
    opened take the option of ``propose``, by default their first."""
    hole = at.holes[name]
    here = hole.labels.index(at.decisions[name])
    order = sorted((i for i in range(len(hole.labels)) if i != here),
                   key=lambda i: (abs(i - here), i))
    for i in order:
        try:
            yield point(genotype, propose or first, {**at.decisions, name: hole.labels[i]})
        except GenotypeError:
            continue


def first(_: str, hole: Hole) -> Atom:
    """A hole's first option."""
    return hole.labels[0]


def last(_: str, hole: Hole) -> Atom:
    """A hole's last option."""
    return hole.labels[-1]
