"""Cached evaluations: values in the archive are not computed again."""

import time
from collections.abc import Callable
from typing import TypeVar

from search.archive import Archive, Evaluation, EvaluationKey, Measurement
from search.errors import ScoreError
from search.objectives.base import Evaluated
from search.objectives.candidate import Candidate
from searchspace import GenotypeError
from searchspace.safety.values import REAL

T = TypeVar("T")


def archived(archive: Archive, study: str, key: EvaluationKey, candidate: Candidate,
             work: Callable[[], float]) -> Evaluation:
    """The archive's evaluation of this key, or a new one by ``work``; failures are stored with the
    reason. Waits for another worker that evaluates the same key."""
    with archive.alone(key) as known:
        if known is not None:
            return known
        start = time.perf_counter()
        value, error = attempt(work)
        if value is not None and not REAL.accepts(value):
            value, error = None, f"its value is {value}, not {REAL.wanted}"
        return archive.record(key, candidate.record(),
                              Measurement(value, time.perf_counter() - start, error), study,
                              candidate.trial)


def attempt(work: Callable[[], T]) -> tuple[T | None, str | None]:
    """The result of ``work`` and None, or None and the reason why the network failed."""
    try:
        return work(), None
    except (ScoreError, GenotypeError, MemoryError, RuntimeError) as fault:
        return None, str(fault) or type(fault).__name__     # torch raises RuntimeError for most


def evaluated(evaluation: Evaluation) -> Evaluated:
    """An archived evaluation as the result of an objective."""
    return Evaluated(evaluation.value, evaluation.seconds, evaluation.error)
