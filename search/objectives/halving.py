"""Pruning decisions at the rungs of a study from its finished trials, by `hyperband`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from search.objectives.base import Objective, Progress
from search.objectives.training_rungs import TRAIN, GoesOn
from search.pareto import Point
from search.training.hyperband import Rungs, predicted


@dataclass(frozen=True)
class Halving:
    """Compares trials of ``study`` with its finished trials. Trials that were cut off do not count,
    so that a repeated trial gets the same decision."""

    study: optuna.Study
    objectives: tuple[Objective, ...]
    rungs: Rungs
    seed: int

    def levels(self, ordinal: int) -> tuple[int, ...]:
        """The rungs, in epochs, of the trial with ``ordinal`` trials before it."""
        return self.rungs.levels(self.rungs.bracket(self.seed, ordinal))

    def goes_on(self, progress: Progress) -> GoesOn:
        """The function that decides at each rung whether a trial goes on."""
        bracket = self.rungs.bracket(self.seed, progress.ordinal)

        def decide(epochs: int, accuracy: float) -> bool:
            others = [self._losses(t.user_attrs["known"], t.user_attrs["curve"][epochs - 1])
                      for t in self._trained() if t.user_attrs["bracket"] == bracket
                      and len(t.user_attrs["curve"]) >= epochs]
            return self.rungs.goes_on(self._losses(progress.known, accuracy), others)

        return decide

    def kept(self, progress: Progress, curve: Sequence[float]) -> dict[str, Any]:
        """Attributes of a trial from its training, for decisions about later ones and for samplers:
        ``foretold``, the predicted final values of a pruned one."""
        full = [t.user_attrs["curve"] for t in self._trained() if t.state == TrialState.COMPLETE
                and len(t.user_attrs["curve"]) >= self.rungs.epochs]
        known = dict(progress.known)
        found: dict[str, Any] = {"curve": list(curve), "known": known,
                                 "bracket": self.rungs.bracket(self.seed, progress.ordinal)}
        if len(curve) < self.rungs.epochs and \
                (value := predicted(curve[-1], len(curve), full)) is not None:
            found["foretold"] = [value if o.name == TRAIN else known[o.name]
                                 for o in self.objectives]
        return found

    def _trained(self) -> list[FrozenTrial]:
        """The trained ones, with all that is compared."""
        states = (TrialState.COMPLETE, TrialState.PRUNED)
        needed = {o.name for o in self.objectives} - {TRAIN}
        return [t for t in self.study.get_trials(deepcopy=False, states=states)
                if t.user_attrs.get("curve") and needed <= t.user_attrs["known"].keys()]

    def _losses(self, known: Mapping[str, float], accuracy: float) -> Point:
        values = {**known, TRAIN: accuracy}
        return tuple(o.loss(values[o.name]) for o in self.objectives)
