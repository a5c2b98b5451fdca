"""From a sampler's proposal to a network worth scoring: inside the budget, and not scored yet."""

import random
from dataclasses import dataclass

from searchspace import Genotype, GenotypeError, SearchspaceError
from searchspace.budget import Budget
from searchspace.identity import identity
from searchspace.solve import bring
from searchspace.space import Point, Propose, point, sample

_TRIES = 40


class SpaceExhausted(SearchspaceError):
    """No network that is new and inside the budget could be found."""


@dataclass(frozen=True)
class Proposal:
    """A point to score, and how it came about.

    ``changed`` counts the sampled decisions that differ from what the sampler proposed;
    ``replaced`` tells that the proposal led to a network already scored.
    """

    point: Point
    identity: str
    changed: int
    replaced: bool


def settle(space: Genotype, propose: Propose, budget: Budget, seen: frozenset[str],
           rng: random.Random, cheapest: Point) -> Proposal:
    """The proposal brought to the budget; where that network was scored, a new one near it.

    ``cheapest`` is a point of the space inside the budget.

    Raises:
        SpaceExhausted: after 40 changes of one decision and 40 random draws, all were known.
    """
    drawn = _valid(space, propose, rng)
    for attempt in range(2 * _TRIES):
        start = drawn if attempt == 0 else \
            _mutated(space, drawn, rng) if attempt <= _TRIES else sample(space, rng)
        found = bring(space, start, budget, rng, cheapest)
        name = identity(space, found.decisions)
        if name not in seen:
            wanted = drawn.sampled
            changed = sum(wanted.get(n) != v for n, v in found.sampled.items() if n in wanted)
            return Proposal(found, name, changed, attempt > 0)
    raise SpaceExhausted(f"no new network inside {budget} was found in {2 * _TRIES} tries; "
                         f"{len(seen)} were scored")


def _valid(space: Genotype, propose: Propose, rng: random.Random) -> Point:
    """The proposed point; a random one where its steps do not fit each other."""
    try:
        return point(space, propose)
    except GenotypeError:
        return sample(space, rng)


def _mutated(space: Genotype, at: Point, rng: random.Random) -> Point:
    """One sampled decision changed to another option; newly opened holes are drawn."""
    names = [n for n in at.sampled if len(at.holes[n].labels) > 1]
    if not names:
        return at
    name = rng.choice(names)
    others = [label for label in at.holes[name].labels if label != at.decisions[name]]
    try:
        return point(space, lambda _, hole: rng.choice(hole.labels),
                     {**at.decisions, name: rng.choice(others)})
    except GenotypeError:
        return at
