"""The outcome of a search: its trials, the final comparison or the front, the chosen network."""

from dataclasses import dataclass

from search.results.final_comparison import TOP, FinalResult
from search.results.front import Front, front_of
from search.results.retraining import Retrained
from search.study import Study
from search.study.trial import Trial


@dataclass(frozen=True, slots=True)
class Outcome:
    """``best``: the best trials by the first objective, best first. ``chosen``: the network in
    `best.yaml`; where no training has ended, one that was stopped. ``retrained``: the best networks
    of a search with training, after fresh trainings. ``stopped``: the reason if the search ended
    early."""

    trials: list[Trial]
    best: list[Trial]
    results: list[FinalResult]
    retrained: list[Retrained]
    front: Front | None
    chosen: Trial
    stopped: str | None
    interrupted: bool

    @property
    def result(self) -> FinalResult | None:
        """The chosen network's result in the final comparison, if it was compared."""
        return next((r for r in self.results if r.entry.trial == self.chosen.number), None)

    @property
    def again(self) -> Retrained | None:
        """The chosen network's fresh trainings, if it was trained again."""
        return next((r for r in self.retrained if r.trial is self.chosen), None)


def outcome(study: Study, trials: list[Trial], results: list[FinalResult],
            retrained: list[Retrained], stopped: str | None, interrupted: bool) -> Outcome:
    """The outcome with its chosen network: for several objectives the knee of the front, else the
    network with the best mean in the final comparison or after fresh trainings, or without these
    the best single value."""
    best = study.best(TOP)
    front = front_of(trials, study.plan.objectives, study.plan.settings.budget) \
        if len(study.plan.objectives) > 1 else None
    found = max((r for r in results if r.entry.trial is not None), key=lambda r: r.mean,
                default=None)
    again = max(retrained, key=lambda r: r.mean, default=None)
    chosen = front.knee if front else again.trial if again else best[0] if found is None else \
        next(t for t in best if t.number == found.entry.trial)
    return Outcome(trials, best, results, retrained, front, chosen, stopped, interrupted)
