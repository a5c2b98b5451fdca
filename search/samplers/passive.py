"""A passive Optuna sampler: networks are proposed as a whole, in `search.study.proposer`.

They are recorded after projection (`search.study.trial.begin`), so samplers learn from the network
that was evaluated.
"""

from collections.abc import Callable
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from search.samplers.base import Sampler
from search.seeds import derive
from searchspace.space.point import Propose

Proposals = Callable[[int], Propose]        # the first, the second … proposal for one trial


def proposals(sampler: Sampler, study: optuna.Study, trial: FrozenTrial, seed: int,
              ordinal: int) -> Proposals:
    """Proposals of ``sampler`` for a trial; ``ordinal``: number of trials before it. Random numbers
    are seeded by (seed, ordinal) alone."""
    def nth(number: int) -> Propose:
        parts = (ordinal, number) if number else (ordinal,)
        return sampler.propose(study, trial, derive(seed, "sampler", *parts))
    return nth


class PassiveSampler(BaseSampler):
    """Suggests nothing, and passes the results of trials to ``sampler``."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler

    def infer_relative_search_space(self, study: optuna.Study,
                                    trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(self, study: optuna.Study, trial: FrozenTrial,
                        search_space: dict[str, BaseDistribution]) -> dict[str, Any]:
        return {}

    def sample_independent(self, study: optuna.Study, trial: FrozenTrial, param_name: str,
                           param_distribution: BaseDistribution) -> Any:
        raise TypeError("the decisions of a trial are made as a whole; it suggests none")

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, state: TrialState,
                    values: Any) -> None:
        self.sampler.after_trial(study, trial, state, values)
