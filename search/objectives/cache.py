"""Cached evaluations: values in the archive are not computed again."""

import time
from collections.abc import Callable
from typing import TypeVar

import optuna

from search.archive import Archive, Evaluation, EvaluationKey, Measurement
from search.errors import ScoreError
from search.objectives.base import Evaluated
from search.objectives.candidate import Candidate
from searchspace import GenotypeError, SearchspaceError
from searchspace.errors import ShapeError
from searchspace.safety.values import REAL

T = TypeVar("T")
# What says that data, a device or a database cannot be used: no network is to blame.
AROUND = (SearchspaceError, optuna.exceptions.OptunaError)


def archived(archive: Archive, study: str, key: EvaluationKey, candidate: Candidate,
             work: Callable[[], float]) -> Evaluation:
    """The archive's evaluation of this key, or a new one by ``work``; failures are stored with the
    reason. Waits for another worker that evaluates the same key."""
    with archive.alone(key) as known:
        if known is not None:
            return known
        start = time.perf_counter()
        value, error = attempt(work)
        return archive.record(key, candidate.record(),
                              measurement(value, time.perf_counter() - start, error), study,
                              candidate.trial)


def measurement(value: float | None, seconds: float, error: str | None) -> Measurement:
    """What is archived of an attempt; a value that is no real number is a failure."""
    if value is not None and not REAL.accepts(value):
        value, error = None, f"its value is {value}, not {REAL.wanted}"
    return Measurement(value, seconds, error)


def attempt(work: Callable[[], T]) -> tuple[T | None, str | None]:
    """The result of ``work`` and None, or None and the reason why the network failed: whatever the
    code of torch, of an operation or of a score raises. What is `AROUND` is raised."""
    try:
        return work(), None
    except (ScoreError, GenotypeError, ShapeError) as fault:
        return None, str(fault)
    except AROUND:
        raise
    except (Exception, SystemExit) as fault:
        return None, reason(fault)


def reason(fault: BaseException) -> str:
    """Why foreign code failed, for a trial; torch raises RuntimeError for most, and says enough."""
    kind, said = type(fault).__name__, str(fault)
    return said if isinstance(fault, RuntimeError) and said else f"{kind}: {said}".rstrip(": ")


def evaluated(evaluation: Evaluation) -> Evaluated:
    """An archived evaluation as the result of an objective."""
    return Evaluated(evaluation.value, evaluation.seconds, evaluation.error)
