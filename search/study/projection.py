"""Projection of a sampler's proposal into the budget: the nearest new network inside."""

import random
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from search.study.distance import Distance, distance
from search.study.neighbours import Region, SpaceExhausted
from search.training.hyperband import best_first
from searchspace import BudgetError, GenotypeError
from searchspace.identity import identity
from searchspace.space.point import Point, Propose, point, sample
from searchspace.space.solver import bring

_TRIES = 40


@dataclass(frozen=True, slots=True)
class Proposal:
    """A point to score, and its origin.

    ``moved``: distance from the sampler's point. ``replaced``: that point was a network already
    scored, and this is the nearest new one. ``lost``: number of invalid or infeasible proposals
    before this one, each followed by a random one. ``start``: the known network that this is, or
    that was ``brought`` to the budget; no sampler proposed it. ``proposed_macs``: the
    multiply-adds of the sampler's point, before projection. ``until``: the epochs after which its
    training pauses or ends, if the sampler decides that.
    """

    point: Point
    identity: str
    moved: Distance
    replaced: bool = False
    lost: int = 0
    start: str | None = None
    brought: bool = False
    proposed_macs: int | None = None
    until: int | None = None


def several(region: Region, proposal: Callable[[int], Propose], count: int, seen: frozenset[str],
            rng: random.Random, paused: Set[str] = frozenset()) -> list[Proposal]:
    """The first ``count`` different proposals, projected; fewer if there are no more. Networks that
    are ``paused`` may be proposed again, as they are.

    Raises:
        SpaceExhausted: there is none. BudgetError: see `settle`.
    """
    found: list[Proposal] = []
    while len(found) < count:
        others = seen | {p.identity for p in found}
        try:
            found.append(settle(region, proposal(len(found)), others, rng, paused))
        except SpaceExhausted:
            if not found:
                raise
            break
    return found


def most_promising(found: Sequence[Proposal],
                   losses: Callable[[Proposal], tuple[float, ...]]) -> Proposal:
    """The best of several proposals; ``losses`` is called only if there are at least two."""
    return found[best_first([losses(p) for p in found])[0]] if len(found) > 1 else found[0]


def settle(region: Region, propose: Propose, seen: frozenset[str], rng: random.Random,
           paused: Set[str] = frozenset()) -> Proposal:
    """The proposal projected into the budget, or as it is if that network is ``paused``; if the
    network was scored, the nearest new one.

    Raises:
        SpaceExhausted: there is none. BudgetError: 40 proposals could not be brought inside.
    """
    for lost in range(_TRIES):
        try:
            drawn = point(region.space, propose) if lost == 0 else sample(region.space, rng)
            if paused and (name := identity(region.space, drawn.decisions)) in paused:
                return Proposal(drawn, name, distance(drawn, drawn), proposed_macs=drawn.macs)
            found = region.nearest_known(drawn, rng) or \
                bring(region.space, drawn, region.budget, rng, region.cheapest)
            break
        except (BudgetError, GenotypeError):    # not inside; or its steps do not fit each other
            if lost == _TRIES - 1:
                raise
    name = identity(region.space, found.decisions)
    if replaced := name in seen:
        name, found = region.nearest_new(found, seen, rng)
    return Proposal(found, name, distance(drawn, found), replaced, lost,
                    proposed_macs=drawn.macs)
