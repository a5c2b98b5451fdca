"""Interface of all samplers: the task, the history of trials, and their random seeds."""

import math
import random
import statistics
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from searchspace import Genotype
from searchspace.notation.arithmetic import exact
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.ops import Cost
from searchspace.registry import Registry
from searchspace.space.budget import Budget
from searchspace.space.point import Point, Propose

STARTUP = 16   # random trials of Optuna's models; a constant, so that more trials extend a study
UNTIL = "until"     # the attribute of a trial that says after how many epochs its training pauses
Score = Callable[[Mapping[str, Atom]], float]
Quick = Callable[[Point], float]


@dataclass(frozen=True)
class SamplingTask:
    """The search as samplers see it, the same for all trials."""

    space: Genotype
    budget: Budget
    prior: Score | None = None      # score of networks not evaluated; higher is better
    quick: Quick | None = None      # the same in milliseconds
    start: tuple[Point, ...] = ()   # known networks inside the budget
    widths: tuple[str, ...] = ()    # what the budget solver would decide
    seed: int = 0
    epochs: int = 1                 # of a full training,
    pauses: tuple[int, ...] = ()    # and those after which it may pause
    time: float = math.inf          # seconds for the search,
    used: Callable[[], float] = lambda: 0.0     # and the share of them that is used, 0 to 1
    rises: bool = True              # whether an objective is to be great, as it may be in large
                                    # networks: an accuracy or a score, no latency


class Sampler(ABC):
    """Proposes a network for the next trial. Its state consists of caches only: a proposal depends
    on the finished trials and the seed, so that an interrupted study continues identically."""

    @abstractmethod
    def propose(self, study: optuna.Study, trial: FrozenTrial, seed: int) -> Propose:
        """A function that decides every hole; ``seed`` differs between trials."""

    def until(self, study: optuna.Study, trial: FrozenTrial, seed: int,
              identity: str) -> int | None:
        """The epochs after which the training of a network pauses, or ends; None if the sampler
        leaves that to the objective."""
        return None

    def after_trial(self, study: optuna.Study, trial: FrozenTrial,  # noqa: B027  # most keep nothing
                    state: TrialState, values: list[float] | None) -> None:
        """Called with the result of each trial."""


Maker = Callable[[SamplingTask], Sampler]


@dataclass(frozen=True, slots=True)
class SamplerEntry:
    """A registered sampler, and what it takes of a search.

    ``screens``: it rates networks by a score of the graph alone (`SamplingTask.quick`), and needs
    one. ``guided``: it may be guided by a score (`SamplingTask.prior`). ``solves``: it decides what
    else the budget solver would (`SamplingTask.widths`), for all but the networks it starts with.
    ``trains``: it decides how long networks are trained, and may propose one again to go on.
    """

    make: Maker
    screens: bool = False
    guided: bool = False
    solves: bool = False
    trains: bool = False


SAMPLERS: Registry[SamplerEntry] = Registry("sampler", "docs/search.md")


def sampler(name: str, **takes: bool) -> Callable[[Maker], Maker]:
    """Register a function that makes a sampler; for what it takes see `SamplerEntry`."""
    return SAMPLERS.register(name, lambda make: SamplerEntry(make, **takes))


@dataclass(frozen=True, slots=True)
class Past:
    """A finished trial. ``values`` are to be maximised, whatever the study's directions; None for
    a network that could not be scored, and predicted for a pruned training."""

    decisions: dict[str, Atom]
    identity: str
    cost: Cost
    values: tuple[float, ...] | None


def finished(trial: FrozenTrial) -> bool:
    """Whether a trial was scored, pruned, or failed for good; false if it was cut off."""
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED) or "error" in trial.user_attrs


def snapshot(study: optuna.Study) -> list[FrozenTrial]:
    """All trials at the creation of the latest one; read once per trial."""
    return study._get_trials(deepcopy=False, use_cache=True)


def ordinal(study: optuna.Study, number: int) -> int:
    """Number of trials before this one that are finished or being evaluated; unique among the
    trials that are evaluated at the same time."""
    return sum(finished(t) or t.state == TrialState.RUNNING
               for t in snapshot(study) if t.number < number)


def history(study: optuna.Study) -> list[Past]:
    """The finished trials in order, and after them those being evaluated by other workers, with
    the median of the values found, so that their neighbours are not proposed too (constant liar:
    Ginsbourger, Le Riche & Carraro 2010, section 4.2). A pruned training has predicted values."""
    signs = [1 if d == optuna.study.StudyDirection.MAXIMIZE else -1 for d in study.directions]
    trials = snapshot(study)
    past = [_past(t, _values(t, signs)) for t in trials if finished(t)]
    scored = [p.values for p in past if p.values is not None]
    lie = tuple(statistics.median(column) for column in zip(*scored, strict=True)) or None
    return past + [_past(t, lie) for t in trials
                   if t.state == TrialState.RUNNING and "identity" in t.user_attrs]


def _values(trial: FrozenTrial, signs: list[int]) -> tuple[float, ...] | None:
    found = trial.values if trial.state == TrialState.COMPLETE else \
        trial.user_attrs.get("foretold")
    return tuple(s * v for s, v in zip(signs, found, strict=True)) if found else None


def _past(trial: FrozenTrial, values: tuple[float, ...] | None) -> Past:
    a = trial.user_attrs
    return Past(a["decisions"], a["identity"], Cost(a["macs"], a["params"]), values)


def ordered(hole: Hole) -> bool:
    """Whether a hole's options have an order: a range, or a choice among numbers."""
    if hole.kind != "choice":
        return hole.kind in ("int", "solve")
    return all(isinstance(x, int | float) and not isinstance(x, bool) for x in hole.labels)


def option(label: Atom) -> tuple[bool, Atom]:
    """Key of an option that distinguishes True from 1."""
    return isinstance(label, bool), label


def distribution(hole: Hole) -> BaseDistribution:
    """Optuna's distribution of a hole: a range stays ordered, everything else is categorical."""
    if hole.kind in ("int", "graph"):
        numbers = [exact(label) for label in hole.labels]
        low, high = numbers[0], numbers[-1]
        step = numbers[1] - low if len(numbers) > 1 else 1
        if all(isinstance(number, int) for number in numbers):
            return IntDistribution(low, high, step=step)
        return FloatDistribution(float(low), float(high), step=float(step))   # a freed width
    return CategoricalDistribution(hole.labels)


def taking(decisions: Mapping[str, Atom], rng: random.Random) -> Propose:
    """Propose these decisions; holes without one, or without that option, are drawn at random."""
    def propose(name: str, hole: Hole) -> Atom:
        label = decisions.get(name)
        return label if name in decisions and label in hole.labels else rng.choice(hole.labels)
    return propose
