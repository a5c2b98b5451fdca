"""Spaces: points, their costs, and moving between them. A space is a genotype with holes."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from .errors import GenotypeError
from .expand import Expansion, trace
from .genotype import Genotype
from .holes import Decisions, Hole
from .memory import peak
from .ops import Cost
from .tree import Atom

Propose = Callable[[str, Hole], Atom]

_TRIES = 200


@dataclass(frozen=True)
class Point:
    """One network of a space: the decisions that it really depends on, and its cost.

    ``holes`` maps each decision's name to its hole, in the order in which they were reached. The
    names in ``expansion`` are not to be relied on.
    """

    decisions: dict[str, Atom]
    holes: dict[str, Hole]
    cost: Cost
    expansion: Expansion = field(repr=False, compare=False)

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
        """Bytes of peak activations (`memory`); worked out when it is asked for."""
        return peak(self.expansion).bytes

    @property
    def sampled(self) -> dict[str, Atom]:
        """The decisions a sampler makes: all but the `!solve` ones."""
        return {n: v for n, v in self.decisions.items() if self.holes[n].kind != "solve"}

    @property
    def solved(self) -> dict[str, Atom]:
        """The decisions the budget solver makes."""
        return {n: v for n, v in self.decisions.items() if self.holes[n].kind == "solve"}


def point(genotype: Genotype, propose: Propose, given: Decisions | None = None) -> Point:
    """The point that ``given`` decisions and, for all other holes reached, ``propose`` lead to.

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

    expansion = trace(genotype, decide, named=False)
    return Point(made, holes, expansion.cost(), expansion)


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
    """Points that differ from ``at`` in one decision, nearest options first; invalid ones are
    left out. Holes that this opens take ``propose``'s option, by default their first."""
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


def lowest(genotype: Genotype, measure: Callable[[Point], float], starts: int = 0,
           seed: int = 0) -> Point:
    """The point of least measure that coordinate descent finds.

    It begins with every hole at its first option, and from ``starts`` random points more. Stages
    contribute to a cost almost independently, so descent finds the end in practice; nothing
    guarantees it.
    """
    rng = random.Random(seed)
    begin = [_try(genotype, first)] + [sample(genotype, rng) for _ in range(starts)]
    found = [_descend(genotype, p or sample(genotype, rng), measure, first) for p in begin]
    return min(found, key=measure)


def highest(genotype: Genotype, measure: Callable[[Point], float],
            effort: float = math.inf) -> Point:
    """The point of greatest measure that such an ascent finds, from every hole's first option too.

    The holes that are reached last come first: the choices inside a cell are then compared in a
    small network, before an argument repeats it many times. After ``effort`` operations of
    candidates the best one so far is given.
    """
    begin = _try(genotype, first) or sample(genotype, random.Random(0))
    return _descend(genotype, begin, lambda p: -measure(p), last, True, effort)


def is_conditional(genotype: Genotype, seed: int = 0, draws: int = 40) -> bool:
    """Whether the holes that exist depend on decisions, as seen in random draws."""
    rng = random.Random(seed)
    return len({frozenset(sample(genotype, rng).decisions) for _ in range(draws)}) > 1


def _try(genotype: Genotype, propose: Propose) -> Point | None:
    try:
        return point(genotype, propose)
    except GenotypeError:
        return None


def _descend(genotype: Genotype, at: Point, measure: Callable[[Point], float], opened: Propose,
             backwards: bool = False, effort: float = math.inf) -> Point:
    """Change one decision at a time while that lowers the measure; see `highest`.

    Holes that a change opens get back the option that they had, or what ``opened`` says.
    """
    known: dict[str, Atom] = {}

    def remembered(name: str, hole: Hole) -> Atom:
        return known[name] if name in known else opened(name, hole)

    improved = True
    while improved:
        improved = False
        for name in list(at.decisions)[::-1 if backwards else 1]:
            if name not in at.decisions:
                continue
            for candidate in ends_of(genotype, at, name, remembered):
                if measure(candidate) < measure(at):
                    at, improved = candidate, True
                    known.update(at.decisions)
                effort -= len(candidate.expansion.nodes)
            if effort <= 0:
                return at
    return at


def ends_of(genotype: Genotype, at: Point, name: str,
            propose: Propose | None = None) -> Iterator[Point]:
    """Neighbours worth trying in a descent: all of a choice, the ends and next ones of a range."""
    hole = at.holes[name]
    if hole.kind == "choice":
        yield from neighbours(genotype, at, name, propose)
        return
    here = hole.labels.index(at.decisions[name])
    tried = {0, here - 1, here + 1, len(hole.labels) - 1} - {here}
    for i in sorted(i for i in tried if 0 <= i < len(hole.labels)):
        try:
            yield point(genotype, propose or first, {**at.decisions, name: hole.labels[i]})
        except GenotypeError:
            continue
