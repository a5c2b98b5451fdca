"""Searches without this project: Optuna's samplers as they are, and evolution.

Optuna's samplers learn the budget as a constraint. They even get the values of networks
outside the budget, and of repeated ones, and neither counts as an evaluation.
"""

import random
import warnings
from collections import deque
from collections.abc import Callable, Iterator

import optuna
from known import Known
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, TPESampler

from searchspace import GenotypeError
from searchspace.notation.tree import Atom
from searchspace.space.budget import Budget
from searchspace.space.point import Point, point, sample

PROPOSALS = 10     # at most so many proposals for an evaluation, then the curve stays as it is
POPULATION, TOURNAMENT = 20, 5

Run = Callable[[Known, Budget, int, int], Iterator[float]]


def _optuna(make: Callable[[int], BaseSampler]) -> Run:
    def run(known: Known, budget: Budget, seed: int, evaluations: int) -> Iterator[float]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            study = optuna.create_study(sampler=make(seed), direction="maximize")
            seen: set[str] = set()
            for _ in range(PROPOSALS * evaluations):
                trial = study.ask()
                try:
                    at = point(known.space, lambda name, hole, t=trial: t.suggest_categorical(
                        name, hole.labels))
                except GenotypeError:
                    study.tell(trial, state=optuna.trial.TrialState.FAIL)
                    continue
                trial.set_constraint("budget", budget.excess(at) - 1)
                value = known.value(at)
                study.tell(trial, value)
                if budget.fits(at) and known.name(at) not in seen:
                    seen.add(known.name(at))
                    yield value
    return run


def _random(known: Known, budget: Budget, seed: int, evaluations: int) -> Iterator[float]:
    rng = random.Random(seed)
    inside = [p for p in known.points if budget.fits(p)]
    seen: set[str] = set()
    for at in rng.sample(inside, len(inside)):
        if known.name(at) not in seen:
            seen.add(known.name(at))
            yield known.value(at)


def _evolution(known: Known, budget: Budget, seed: int, evaluations: int) -> Iterator[float]:
    """Algorithm 1 of Real et al. 2019; mutants outside the budget are drawn again."""
    rng = random.Random(seed)
    living: deque[tuple[float, Point]] = deque(maxlen=POPULATION)
    seen: set[str] = set()
    for _ in range(PROPOSALS * evaluations):
        if len(living) < POPULATION:
            at = sample(known.space, rng)
        else:
            parent = max(rng.sample(list(living), TOURNAMENT), key=lambda member: member[0])[1]
            at = _mutant(known, parent, rng)
        if not budget.fits(at):
            continue
        value = known.value(at)
        living.append((value, at))
        if known.name(at) not in seen:
            seen.add(known.name(at))
            yield value


def _mutant(known: Known, parent: Point, rng: random.Random) -> Point:
    name = rng.choice(list(parent.decisions))
    others: list[Atom] = [x for x in parent.holes[name].labels if x != parent.decisions[name]]
    return point(known.space, lambda _, hole: rng.choice(hole.labels),
                 {**parent.decisions, name: rng.choice(others)})


BARE: dict[str, Run] = {
    "random, feasible only": _random,
    "evolution, feasible only": _evolution,
    "TPE with constraint": _optuna(lambda seed: TPESampler(seed=seed)),
    "TPE, multivariate, groups": _optuna(lambda seed: TPESampler(seed=seed, multivariate=True,
                                                                  group=True)),
    "NSGA-II with constraint": _optuna(lambda seed: NSGAIISampler(seed=seed)),
    "GP with constraint": _optuna(lambda seed: GPSampler(
        seed=seed, deterministic_objective=True, warn_independent_sampling=False)),
}
