"""The values of one network by all objectives of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import optuna

from search.objectives import Candidate, Evaluator, Objective, Progress


@dataclass(frozen=True, slots=True)
class Result:
    """The values in the order of the objectives, None where one of them failed (``error``).
    ``seconds`` of wall clock over all; ``pruned``: a training was broken off early."""

    values: tuple[float, ...] | None
    seconds: float
    error: str | None = None
    pruned: bool = False


def evaluate(candidate: Candidate, trial: optuna.Trial, ordinal: int,
             objectives: Sequence[Objective], evaluators: Mapping[str, Evaluator]) -> Result:
    """Evaluate a network in a trial that ``ordinal`` others precede, the expensive objectives
    last; after one that fails no other is evaluated."""
    known: dict[str, float] = {}
    seconds, pruned = 0.0, False
    for objective in sorted(objectives, key=lambda o: o.expensive):
        found = evaluators[objective.name](candidate, Progress(trial, ordinal, known))
        seconds += found.seconds
        if found.value is None:
            return Result(None, seconds, found.error)
        known[objective.name] = found.value
        pruned = pruned or found.pruned
    return Result(tuple(known[o.name] for o in objectives), seconds, pruned=pruned)
