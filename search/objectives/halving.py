"""Pruning decisions at the rungs of a study from its finished trials, by `hyperband`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from search.objectives.base import Objective, Progress
from search.pareto import Point
from search.training.hyperband import GoesOn, Rungs, predicted


@dataclass(frozen=True)
class Halving:
    """Compares trials of ``study`` with its finished trials by their learning curves of the
    objective ``goal``, and by the others. Trials that were cut off do not count, so that a repeated
    trial gets the same decision."""

    study: optuna.Study
    objectives: tuple[Objective, ...]
    rungs: Rungs
    seed: int
    goal: str

    def levels(self, ordinal: int) -> tuple[int, ...]:
        """The rungs, in epochs, of the trial with ``ordinal`` trials before it."""
        return self.rungs.levels(self.rungs.bracket(self.seed, ordinal))

    def goes_on(self, progress: Progress) -> GoesOn:
        """The function that decides at each rung whether a trial goes on."""
        bracket = self.rungs.bracket(self.seed, progress.ordinal)

        def decide(epochs: int, accuracy: float) -> bool:
            place = self.rungs.place(epochs)
            others = [self._losses(t.user_attrs["known"], t.user_attrs["curve"][place])
                      for t in self._trained() if t.user_attrs["bracket"] == bracket
                      and len(t.user_attrs["curve"]) > place]
            return self.rungs.goes_on(self._losses(progress.known, accuracy), others)

        return decide

    def keep(self, progress: Progress, curve: Sequence[float]) -> None:
        """Store the learning curve of a trial: in its attributes, and for Optuna where there is one
        objective, since it takes no reports of several."""
        if len(self.objectives) == 1:
            for epochs, value in zip(self.rungs.steps(len(curve)), curve, strict=True):
                progress.trial.report(value, epochs)
        for key, value in self._attributes(progress, curve).items():
            progress.trial.set_user_attr(key, value)

    def _attributes(self, progress: Progress, curve: Sequence[float]) -> dict[str, Any]:
        """Attributes of a trial from its training, for decisions about later ones and for samplers:
        ``foretold``, the predicted final values of a pruned one."""
        last = self.rungs.place(self.rungs.epochs)
        full = [t.user_attrs["curve"] for t in self._trained() if t.state == TrialState.COMPLETE
                and len(t.user_attrs["curve"]) > last]
        known = dict(progress.known)
        found: dict[str, Any] = {"curve": list(curve), "known": known,
                                 "bracket": self.rungs.bracket(self.seed, progress.ordinal)}
        if self.rungs.known:
            found["after"] = list(self.rungs.steps(len(curve)))
        if len(curve) <= last and \
                (value := predicted(curve[-1], len(curve), full)) is not None:
            found["foretold"] = [value if o.name == self.goal else known[o.name]
                                 for o in self.objectives]
        return found

    def _trained(self) -> list[FrozenTrial]:
        """The trained ones, with all that is compared."""
        states = (TrialState.COMPLETE, TrialState.PRUNED)
        needed = {o.name for o in self.objectives} - {self.goal}
        return [t for t in self.study.get_trials(deepcopy=False, states=states)
                if t.user_attrs.get("curve") and needed <= t.user_attrs["known"].keys()]

    def _losses(self, known: Mapping[str, float], accuracy: float) -> Point:
        values = {**known, self.goal: accuracy}
        return tuple(o.loss(values[o.name]) for o in self.objectives)
