"""Optuna's samplers behind our face.

A fresh one is made for every trial from the trial's seed, because a sampler that is restarted from
its seed repeats its random numbers.
"""

import warnings
from collections.abc import Callable

import optuna
from optuna.distributions import FloatDistribution
from optuna.samplers import BaseGASampler, BaseSampler
from optuna.trial import FrozenTrial, TrialState

from search.samplers.base import distribution
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.space.point import Propose


class OptunaSampler:
    """Proposes what a sampler of Optuna's, made by ``make`` from a seed, does."""

    def __init__(self, make: Callable[[int], BaseSampler]) -> None:
        self.make = make
        self.inner = self._fresh(0)

    def _fresh(self, seed: int) -> BaseSampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return self.make(seed)

    def propose(self, study: optuna.Study, trial: FrozenTrial, seed: int) -> Propose:
        """See `search.samplers.base.Sampler`."""
        inner = self.inner = self._fresh(seed)
        inner.before_trial(study, trial)
        if isinstance(inner, BaseGASampler):
            # Parents come back from Optuna's cache in another order than on the first call, and
            # without the random numbers spent on choosing them: another sampler calls beforehand,
            # and a trial that is done again meets what the first try met.
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
        """See `search.samplers.base.Sampler`."""
        self.inner.after_trial(study, trial, state, values)
