"""Optuna's samplers behind one face: they propose, the budget disposes.

`BudgetSampler` asks the sampler inside it for every decision of a point, brings the point to the
budget, and hands the result to Optuna as the trial's parameters: what the sampler is told is what
was really scored. A fresh inner sampler is seeded for every trial from (seed, trial), because a
sampler restarted from its seed would repeat its random numbers.
"""

import hashlib
import warnings
from collections.abc import Callable
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from searchspace import Genotype
from searchspace.formula import exact
from searchspace.holes import Hole
from searchspace.space import Point, Propose, is_conditional
from searchspace.tree import Atom

SAMPLERS = ("auto", "tpe", "gp", "nsga2", "random")

STARTUP = 16   # random trials before a model; a constant, so that more trials extend a study

GP_HOLES = 12  # a Gaussian process learns fastest in few dimensions, and slows with more

Bring = Callable[[Propose], Point]


def derive(*parts: object) -> int:
    """A 32-bit seed from anything printable, the same on every machine."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")


def finished(trial: FrozenTrial) -> bool:
    """Whether a trial was scored, or found impossible to score; not one that was cut off."""
    return trial.state == TrialState.COMPLETE or "error" in trial.user_attrs


def distribution(hole: Hole) -> BaseDistribution:
    """What Optuna samples for a hole: a range stays ordered, everything else is categorical."""
    if hole.kind in ("int", "graph"):
        numbers = [exact(label) for label in hole.labels]
        low, high = numbers[0], numbers[-1]
        step = numbers[1] - low if len(numbers) > 1 else 1
        if all(isinstance(number, int) for number in numbers):
            return IntDistribution(low, high, step=step)
        return FloatDistribution(float(low), float(high), step=float(step))   # a freed width
    return CategoricalDistribution(hole.labels)


def choose(name: str, space: Genotype) -> tuple[str, str]:
    """The sampler for ``auto``, with the reason in one line; other names stay as they are."""
    if name != "auto":
        return name, "as asked"
    if is_conditional(space):
        return "tpe", "which holes exist depends on decisions: TPE learns each group of holes alone"
    if len(space.holes) <= GP_HOLES:
        return "gp", f"{len(space.holes)} holes that always exist suit a Gaussian process"
    return "tpe", f"{len(space.holes)} holes: TPE stays fast"


def make(name: str, seed: int) -> BaseSampler:
    """A fresh sampler."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if name == "tpe":
            return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True,
                                              n_startup_trials=STARTUP)
        if name == "gp":
            return optuna.samplers.GPSampler(seed=seed, n_startup_trials=STARTUP,
                                             deterministic_objective=True)
        if name == "nsga2":
            return optuna.samplers.NSGAIISampler(seed=seed, population_size=STARTUP)
    return optuna.samplers.RandomSampler(seed=seed)


class BudgetSampler(BaseSampler):
    """The sampler that a study holds; ``bring`` turns proposals into a point inside the budget."""

    def __init__(self, name: str, seed: int, bring: Bring) -> None:
        self.name, self.seed, self.bring = name, seed, bring
        self.point: Point | None = None
        self.inner = make(name, seed)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Settle the whole point at once: every decision is known before Optuna asks for one."""
        ordinal = sum(finished(t) for t in study.get_trials(deepcopy=False))
        inner = self.inner = make(self.name, derive(self.seed, "sampler", ordinal))
        inner.before_trial(study, trial)
        if isinstance(inner, optuna.samplers.NSGAIISampler):
            # Parents come back from Optuna's cache in another order than on the first call: one
            # call beforehand, and a trial that is done again meets what the first try met.
            inner.get_parent_population(study, inner.get_trial_generation(study, trial))
        known = inner.infer_relative_search_space(study, trial)
        drawn = inner.sample_relative(study, trial, known)

        def propose(name: str, hole: Hole) -> Atom:
            wanted = distribution(hole)
            value = drawn[name] if name in drawn and known.get(name) == wanted else \
                inner.sample_independent(study, trial, name, wanted)
            if isinstance(wanted, FloatDistribution):
                return min(hole.labels, key=lambda label: abs(float(label or 0) - value))
            label: Atom = value
            return label

        self.point = self.bring(propose)

    def infer_relative_search_space(self, study: optuna.Study,
                                    trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(self, study: optuna.Study, trial: FrozenTrial,
                        search_space: dict[str, BaseDistribution]) -> dict[str, Any]:
        return {}

    def sample_independent(self, study: optuna.Study, trial: FrozenTrial, param_name: str,
                           param_distribution: BaseDistribution) -> Any:
        assert self.point is not None
        return self.point.decisions[param_name]

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, state: TrialState,
                    values: Any) -> None:
        self.inner.after_trial(study, trial, state, values)
