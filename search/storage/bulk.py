"""Trials read in bulk: one query a table, instead of an object a row.

Optuna 5.0 loads a trial as an object of its mapper for each parameter and attribute, some fifty of
them, and parses the distribution of each parameter anew. Here rows are plain tuples, and equal
distributions one object. The number of queries depends on nothing.
"""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Collection, Container, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Self

import sqlalchemy as sa
from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.orm import Session

from searchspace.safety.values import LARGEST

MOST = 500          # trials that a query names one by one
_ENDLESS = {"INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}
TRIALS, VALUES, USER, SYSTEM, PARAMETERS, STEPS = (
    model.__table__.c for model in (
        models.TrialModel, models.TrialValueModel, models.TrialUserAttributeModel,
        models.TrialSystemAttributeModel, models.TrialParamModel,
        models.TrialIntermediateValueModel))


class Wanted(NamedTuple):
    """Trials of a study: those that are newer than ``after``, and those ``among`` them, by the
    database's numbers; of these ``states``, None for all."""

    study: int
    after: int = -1
    among: Collection[int] = ()
    states: Container[TrialState] | None = None

    @classmethod
    def only(cls, study: int, among: Collection[int]) -> Self:
        """The trials of these numbers."""
        return cls(study, LARGEST, among)

    def of(self, *columns: Any) -> sa.Select[Any]:
        """The query of columns, of trials or of a table that belongs to them."""
        query = sa.select(*columns).where(TRIALS.study_id == self.study)
        if columns[0].table is not TRIALS.trial_id.table:
            query = query.where(columns[0].table.c.trial_id == TRIALS.trial_id)
        if self.after < 0 or len(self.among) > MOST:
            return query            # what is too much is left out when it has come
        newer = TRIALS.trial_id > self.after
        return query.where(sa.or_(TRIALS.trial_id.in_(self.among), newer) if self.among else newer)

    def take(self, number: int, state: TrialState) -> bool:
        """Whether a trial is one of them."""
        return (number > self.after or number in self.among) and \
            (self.states is None or state in self.states)


def trials(session: Session, wanted: Wanted, parameters: bool = True) -> list[FrozenTrial]:
    """The trials, as Optuna has them, by the database's numbers; without ``parameters``, which hold
    the decisions that stand among the attributes, and without what samplers note, in half the time.

    Raises:
        ValueError, TypeError, LookupError: a value is damaged. KeyError: there is no such study.
    """
    connection = session.connection()
    found = [row for row in connection.execute(wanted.of(
        TRIALS.trial_id, TRIALS.number, TRIALS.state, TRIALS.datetime_start,
        TRIALS.datetime_complete).order_by(TRIALS.trial_id)) if wanted.take(row[0], row[2])]
    if not found:
        models.StudyModel.find_or_raise_by_id(wanted.study, session)
        return []
    values = _values(connection, wanted)
    steps = defaultdict[int, dict[int, float]](dict)
    for trial, step, value, kind in connection.execute(wanted.of(
            STEPS.trial_id, STEPS.step, STEPS.intermediate_value, STEPS.intermediate_value_type)):
        steps[trial][step] = number(value, kind.name)
    user = attributes(connection.execute(wanted.of(USER.trial_id, USER.key, USER.value_json)))
    system = defaultdict[int, dict[str, Any]](dict)
    chosen = defaultdict[int, dict[str, Any]](dict)
    known = defaultdict[int, dict[str, BaseDistribution]](dict)
    if parameters:
        system = attributes(connection.execute(wanted.of(SYSTEM.trial_id, SYSTEM.key,
                                                         SYSTEM.value_json)))
        for trial, name, value, text in connection.execute(wanted.of(
                PARAMETERS.trial_id, PARAMETERS.param_name, PARAMETERS.param_value,
                PARAMETERS.distribution_json).order_by(PARAMETERS.param_id)):
            name, distribution = _shared(name), _distribution(text)
            known[trial][name] = distribution
            chosen[trial][name] = distribution.to_external_repr(value)
    return [FrozenTrial(
        number=count, state=state, value=None,
        values=values.get(trial), datetime_start=began, datetime_complete=ended,
        params=chosen[trial], distributions=known[trial], user_attrs=user[trial],
        system_attrs=system[trial], intermediate_values=steps[trial], trial_id=trial)
        for trial, count, state, began, ended in found]


class Outcome(NamedTuple):
    """What came of a trial: its numbers in the database and in the study, when it began, its
    values, and those attributes that were asked for."""

    id: int
    number: int
    state: TrialState
    began: datetime | None
    values: tuple[float, ...] | None
    attributes: dict[str, Any]


def outcomes(session: Session, wanted: Wanted, names: Collection[str]) -> list[Outcome]:
    """What came of trials, by the database's numbers, with the attributes of these names: a small
    part of what `trials` reads.

    Raises:
        ValueError, TypeError, LookupError: a value is damaged.
    """
    connection = session.connection()
    found = connection.execute(wanted.of(
        TRIALS.trial_id, TRIALS.number, TRIALS.state, TRIALS.datetime_start).order_by(
            TRIALS.trial_id)).all()
    values = _values(connection, wanted)
    user = attributes(connection.execute(wanted.of(USER.trial_id, USER.key, USER.value_json).where(
        USER.key.in_(names))))
    return [Outcome(trial, count, state, began, tuple(values[trial]) if trial in values else None,
                    user[trial])
            for trial, count, state, began in found if wanted.take(trial, state)]


def _values(connection: sa.Connection, wanted: Wanted) -> dict[int, list[float]]:
    """Values of trials, one an objective."""
    found = defaultdict[int, dict[int, float]](dict)
    for trial, objective, value, kind in connection.execute(wanted.of(
            VALUES.trial_id, VALUES.objective, VALUES.value, VALUES.value_type)):
        found[trial][objective] = number(value, kind.name)
    return {trial: [own[i] for i in range(len(own))] for trial, own in found.items()}


def attributes(rows: Iterable[Any]) -> defaultdict[int, dict[str, Any]]:
    """Attributes of trials by the database's numbers, from rows of number, name and JSON."""
    found = defaultdict[int, dict[str, Any]](dict)
    for trial, name, text in rows:
        found[trial][_shared(name)] = json.loads(text)
    return found


def number(value: float | None, kind: str) -> float:
    """A number as Optuna stores it: those that a database does not hold are named by their kind."""
    return _ENDLESS[kind] if kind in _ENDLESS else float(value)     # type: ignore[arg-type]


def _shared(name: str) -> str:
    """One object for equal names: thousands of trials have the same."""
    return sys.intern(name) if type(name) is str else name


@lru_cache(maxsize=10_000)
def _distribution(text: str) -> BaseDistribution:
    return json_to_distribution(text)
