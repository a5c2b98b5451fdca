"""What a study's database says of its trials and settings, read by type.

A database may be a stranger's, and JSON has any value under any name. Every trial passes `check`
when it is loaded (`search.study.storage`), so that nothing is computed with a wrong value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import optuna
from optuna.trial import FrozenTrial, TrialState

from search.errors import StudyError
from search.objectives import Objective, named
from search.samplers import finished
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

WORKER = "worker"       # the attribute of a trial that names its worker
YEARS = range(1970, 3000)
# Attributes that are read from a trial by name where it has them: by samplers, in recovery, and in
# training.
_OTHERS: dict[str, Kind[Any]] = {
    WORKER: WORD, "interrupted": TEXT, "checkpoint": whole(-1), "curve": list_of(REAL),
    "known": names_to(REAL), "bracket": WHOLE, "foretold": list_of(REAL)}
_TRAINED = ("curve", "known", "bracket")        # of one training: all of them or none
_SETTING: Kind[Any] = Kind("a plain value, or a list or an object of them", lambda value: all(
    map(PLAIN.accepts, value.values() if isinstance(value, dict) else
        value if isinstance(value, list) else [value])))


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of a trial whose network is recorded; see `Trial`, which has the same."""

    decisions: Decisions
    identity: str
    macs: int
    params: int
    memory: int
    latency: int | None
    seconds: float
    error: str | None
    changed: int
    share: float
    rank: float
    replaced: bool
    lost: int
    start: str | None
    brought: bool
    proposed_macs: int | None
    worker: str
    epochs: int

    @classmethod
    def of(cls, a: Mapping[str, Any]) -> Self:
        """Read the attributes of a trial; those that earlier versions did not write may be missing.

        Raises:
            WrongValueError: one is missing, or of another type or range.
        """
        return cls(
            names_to(PLAIN).of(a, "decisions"), WORD.of(a, "identity"), WHOLE.of(a, "macs"),
            WHOLE.of(a, "params"), WHOLE.of(a, "memory"), WHOLE.get(a, "latency", None),
            REAL.get(a, "seconds", 0.0), TEXT.get(a, "error", None), WHOLE.of(a, "changed"),
            REAL.get(a, "share", 0.0), REAL.get(a, "rank", 0.0), FLAG.of(a, "replaced"),
            WHOLE.of(a, "lost"), WORD.get(a, "start", None), FLAG.get(a, "brought", False),
            WHOLE.get(a, "proposed_macs", None), WORD.get(a, WORKER, ""),
            len(list_of(REAL).get(a, "curve", [])))


def check(trial: FrozenTrial, goals: int) -> None:
    """Check all that is read of a trial of a study with so many objectives.

    Raises:
        ValueError: a value is wrong; the message names the trial.
    """
    WHOLE.check(trial.number, "the number of a trial")
    try:
        trial._validate()           # its state, times, values and parameters fit each other
        _check_times(trial)
        a, system = (names_to(JSON).check(told, "an attribute")
                     for told in (trial.user_attrs, trial.system_attrs))
        for name in trial.params:
            WORD.check(name, "the name of a parameter")
        for step in trial.intermediate_values:
            WHOLE.check(step, "a step")
        for name in system:
            if name.startswith("constraints"):
                (REAL if ":" in name else list_of(REAL)).of(system, name)
        if finished(trial) or "identity" in a:
            Attributes.of(a)
        for name, kind in _OTHERS.items():
            kind.get(a, name, None)
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED) and \
                "curve" in a and any(a.get(name) is None for name in _TRAINED):
            raise WrongValueError("a training lacks its curve, its bracket or what was known")
        for values in (trial.values, a.get("foretold")):
            if values is not None and (len(values) != goals or not all(map(REAL.accepts, values))):
                raise WrongValueError(f"its values are not {goals} finite numbers of moderate size")
    except (TypeError, ValueError) as error:
        raise WrongValueError(f"of trial {trial.number}, {error}") from None


def _check_times(trial: FrozenTrial) -> None:
    for time in (trial.datetime_start, trial.datetime_complete):
        if time is not None and (not isinstance(time, datetime) or time.year not in YEARS
                                 or time.tzinfo is not None):
            raise WrongValueError("its times are not of this age, in local time")


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """The settings that a study was made with. ``everything``: all of them, by name."""

    space: str
    budget: str
    input: int
    classes: int | None
    score: str
    sampler: str
    objectives: tuple[Objective, ...]
    everything: Mapping[str, Any]

    @classmethod
    def of(cls, attributes: Mapping[str, Any], where: str) -> Self:
        """The settings in the attributes of a study; ``where`` names it in messages.

        Raises:
            StudyError: it has none, or one is of another type or range.
        """
        if "settings" not in attributes:
            raise StudyError(f"{where} holds a study that search/run.py did not make")
        try:
            found = names_to(_SETTING).of(attributes, "settings")
            names = list_of(TEXT).get(found, "objectives", ["score"])
            score = TEXT.get(found, "score", "naswot")
            return cls(TEXT.of(found, "space"), TEXT.of(found, "budget"),
                       whole(1, 100_000).of(found, "input"),
                       whole(1).get(found, "classes", None), score, TEXT.of(found, "sampler"),
                       named(names, score), found)
        except WrongValueError as error:
            raise StudyError(f"{where} is damaged: among its settings, {error}") from None

    def check_goals(self, directions: Sequence[optuna.study.StudyDirection], where: str) -> None:
        """Raise StudyError if the database has other directions than the objectives."""
        if [d.name.lower() for d in directions] != [o.direction for o in self.objectives]:
            raise StudyError(f"{where} is damaged: its directions are not those of its objectives")
