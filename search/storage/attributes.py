"""Attributes of trials in a study's database, read by type.

A database may be a stranger's, and JSON has any value under any name. Every trial passes `check`
when it is loaded (`worker_storage`), so that nothing is computed with a wrong value.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState

from search.samplers.base import UNTIL, finished
from search.storage.bulk import Outcome
from searchspace.notation.holes import Decisions
from searchspace.safety.values import (
    FLAG,
    JSON,
    PLAIN,
    REAL,
    TEXT,
    WHOLE,
    WORD,
    Kind,
    WrongValueError,
    list_of,
    names_to,
    whole,
)

_DECISIONS, _REALS, _NAMED, _VALUES = (names_to(PLAIN), list_of(REAL), names_to(REAL),
                                       names_to(JSON))
_NUMBERS = list_of(WHOLE)
WORKER = "worker"       # the attribute of a trial that names its worker
YEARS = range(1970, 3000)
# Attributes that are read from a trial by name where it has them: by samplers, in recovery, and in
# training.
_OTHERS: dict[str, Kind[Any]] = {
    WORKER: WORD, "interrupted": TEXT, "checkpoint": whole(-1), UNTIL: whole(1), "curve": _REALS,
    "known": _NAMED, "bracket": WHOLE, "foretold": _REALS, "after": _NUMBERS}
_TRAINED = ("curve", "known", "bracket")        # of one training: all of them or none


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """The attributes of a trial whose network is recorded. ``memory``: bytes of peak activations;
    ``latency``: nanoseconds, predicted where a latency matters; ``curve``: accuracies during its
    training, after each epoch or after those in ``after``; ``own``: values of the user's
    constraints; ``metrics``: what the user's function gave. For the fields from ``changed`` to
    ``proposed_macs`` see `Proposal` and `Distance`."""

    decisions: Decisions
    identity: str
    macs: int
    params: int
    memory: int
    latency: int | None = None
    seconds: float = 0.0
    error: str | None = None
    changed: int = 0
    share: float = 0.0
    rank: float = 0.0
    replaced: bool = False
    lost: int = 0
    start: str | None = None
    brought: bool = False
    proposed_macs: int | None = None
    worker: str = ""
    curve: tuple[float, ...] = ()
    after: tuple[int, ...] = ()
    own: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """Of its training."""
        return self.after[-1] if self.after else len(self.curve)

    @classmethod
    def of(cls, a: Mapping[str, Any], **more: Any) -> Self:
        """Read the attributes of a trial; those that earlier versions did not write may be missing.
        ``more``: further fields.

        Raises:
            WrongValueError: one is missing, or of another type or range.
        """
        return cls(
            decisions=_DECISIONS.of(a, "decisions"), identity=WORD.of(a, "identity"),
            macs=WHOLE.of(a, "macs"), params=WHOLE.of(a, "params"), memory=WHOLE.of(a, "memory"),
            latency=WHOLE.get(a, "latency", None), seconds=REAL.get(a, "seconds", 0.0),
            error=TEXT.get(a, "error", None), changed=WHOLE.of(a, "changed"),
            share=REAL.get(a, "share", 0.0), rank=REAL.get(a, "rank", 0.0),
            replaced=FLAG.of(a, "replaced"), lost=WHOLE.of(a, "lost"),
            start=WORD.get(a, "start", None), brought=FLAG.get(a, "brought", False),
            proposed_macs=WHOLE.get(a, "proposed_macs", None), worker=WORD.get(a, WORKER, ""),
            curve=tuple(_REALS.get(a, "curve", [])), after=tuple(_NUMBERS.get(a, "after", [])),
            own=_NAMED.get(a, "own", {}), metrics=_NAMED.get(a, "metrics", {}),
            **more)


def check(trial: FrozenTrial, goals: int) -> None:
    """Check all that is read of a trial of a study with so many objectives.

    Raises:
        ValueError: a value is wrong; the message names the trial.
    """
    WHOLE.check(trial.number, "the number of a trial")
    try:
        trial._validate()           # its state, times, values and parameters fit each other
        _check_times(trial)
        a, system = (_VALUES.check(found, "an attribute")
                     for found in (trial.user_attrs, trial.system_attrs))
        for name in trial.params:
            WORD.check(name, "the name of a parameter")
        for step in trial.intermediate_values:
            WHOLE.check(step, "a step")
        _check_samplers(system)
        if finished(trial) or "identity" in a:
            Attributes.of(a)
        for name, kind in _OTHERS.items():
            kind.get(a, name, None)
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED) and \
                "curve" in a and any(a.get(name) is None for name in _TRAINED):
            raise WrongValueError("a training lacks its curve, its bracket or what was known")
        if "after" in a and len(a["after"]) != len(a.get("curve") or ()):
            raise WrongValueError("a learning curve has not one value after each of its epochs")
        for values in (trial.values, a.get("foretold")):
            _check_values(values, goals)
    except (TypeError, ValueError) as error:
        raise WrongValueError(f"of trial {trial.number}, {error}") from None


def check_outcome(outcome: Outcome, goals: int) -> None:
    """Check what came of a trial, as far as it is read without its attributes; as `check`."""
    WHOLE.check(outcome.number, "the number of a trial")
    try:
        if outcome.state is TrialState.COMPLETE and outcome.values is None:
            raise WrongValueError("a complete trial has no values")
        _check_values(outcome.values, goals)
    except WrongValueError as error:
        raise WrongValueError(f"of trial {outcome.number}, {error}") from None


def check_attributes(attributes: Mapping[str, Any]) -> None:
    """Check the attributes of a study, as far as Optuna reads them; raises WrongValueError."""
    _check_samplers(_VALUES.check(attributes, "an attribute"))


def check_names(studies: Iterable[FrozenStudy]) -> None:
    """Check the names of studies; raises WrongValueError."""
    for study in studies:
        WORD.check(study.study_name, "the name of a study")


# What Optuna loads by these methods of a storage is checked so.
CHECKS: dict[str, Callable[[Any], None]] = {
    "get_all_studies": check_names, "get_study_user_attrs": check_attributes,
    "get_study_system_attrs": check_attributes}


def _check_samplers(system: Mapping[str, Any]) -> None:
    """Check what Optuna's samplers read: constraints, and the generations of an evolution."""
    for name in system:
        kind: Kind[Any] = JSON
        if name.startswith("constraints"):
            kind = REAL if ":" in name else _REALS
        elif "generation" in name:
            kind = WHOLE
        elif "parent" in name:
            kind = _NUMBERS
        kind.of(system, name)


def _check_values(values: Sequence[object] | None, goals: int) -> None:
    if values is not None and (len(values) != goals or not all(map(REAL.accepts, values))):
        raise WrongValueError(f"its values are not {goals} finite numbers of moderate size")


def _check_times(trial: FrozenTrial) -> None:
    for time in (trial.datetime_start, trial.datetime_complete):
        if time is not None and (not isinstance(time, datetime) or time.year not in YEARS
                                 or time.tzinfo is not None):
            raise WrongValueError("its times are not of this age, in local time")
