"""The nearest network to a proposal that has not been evaluated."""

import itertools
import math
import random
from collections.abc import Iterator
from functools import cached_property

from search.study.distance import distance
from search.tables.costs import known_points
from searchspace import Genotype, GenotypeError, SearchspaceError
from searchspace.identity import identity
from searchspace.notation.tree import Atom
from searchspace.space.budget import Budget
from searchspace.space.enumeration import walk
from searchspace.space.point import Point, point, sample
from searchspace.space.solver import bring, solve, widest

_EFFORT = 1_000       # neighbours of a network whose cost is calculated at most
_DRAWS = 10           # random networks, where a space is too large to be enumerated

Changes = dict[str, Atom]


class SpaceExhausted(SearchspaceError):
    """No network that is new and inside the budget could be found."""


class Region:
    """The part of a space inside a budget, in which new networks are looked for.

    Each combination of sampled decisions is one network, at the greatest width that the budget
    allows; isomorphic networks count once.
    """

    def __init__(self, space: Genotype, budget: Budget, cheapest: Point) -> None:
        self.space, self.budget, self.cheapest = space, budget, cheapest
        solved = [hole for hole in space.holes if hole.kind == "solve"]
        self.grid = math.prod(len(hole.labels) for hole in solved)
        self.narrowest: Changes = {hole.name: hole.labels[0] for hole in solved}

    @cached_property
    def inside(self) -> tuple[tuple[str, Point], ...] | None:
        """All networks inside the budget by identity; None if they are too many to enumerate."""
        points = walk(self.space) or known_points(self.space, self.budget)
        if points is None:
            return None
        return tuple((identity(self.space, at.decisions), at)
                     for at in widest(points, self.budget))

    def nearest_known(self, at: Point, rng: random.Random) -> Point | None:
        """The network inside the budget that is few decisions away from ``at``, where costs are
        known of a few networks only: changing one decision after another leads nowhere there."""
        if not self.budget.known or self.budget.fits(at) or not self.inside:
            return None
        known = [found for _, found in self.inside]
        rng.shuffle(known)
        return min(known, key=lambda found: distance(at, found).changed)

    def nearest_new(self, at: Point, seen: frozenset[str],
                    rng: random.Random) -> tuple[str, Point]:
        """The identity and point of a network not in ``seen``, few decisions away from ``at``.

        Tries one change, in random order over all decisions and options, then two; then any
        network of an enumerable space, or random ones.

        Raises:
            SpaceExhausted: every network inside the budget is in ``seen``; or, in a space that is
                too large to be enumerated, none of those tried was new.
        """
        few = self.budget.known and self.inside is not None     # most neighbours are outside
        for found in () if few else self._near(at, rng):
            if (name := identity(self.space, found.decisions)) not in seen:
                return name, found
        if self.inside is not None:
            left = [(name, found) for name, found in self.inside if name not in seen]
            if not left:
                count = len({name for name, _ in self.inside})
                raise SpaceExhausted(f"the space is used up: networks that fit {self.budget}: "
                                     f"{count}, and all {count} were tried")
            rng.shuffle(left)
            return min(left, key=lambda pair: distance(at, pair[1]).changed)
        for found in itertools.chain(self._walk(at, rng), self._random(rng)):
            if (name := identity(self.space, found.decisions)) not in seen:
                return name, found
        raise SpaceExhausted(
            f"the space seems used up: no network that is new and inside {self.budget} was found "
            f"near the last proposal, nor on a random walk from there, nor from {_DRAWS} random "
            f"ones; {len(seen)} were tried")

    def _near(self, at: Point, rng: random.Random) -> Iterator[Point]:
        """Points inside the budget with one, then two decisions changed; bounded."""
        spent = 0
        for changes in itertools.chain(_single(at, rng), _double(at, rng)):
            near = self._inside_with(at, changes, rng)
            spent += 2 if near is None else self.grid
            if near is not None:
                yield near
            if spent >= _EFFORT:
                return

    def _walk(self, at: Point, rng: random.Random) -> Iterator[Point]:
        """Points inside the budget, each one change from the one before. Where a budget is tight,
        random networks brought inside meet the same few again and again; a walk does not."""
        spent = 0
        while spent < _EFFORT and (options := _options(at)):
            step = self._inside_with(at, dict([rng.choice(options)]), rng)
            spent += 2 if step is None else self.grid
            if step is not None:
                at = step
                yield at

    def _inside_with(self, at: Point, changes: Changes, rng: random.Random) -> Point | None:
        """The point with some decisions changed, as wide as the budget allows. None if neither
        the current width nor the narrowest is inside; no others are tried then."""
        for width in ({}, self.narrowest):
            try:
                near = point(self.space, lambda _, hole: rng.choice(hole.labels),
                             {**at.decisions, **width, **changes})
            except GenotypeError:
                continue
            if self.budget.fits(near):
                return solve(self.space, near, self.budget)
        return None

    def _random(self, rng: random.Random) -> Iterator[Point]:
        for _ in range(_DRAWS):
            yield bring(self.space, sample(self.space, rng), self.budget, rng, self.cheapest)


def _options(at: Point) -> list[tuple[str, Atom]]:
    return [(name, label) for name, value in at.sampled.items()
            for label in at.holes[name].labels if label != value]


def _single(at: Point, rng: random.Random) -> Iterator[Changes]:
    """Every change of one decision, in random order."""
    options = _options(at)
    rng.shuffle(options)
    for name, label in options:
        yield {name: label}


def _double(at: Point, rng: random.Random) -> Iterator[Changes]:
    """Changes of two decisions: all in random order where they are few, else drawn."""
    options = _options(at)
    if len(options) ** 2 <= _EFFORT:
        pairs = list(itertools.combinations(options, 2))
        rng.shuffle(pairs)
    elif len({name for name, _ in options}) > 1:
        pairs = [(rng.choice(options), rng.choice(options)) for _ in range(_EFFORT)]
    else:
        return
    for one, other in pairs:
        if one[0] != other[0]:
            yield dict((one, other))
