"""Screening: thousands of networks are rated by a score of the graph before any is evaluated.

Regularised evolution (Real et al. 2019, algorithm 1) against a score that takes milliseconds, from
the known networks of the space and random ones. What the budget solver would decide, a width, is
one more decision, narrowed where the budget asks for it: what was rated is what is evaluated. Then
trials evaluate the best ones, best first, no two of them near copies; so an expensive objective is
spent on what a cheap one found promising.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import optuna
from optuna.trial import FrozenTrial

from search.errors import StudyError
from search.samplers.base import Sampler, SamplingTask, history, sampler, taking
from search.seeds import derive
from searchspace import GenotypeError
from searchspace.notation.tree import Atom
from searchspace.ops import Cost
from searchspace.space.point import Point, Propose, point, sample
from searchspace.space.solver import find_inside

LOOKED = 10_000     # networks that are rated
RANDOM = 200        # of them at random
POPULATION = 100
LAST = 0.6          # from this share on, parents are the best of all instead of the latest
TOURNAMENT = 10
APART = 3           # decisions in which two proposals differ at least, while there are such
_TRIES = 20         # for one inside the budget
_PATIENCE = 50      # times the size: attempts, where hardly any network is inside


@dataclass(frozen=True, slots=True)
class Rated:
    """A network that was looked at; a higher ``value`` is better."""

    value: float
    point: Point


class Screening(Sampler):
    """See the module. What was found is a function of the task, so that it is only a cache."""

    def __init__(self, task: SamplingTask, size: int | None = None) -> None:
        """Of ``size`` networks that are rated, by default `LOOKED`."""
        if task.quick is None:
            raise StudyError("the sampler screening needs a score of the graph alone: "
                             "--screen NAME")
        self.task, self.rate = task, task.quick
        self.size, self.looked = size or LOOKED, 0

    def propose(self, study: optuna.Study, trial: FrozenTrial, seed: int) -> Propose:
        past = [p.decisions for p in history(study)]
        best = next((one.decisions for one in self.ranking if one.decisions not in past), None)
        return taking(best or {}, random.Random(seed))

    @cached_property
    def ranking(self) -> tuple[Point, ...]:
        """All that were looked at, best first; near copies of better ones come last."""
        rng = random.Random(derive(self.task.seed, "screening"))
        found: dict[frozenset[tuple[str, Atom]], Rated] = {}
        for one in self._evolution(rng):
            found.setdefault(frozenset(one.point.decisions.items()), one)
            self.looked += 1
            if self.looked == self.size:
                break
        return _spread(sorted(found.values(), key=lambda one: -one.value))

    def _evolution(self, rng: random.Random) -> Iterator[Rated]:
        """Networks inside the budget, one after the other."""
        living: list[Rated] = []
        for first in self._first(rng):
            living.append(Rated(self.rate(first), first))
            yield living[-1]
        best = living = sorted(living, key=lambda one: one.value)[-POPULATION:]
        for _ in range(_PATIENCE * self.size if living else 0):
            parents = best if self.looked > LAST * self.size else living
            one, other = (max(rng.sample(parents, min(TOURNAMENT, len(parents))),
                              key=lambda rated: rated.value) for _ in range(2))
            at = self._inside(_child(one.point, other.point, rng), rng)
            if at is None:
                continue
            made = Rated(self.rate(at), at)
            living = [*living[-POPULATION + 1:], made]
            if made.value > best[0].value and made.value not in {one.value for one in best}:
                best = sorted([*best[-POPULATION + 1:], made], key=lambda one: one.value)
            yield made

    def _first(self, rng: random.Random) -> Iterator[Point]:
        """The known networks, one that is surely inside, and random ones."""
        yield from self.task.start
        if (inside := find_inside(self.task.space, self.task.budget)) is not None:
            yield inside
        for _ in range(RANDOM):
            try:
                at = self._inside(sample(self.task.space, rng).decisions, rng)
            except GenotypeError:
                continue
            if at is not None:
                yield at

    def _inside(self, decisions: dict[str, Atom], rng: random.Random) -> Point | None:
        """The network of these decisions, narrower where it would be outside the budget."""
        space, budget = self.task.space, self.task.budget
        try:
            at = point(space, taking(decisions, rng))
            for _ in range(_TRIES):
                if budget.excess(at) <= 1:
                    break
                names = [n for n in self.task.widths
                         if n in at.decisions and at.holes[n].labels.index(at.decisions[n])]
                if not names:
                    return None
                name = rng.choice(names)
                at = point(space, taking(at.decisions | {name: _narrower(at, name, budget.excess(
                    at))}, rng))
        except GenotypeError:
            return None
        return at if budget.fits(at) else None


def _narrower(at: Point, name: str, excess: float) -> Atom:
    """A smaller option of a solved width: multiply-adds go about with its square."""
    labels = at.holes[name].labels
    here = labels.index(at.decisions[name])
    return labels[min(here - 1, int((here + 1) / excess ** 0.5))]


def _child(one: Point, other: Point, rng: random.Random) -> dict[str, Atom]:
    """Decisions of a parent, half the time crossed with another's, with one to three changed; a
    range mostly by a few steps."""
    made = dict(one.decisions)
    if rng.random() < 0.5:
        made |= {n: v for n, v in other.decisions.items() if rng.random() < 0.5}
    names = [n for n in one.decisions if len(one.holes[n].labels) > 1]
    for name in rng.sample(names, min(len(names), rng.choice((1, 1, 2, 3)))):
        labels = one.holes[name].labels
        if one.holes[name].kind != "choice" and rng.random() < 0.7:
            here = labels.index(one.decisions[name])
            made[name] = labels[min(max(here + rng.choice((-2, -1, 1, 2)), 0), len(labels) - 1)]
        else:
            made[name] = rng.choice(labels)
    return made


def _spread(ranked: Sequence[Rated]) -> tuple[Point, ...]:
    """The ranking with those behind that differ too little from a better one."""
    apart: list[Point] = []
    near: list[Point] = []
    costs: set[Cost] = set()            # one more of the same cost differs in what costs nothing
    for one in ranked:
        mine = one.point.decisions
        close = one.point.cost in costs or any(
            sum(mine.get(n) != v for n, v in other.decisions.items()) < APART
            for other in apart[-POPULATION:])
        costs.add(one.point.cost)
        (near if close else apart).append(one.point)
    return (*apart, *near)


@sampler("screening", screens=True, solves=True)
def make(task: SamplingTask) -> Screening:
    """Evolution against a score of the graph, before anything is evaluated."""
    return Screening(task)
