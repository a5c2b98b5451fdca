"""The values of one network by all objectives of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import optuna

from search.objectives import Candidate, Evaluator, Objective, Progress
from searchspace.phases import phase


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """Values in the order of the objectives; None if one of them failed (``error``).
    ``seconds``: total wall-clock time; ``pruned``: a training was stopped early."""

    values: tuple[float, ...] | None
    seconds: float
    error: str | None = None
    pruned: bool = False


@phase("scoring")
def evaluate(candidate: Candidate, trial: optuna.Trial, ordinal: int,
             objectives: Sequence[Objective],
             evaluators: Mapping[str, Evaluator]) -> EvaluationResult:
    """Evaluate a network by all objectives, expensive ones last; stops at the first that fails.
    ``ordinal``: number of trials before this one."""
    known: dict[str, float] = {}
    seconds, pruned = 0.0, False
    for objective in sorted(objectives, key=lambda o: o.expensive):
        found = evaluators[objective.name](candidate, Progress(trial, ordinal, known))
        seconds += found.seconds
        if found.value is None:
            return EvaluationResult(None, seconds, found.error)
        known[objective.name] = found.value
        pruned = pruned or found.pruned
    return EvaluationResult(tuple(known[o.name] for o in objectives), seconds, pruned=pruned)
