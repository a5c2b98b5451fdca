"""Extreme points of a space by a cost, found by coordinate descent."""

import math
import random
from collections.abc import Callable, Iterator

from searchspace.errors import GenotypeError
from searchspace.genotype import Genotype
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.space.point import Point, Propose, first, last, neighbours, point, sample

THOROUGH = 200_000      # operations of the candidates when all options of ranges are tried


def lowest(genotype: Genotype, measure: Callable[[Point], float], starts: int = 0,
           seed: int = 0) -> Point:
    """The point of least measure that coordinate descent finds.

    It starts with every hole at its first option. With ``starts``, also from so many random points,
    and the best is tried to be improved by any option of a range, such as the seed of a random
    graph, as far as `THOROUGH` goes. Stages contribute to a cost almost independently, so descent
    finds the minimum in practice, without a guarantee.
    """
    rng = random.Random(seed)
    begin = [_try(genotype, first)] + [sample(genotype, rng) for _ in range(starts)]
    found = [_descend(genotype, p or sample(genotype, rng), measure, first) for p in begin]
    best = min(found, key=measure)
    return _descend(genotype, best, measure, first, effort=THOROUGH, options=neighbours) \
        if starts else best


def highest(genotype: Genotype, measure: Callable[[Point], float],
            effort: float = math.inf) -> Point:
    """The point of greatest measure that coordinate ascent finds, from every hole's first option.

    Holes that are reached last are changed first: the choices inside a cell are then compared in a
    small network, before an argument repeats it many times. After ``effort`` operations of
    candidates it returns the best one so far.
    """
    begin = _try(genotype, first) or sample(genotype, random.Random(0))
    return _descend(genotype, begin, lambda p: -measure(p), last, True, effort)


def is_conditional(genotype: Genotype, seed: int = 0, draws: int = 40) -> bool:
    """Whether the set of holes depends on decisions, judged by random draws."""
    rng = random.Random(seed)
    return len({frozenset(sample(genotype, rng).decisions) for _ in range(draws)}) > 1


def _try(genotype: Genotype, propose: Propose) -> Point | None:
    try:
        return point(genotype, propose)
    except GenotypeError:
        return None


def _descend(genotype: Genotype, at: Point, measure: Callable[[Point], float], opened: Propose,
             backwards: bool = False, effort: float = math.inf,
             options: Callable[..., Iterator[Point]] | None = None) -> Point:
    """Change one decision at a time while that lowers the measure; see `highest`.

    Holes that a change opens get their previous option, or that of ``opened``.
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
            for candidate in (options or ends_of)(genotype, at, name, remembered):
                if measure(candidate) < measure(at):
                    at, improved = candidate, True
                    known.update(at.decisions)
                effort -= candidate.size
                if effort <= 0:
                    return at
    return at


def ends_of(genotype: Genotype, at: Point, name: str,
            propose: Propose | None = None) -> Iterator[Point]:
    """Neighbours for a descent: all options of a choice, the ends and next options of a range."""
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
