"""The best networks of a search with training, trained again from fresh seeds before one is chosen.

The accuracy of one training, on the few images held out for a search, owes as much to chance as to
the network, and the best of many such values owes most. So the best few are trained again, with
other weights and another order of the images, and the one with the best mean is chosen.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace

from search.objectives import Candidate
from search.objectives.training import Trainings
from search.seeds import derive
from search.study import Study
from search.study.trial import Trial

SEEDS = 3       # fresh trainings of each network


@dataclass(frozen=True, slots=True)
class Retrained:
    """A network that a search found, by its best trial, with its accuracies in percent from fresh
    trainings."""

    trial: Trial
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean accuracy."""
        return statistics.fmean(self.accuracies)

    @property
    def spread(self) -> float:
        """Standard deviation over the trainings."""
        return statistics.stdev(self.accuracies)

    def shown(self) -> str:
        """``93.4 ± 0.6 %``."""
        return f"{self.mean:.2f} ± {self.spread:.2f} %"


def retrain(study: Study, note: Callable[[str], None], should_stop: Callable[[], bool],
            ) -> list[Retrained]:
    """The best networks trained again, in the order of their trials' values; none unless training
    is the only objective, and there are several to choose from, and none if ``should_stop``
    returned true before all were trained. ``note`` is called with a line before each training;
    networks whose training fails are left out.

    What was trained so before is in the archive, and is not trained again.
    """
    plan, train = study.plan, study.plan.settings.train
    [*evaluators] = study.evaluators.values()
    if len(evaluators) > 1 or not isinstance(evaluators[0], Trainings) or train is None:
        return []
    trainer = replace(evaluators[0].trainer, worker=evaluators[0].context.worker())
    best: dict[str, Trial] = {}         # the best trial of each network, best first
    for trial in study.best(len(study.trials())):
        if not trial.pruned:
            best.setdefault(trial.identity, trial)
    finalists = list(best.values())[:train.finals]
    found: list[Retrained] = []
    for i, trial in enumerate(finalists if len(finalists) > 1 else (), 1):
        accuracies = []
        for seed in range(SEEDS):
            if should_stop():
                return []
            note(f"training again {i}/{len(finalists)}: trial {trial.number}, "
                 f"{seed + 1} of {SEEDS}")
            candidate = Candidate(plan.space, trial.decisions, plan.settings.input,
                                  derive(plan.settings.seed, "final", trial.identity, seed),
                                  f"trial {trial.number}", trial.number, trial.identity)
            if (value := trainer.evaluation(candidate).value) is not None:
                accuracies.append(value)
        if len(accuracies) == SEEDS:
            found.append(Retrained(trial, tuple(accuracies)))
    return found


def verdict(results: list[Retrained]) -> str:
    """One sentence: which network is chosen, and by how much it leads."""
    best, *others = sorted(results, key=lambda r: -r.mean)
    said = (f"Trial {best.trial.number} has the best mean of {SEEDS} fresh trainings, "
            f"{best.shown()}")
    if not others:
        return f"{said}."
    gap = best.mean - others[0].mean
    apart = gap > best.spread + others[0].spread
    return (f"{said}; trial {others[0].trial.number} follows with {others[0].shown()}"
            + ("." if apart else ", which chance may explain."))
