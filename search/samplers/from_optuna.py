"""Adapters of Optuna's samplers.

A new one is made for every trial from the trial's seed, because a sampler that is restarted from
its seed repeats its random numbers.
"""

import warnings
from collections.abc import Callable

import optuna
from optuna.distributions import FloatDistribution
from optuna.samplers import BaseGASampler, BaseSampler
from optuna.trial import FrozenTrial, TrialState

from search.samplers.base import STARTUP, Sampler, SamplingTask, distribution, sampler
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.space.point import Propose


class OptunaSampler(Sampler):
    """Proposes by a sampler of Optuna, which ``make`` creates from a seed."""

    def __init__(self, make: Callable[[int], BaseSampler]) -> None:
        self.make = make
        self.inner = self._fresh(0)

    def _fresh(self, seed: int) -> BaseSampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return self.make(seed)

    def propose(self, study: optuna.Study, trial: FrozenTrial, seed: int) -> Propose:
        inner = self.inner = self._fresh(seed)
        inner.before_trial(study, trial)
        if isinstance(inner, BaseGASampler):
            # Parents come back from Optuna's cache in another order than on the first call, and
            # without the random numbers spent on choosing them: another sampler calls beforehand,
            # and a repeated trial must get what the first attempt got.
            other = self._fresh(seed)
            assert isinstance(other, BaseGASampler)
            other.get_parent_population(study, other.get_trial_generation(study, trial))
        known = inner.infer_relative_search_space(study, trial)
        drawn = inner.sample_relative(study, trial, known)

        def decide(name: str, hole: Hole) -> Atom:
            wanted = distribution(hole)
            value = drawn[name] if name in drawn and known.get(name) == wanted else \
                inner.sample_independent(study, trial, name, wanted)
            if isinstance(wanted, FloatDistribution):
                return min(hole.labels, key=lambda label: abs(float(label or 0) - value))
            label: Atom = value
            return label

        return decide

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, state: TrialState,
                    values: list[float] | None) -> None:
        self.inner.after_trial(study, trial, state, values)


@sampler("tpe")
def tpe(task: SamplingTask) -> OptunaSampler:
    """Tree-structured Parzen estimators (Bergstra et al. 2011): one multivariate estimator for each
    group of holes that exist together."""
    return OptunaSampler(lambda seed: optuna.samplers.TPESampler(
        seed=seed, multivariate=True, group=True, n_startup_trials=STARTUP))


@sampler("nsga2")
def nsga2(task: SamplingTask) -> OptunaSampler:
    """NSGA-II (Deb et al. 2002): generations, ranked by dominance and crowding; a population small
    enough for searches of a hundred trials."""
    return OptunaSampler(lambda seed: optuna.samplers.NSGAIISampler(
        seed=seed, population_size=STARTUP))


@sampler("nsga3")
def nsga3(task: SamplingTask) -> OptunaSampler:
    """NSGA-III (Deb & Jain 2014): as NSGA-II, spread by reference directions; for three objectives
    and more, where crowding distances say little."""
    return OptunaSampler(lambda seed: optuna.samplers.NSGAIIISampler(
        seed=seed, population_size=STARTUP))


@sampler("optuna-gp")
def optuna_gp(task: SamplingTask) -> OptunaSampler:
    """Optuna's Gaussian process, for comparison: it knows neither the costs nor which networks are
    equal, and proposes conditional holes independently of each other."""
    return OptunaSampler(lambda seed: optuna.samplers.GPSampler(
        seed=seed, n_startup_trials=STARTUP, deterministic_objective=True,
        warn_independent_sampling=False))


@sampler("random")
def random_search(task: SamplingTask) -> OptunaSampler:
    """Every hole uniform over its options."""
    return OptunaSampler(lambda seed: optuna.samplers.RandomSampler(seed=seed))
