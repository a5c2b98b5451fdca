"""Regularised evolution over genotypes (Real et al. 2019, algorithm 1), with crossover.

The population is the latest trials; each proposal is a child of the tournament winner, the best of
a random few of them. Children differ in one decision (a hole, so also the operation or the origin
of an edge of a cell); half of them first take a share of their decisions from a second parent.
Holes that a change opens are drawn. Several objectives: the lower nondominated rank wins.
"""

import random
from collections.abc import Mapping, Sequence

import optuna
from optuna.trial import FrozenTrial

from search.pareto import fronts
from search.samplers.base import Past, Sampler, SamplingTask, history, sampler, taking
from searchspace import Genotype, GenotypeError
from searchspace.notation.tree import Atom
from searchspace.space.point import Propose, point

POPULATION = 30     # also the random networks at the beginning, see `beginning`
TOURNAMENT = 8      # of 30, about the share that 25 of 100 are in the paper
BEGINNING = 12      # random networks; with fewer than 100 trials to spend, 30 would be many
CROSSOVER = 0.5
_TRIES = 20


class Evolution(Sampler):
    """Regularised evolution with crossover."""

    def __init__(self, task: SamplingTask) -> None:
        self.space = task.space

    def propose(self, study: optuna.Study, trial: FrozenTrial, seed: int) -> Propose:
        rng = random.Random(seed)
        past = [p for p in history(study) if p.values is not None]
        if len(past) < BEGINNING:
            return taking({}, rng)
        living = past[-POPULATION:]
        ranks = nondominated_ranks([p.values or () for p in living])
        first, second = (_winner(living, ranks, rng) for _ in range(2))
        return taking(child(self.space, first.decisions, second.decisions, rng), rng)


def child(space: Genotype, first: Mapping[str, Atom], second: Mapping[str, Atom],
          rng: random.Random) -> dict[str, Atom]:
    """The decisions of a valid child of two parents; the first parent's if none is found."""
    for _ in range(_TRIES):
        mixed = dict(first)
        if rng.random() < CROSSOVER:
            mixed |= {name: label for name, label in second.items() if rng.random() < 0.5}
        try:
            at = point(space, taking(mixed, rng))
            names = [n for n in at.sampled if len(at.holes[n].labels) > 1]
            if not names:
                return at.sampled
            name = rng.choice(names)
            others = [label for label in at.holes[name].labels if label != at.decisions[name]]
            return point(space, taking({**at.sampled, name: rng.choice(others)}, rng)).sampled
        except GenotypeError:
            continue
    return dict(first)


def nondominated_ranks(values: Sequence[tuple[float, ...]]) -> list[int]:
    """The rank of each point, 0 for those on the Pareto front; maximised values."""
    ranks = {i: rank for rank, front in enumerate(fronts([tuple(-v for v in each)
                                                          for each in values])) for i in front}
    return [ranks[i] for i in range(len(values))]


def _winner(living: Sequence[Past], ranks: Sequence[int], rng: random.Random) -> Past:
    drawn = rng.sample(range(len(living)), min(TOURNAMENT, len(living)))
    return living[min(drawn, key=lambda i: ranks[i])]


@sampler("evolution")
def make(task: SamplingTask) -> Evolution:
    """Regularised evolution."""
    return Evolution(task)
