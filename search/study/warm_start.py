"""Warm start: the known networks of a space, evaluated before any proposal."""

import random
from dataclasses import dataclass

from search.seeds import derive
from search.study.distance import distance
from search.study.projection import Proposal
from searchspace import BudgetError, Genotype, GenotypeError
from searchspace.identity import identity
from searchspace.notation.holes import Decisions
from searchspace.notation.tree import Atom
from searchspace.space.budget import Budget
from searchspace.space.known_networks import known_networks
from searchspace.space.point import Point, first, point
from searchspace.space.solver import bring


@dataclass(frozen=True, slots=True)
class Start:
    """The networks that a search starts with, in order.

    ``known``: number of networks that the space names. ``fitting``: names of those inside the
    budget. ``brought``: names of those that were projected into the budget.
    """

    known: int
    fitting: tuple[str, ...]
    brought: tuple[str, ...]
    proposals: tuple[Proposal, ...]

    def describe(self) -> str:
        """One sentence human-readable."""
        parts = []
        if self.known:
            names = f" and start the search: {', '.join(self.fitting)}" if self.fitting else ""
            parts.append(f"{len(self.fitting)} of {self.known} known networks fit{names}")
        if self.brought:
            parts.append(f"brought to the budget: {', '.join(self.brought)}")
        return "; ".join(parts) or "the space knows no network to start with"


COLD = Start(0, (), (), ())


def find_start(space: Genotype, budget: Budget, seed: int, cheapest: Point) -> Start:
    """The known networks of a space, at its input size and number of classes.

    Those inside the budget enter unchanged. Then each is projected into the budget, as proposals
    are, if that is a further network: evaluated only at a width far below the budget, a network
    would teach the sampler that its decisions are poor.
    """
    count = 0
    fitting: dict[str, Proposal] = {}                      # by identity
    others: list[tuple[str, Point]] = []
    for name, decisions in _distinct(space):
        try:
            at = point(space, first, decisions)
        except GenotypeError:
            count += 1                  # images of this size do not fit through it
            continue
        complete = at.decisions.keys() <= decisions.keys()
        count += complete
        if complete and budget.fits(at):
            key = identity(space, at.decisions)
            fitting.setdefault(key, Proposal(at, key, distance(at, at), start=name))
        else:
            others.append((name, at))
    others += [(str(made.start), made.point) for made in fitting.values()]
    brought: dict[str, Proposal] = {}
    for name, at in others:
        try:
            found = bring(space, at, budget, random.Random(derive(seed, "start", name)), cheapest)
        except BudgetError:
            continue
        if (key := identity(space, found.decisions)) not in fitting:
            brought.setdefault(key, Proposal(found, key, distance(at, found), start=name,
                                             brought=True))
    made = (*fitting.values(), *brought.values())
    return Start(count, tuple(str(p.start) for p in fitting.values()),
                 tuple(str(p.start) for p in brought.values()), made)


def _distinct(space: Genotype) -> list[tuple[str, Decisions]]:
    """Known networks by name; those that differ only in classes or input size are one."""
    named: dict[frozenset[tuple[str, Atom]], tuple[str, Decisions]] = {}
    for known in known_networks(space):
        named.setdefault(frozenset(known.decisions.items()), (known.name, known.decisions))
    return list(named.values())
