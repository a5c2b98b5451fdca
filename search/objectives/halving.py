"""Decides at the rungs of a study from its finished trials, by `search.training.hyperband`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from search.objectives.base import Objective, Progress
from search.objectives.trainer import TRAIN, GoesOn
from search.pareto import Point
from search.training.hyperband import Rungs, predicted


@dataclass(frozen=True)
class Halving:
    """What a trial of ``study`` is compared with. Finished trials count, one that was cut off does
    not: it is done again, and what it meets then is what it met."""

    study: optuna.Study
    objectives: tuple[Objective, ...]
    rungs: Rungs
    seed: int

    def levels(self, ordinal: int) -> tuple[int, ...]:
        """The rungs of the trial that so many finished ones precede."""
        return self.rungs.levels(self.rungs.bracket(self.seed, ordinal))

    def goes_on(self, progress: Progress) -> GoesOn:
        """The decision about a trial, at each of its rungs."""
        bracket = self.rungs.bracket(self.seed, progress.ordinal)

        def decide(epochs: int, accuracy: float) -> bool:
            others = [self._losses(t.user_attrs["known"], t.user_attrs["curve"][epochs - 1])
                      for t in self._trained() if t.user_attrs["bracket"] == bracket
                      and len(t.user_attrs["curve"]) >= epochs]
            return self.rungs.goes_on(self._losses(progress.known, accuracy), others)

        return decide

    def kept(self, progress: Progress, curve: Sequence[float]) -> dict[str, Any]:
        """What a trial keeps of its training, for decisions about later ones and for samplers:
        ``foretold``, the values that a pruned one might have reached."""
        full = [t.user_attrs["curve"] for t in self._trained() if t.state == TrialState.COMPLETE]
        known = dict(progress.known)
        found: dict[str, Any] = {"curve": list(curve), "known": known,
                                 "bracket": self.rungs.bracket(self.seed, progress.ordinal)}
        if len(curve) < self.rungs.epochs and \
                (value := predicted(curve[-1], len(curve), full)) is not None:
            found["foretold"] = [value if o.name == TRAIN else known[o.name]
                                 for o in self.objectives]
        return found

    def _trained(self) -> list[FrozenTrial]:
        states = (TrialState.COMPLETE, TrialState.PRUNED)
        return self.study.get_trials(deepcopy=False, states=states)

    def _losses(self, known: Mapping[str, float], accuracy: float) -> Point:
        values = {**known, TRAIN: accuracy}
        return tuple(o.loss(values[o.name]) for o in self.objectives)
