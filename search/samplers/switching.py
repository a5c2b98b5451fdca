"""Switch from one sampler to another after a number of trials."""

import optuna
from optuna.trial import FrozenTrial, TrialState

from search.samplers.base import Sampler, finished, snapshot
from searchspace.space.point import Propose

MODELLED = 500      # trials after which the model of a large space is slower than it is worth


class SwitchingSampler(Sampler):
    """Uses ``first`` up to ``after`` finished trials, then ``then``. The criterion is not a time,
    so that the same seed gives the same trials on any machine."""

    def __init__(self, first: Sampler, then: Sampler, after: int) -> None:
        self.first, self.then, self.after = first, then, after

    def propose(self, study: optuna.Study, trial: FrozenTrial, seed: int) -> Propose:
        done = sum(finished(t) for t in snapshot(study))
        return (self.first if done < self.after else self.then).propose(study, trial, seed)

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, state: TrialState,
                    values: list[float] | None) -> None:
        for sampler in (self.first, self.then):
            sampler.after_trial(study, trial, state, values)
