"""The sampler that a study holds: another one proposes, the budget disposes.

`BudgetSampler` asks the sampler inside it for every decision of a point and brings the point to the
budget. The result becomes the trial's parameters (`search.trial.begin`): what the sampler is told
is what was really scored.
"""

from collections.abc import Callable
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from search.samplers.base import Sampler, derive, ordinal
from searchspace.space import Point, Propose

Bring = Callable[[Callable[[int], Propose]], Point]     # given the first proposal, the second …


class BudgetSampler(BaseSampler):
    """``bring`` turns the proposals of ``sampler`` into a point inside the budget.

    ``asked`` is the latest trial, also where it came to nothing, and ``ordinal`` what all of its
    randomness comes from.
    """

    def __init__(self, sampler: Sampler, seed: int, bring: Bring) -> None:
        self.sampler, self.seed, self.bring = sampler, seed, bring
        self.point: Point | None = None
        self.asked: FrozenTrial | None = None
        self.ordinal = 0

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Settle the whole point at once: every decision is known before Optuna asks for one."""
        self.asked, self.ordinal = trial, ordinal(study, trial.number)

        def proposal(number: int) -> Propose:
            parts = (self.ordinal, number) if number else (self.ordinal,)
            return self.sampler.propose(study, trial, derive(self.seed, "sampler", *parts))

        self.point = self.bring(proposal)

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
        self.sampler.after_trial(study, trial, state, values)
