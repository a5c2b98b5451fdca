"""A sampler's proposal, projected into the budget: the nearest network inside that is new."""

import random
from collections.abc import Callable, Sequence
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
    """A point to score, and how it came about.

    ``moved``: how far it lies from what was proposed. ``replaced``: the proposal led to a network
    already scored, and this is the nearest new one. ``lost``: proposals before this one that made
    no network, or none inside the budget, each followed by a random one. ``start``: the name of
    the known network that this is, or that was ``brought`` to the budget; no sampler proposed it.
    ``proposed_macs``: the multiply-adds of what was proposed, before it was moved.
    """

    point: Point
    identity: str
    moved: Distance
    replaced: bool = False
    lost: int = 0
    start: str | None = None
    brought: bool = False
    proposed_macs: int | None = None


def several(region: Region, proposal: Callable[[int], Propose], count: int, seen: frozenset[str],
            rng: random.Random) -> list[Proposal]:
    """The first ``count`` different proposals, settled; fewer where there are no more.

    Raises:
        SpaceExhausted: there is none. BudgetError: see `settle`.
    """
    found: list[Proposal] = []
    while len(found) < count:
        others = seen | {p.identity for p in found}
        try:
            found.append(settle(region, proposal(len(found)), others, rng))
        except SpaceExhausted:
            if not found:
                raise
            break
    return found


def most_promising(found: Sequence[Proposal],
                   losses: Callable[[Proposal], tuple[float, ...]]) -> Proposal:
    """The best of several proposals; ``losses`` is asked only where there is a choice."""
    return found[best_first([losses(p) for p in found])[0]] if len(found) > 1 else found[0]


def settle(region: Region, propose: Propose, seen: frozenset[str],
           rng: random.Random) -> Proposal:
    """The proposal brought to the budget; where that network was scored, the nearest new one.

    Raises:
        SpaceExhausted: there is none. BudgetError: 40 proposals could not be brought inside.
    """
    for lost in range(_TRIES):
        try:
            drawn = point(region.space, propose) if lost == 0 else sample(region.space, rng)
            found = bring(region.space, drawn, region.budget, rng, region.cheapest)
            break
        except (BudgetError, GenotypeError):    # not inside; or its steps do not fit each other
            if lost == _TRIES - 1:
                raise
    name = identity(region.space, found.decisions)
    if replaced := name in seen:
        name, found = region.nearest_new(found, seen, rng)
    return Proposal(found, name, distance(drawn, found), replaced, lost,
                    proposed_macs=drawn.macs)
