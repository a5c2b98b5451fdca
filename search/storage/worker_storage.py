"""Optuna's storage for several workers: trials record their worker, and errors are retried.

A trial is created with the name of its worker in the same transaction, so that no crash can leave
one without an owner. Its parameters and attributes are written in a second transaction, all at
once, which is also cheap. If the database is unreachable, or another worker is writing to the file,
the operation is retried, see `search.archive.connection.retry`.
"""

import copy
import functools
import json
import logging
import warnings
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import optuna
import sqlalchemy
from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages._rdb import models
from optuna.storages._rdb.storage import _create_scoped_session
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from search.archive.connection.access import Access, engine_options
from search.archive.connection.retry import patient
from search.archive.connection.urls import called, scrub, whole
from search.archive.database import DIALECTS, sentence
from search.errors import StorageError, damaged
from search.storage import bulk
from search.storage.attributes import CHECKS, WORKER, check, check_outcome
from search.storage.bulk import Outcome, Wanted
from search.storage.engine import cause_of, filled, keep_journal

T = TypeVar("T")
# What a failing database raises: SQLAlchemy's errors, or Optuna's around them.
FAILURES = (SQLAlchemyError, optuna.exceptions.StorageInternalError)

# If a server goes away, Optuna would print its statements; here the error is one sentence.
logging.getLogger("optuna.storages._rdb.storage").setLevel(logging.ERROR)


class WorkerStorage(RDBStorage):
    """The trials in the database ``url``; those created here belong to ``worker``. With
    ``Access.READ`` tables are neither made nor changed."""

    def __init__(self, url: str, worker: str, patience_s: float,
                 access: Access = Access.WRITE) -> None:
        self.worker, self.patience_s = worker, 0.0      # a wrong URL is not retried
        self.opened = False
        self._known_goals: dict[int, int] = {}
        self._created: dict[int, FrozenTrial] = {}
        self._still = False
        options = engine_options(sqlalchemy.make_url(whole(url)), access)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            super().__init__(filled(url), options, skip_table_creation=access is Access.READ)
        self.url = scrub(url)
        self.patience_s, self.opened = patience_s, True
        if self.engine.dialect.name == "sqlite" and access is not Access.READ:
            keep_journal(self.engine)

    def _create_new_trial(self, study_id: int,
                          template_trial: FrozenTrial | None = None) -> FrozenTrial:
        if template_trial is None:
            template_trial = optuna.trial.create_trial(state=TrialState.RUNNING,
                                                       user_attrs={WORKER: self.worker})
        made = self._wait(lambda: super(WorkerStorage, self)._create_new_trial(
            study_id, template_trial))
        self._created = {made._trial_id: copy.deepcopy(made)}
        return made

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """As Optuna's; a trial that was just made, for which its object asks first, is not read."""
        made = self._created.pop(trial_id, None)
        return made or self._load(lambda: super(WorkerStorage, self).get_trial(trial_id))

    @contextmanager
    def still(self) -> Iterator[None]:
        """Context in which a study's trials are those that were read before it. A sampler of Optuna
        would read what has changed before each value that it draws."""
        self._still = True
        try:
            yield
        finally:
            self._still = False

    def describe(self, trial: optuna.Trial, parameters: Mapping[str, tuple[BaseDistribution, Any]],
                 user: Mapping[str, Any], system: Mapping[str, Any]) -> None:
        """Write the parameters and attributes of a new trial, in one transaction.

        Raises:
            UpdateFinishedTrialError: another worker has marked it failed.
        """
        number = trial._trial_id
        rows: list[tuple[Any, list[dict[str, Any]]]] = [
            (models.TrialParamModel, [
                {"param_name": name, "param_value": wanted.to_internal_repr(value),
                 "distribution_json": distribution_to_json(wanted)}
                for name, (wanted, value) in parameters.items()]),
            *((model, [{"key": key, "value_json": json.dumps(value)}
                       for key, value in attributes.items()])
              for model, attributes in ((models.TrialSystemAttributeModel, system),
                                        (models.TrialUserAttributeModel, user)))]

        def work() -> None:
            with _create_scoped_session(self.scoped_session) as session:
                found = models.TrialModel.find_or_raise_by_id(number, session, for_update=True)
                self.check_trial_is_updatable(number, cast(TrialState, found.state))
                for model, entries in rows:
                    insert: Any = DIALECTS[self.engine.dialect.name](model.__table__)
                    if entries:     # rows of a first attempt whose reply got lost stay
                        session.connection().execute(insert.on_conflict_do_nothing(), [
                            {"trial_id": number, **row} for row in entries])

        self._wait(work)
        known = trial._cached_frozen_trial      # the cache of the trial object
        for name, (wanted, value) in parameters.items():
            known.distributions[name], known.params[name] = wanted, value
        known.user_attrs.update(user)
        known.system_attrs.update(system)

    def set_trial_state_values(self, trial_id: int, state: TrialState,
                               values: Sequence[float] | None = None) -> bool:
        """As Optuna's, but repeatable: a state that was written is not refused on a retry."""
        tried = False

        def work() -> bool:
            nonlocal tried
            again, tried = tried, True
            try:
                return super(WorkerStorage, self).set_trial_state_values(trial_id, state, values)
            except optuna.exceptions.UpdateFinishedTrialError:
                if again and self.get_trial(trial_id).state == state:
                    return True
                raise
        return self._wait(work)

    def _get_trials(self, study_id: int, states: Container[TrialState] | None,
                    included_trial_ids: set[int],
                    trial_id_greater_than: int) -> list[FrozenTrial]:
        """As Optuna's."""
        if self._still:
            return []
        return self.trials(Wanted(study_id, trial_id_greater_than, included_trial_ids, states))

    def trials(self, wanted: Wanted, parameters: bool = True) -> list[FrozenTrial]:
        """Trials, with or without their parameters (`bulk.trials`). Every one is checked here,
        where it comes in."""
        goals = self._goals(wanted.study)

        def work() -> list[FrozenTrial]:
            with _create_scoped_session(self.scoped_session) as session:
                found = bulk.trials(session, wanted, parameters)
            for trial in found:
                check(trial, goals)
            return found
        return self._load(work)

    def outcomes(self, wanted: Wanted, names: Collection[str]) -> list[Outcome]:
        """What came of trials, with the attributes of these names (`bulk.outcomes`); states and
        values are checked here, attributes where they are read."""
        goals = self._goals(wanted.study)

        def work() -> list[Outcome]:
            with _create_scoped_session(self.scoped_session) as session:
                found = bulk.outcomes(session, wanted, names)
            for outcome in found:
                check_outcome(outcome, goals)
            return found
        return self._load(work)

    def _goals(self, study: int) -> int:
        """The number of a study's objectives, which never changes."""
        if study not in self._known_goals:
            self._known_goals[study] = len(self.get_study_directions(study))
        return self._known_goals[study]

    def _load(self, work: Callable[[], T]) -> T:
        """Contents of the database: ``work`` loads them by Optuna, and checks them.

        Raises:
            StorageError: it cannot be read, or a value in it is wrong.
        """
        def load() -> T:
            with damaged(f"the study in {called(self.url)}"):
                return work()
        return self._wait(load if self.opened else work)

    def _wait(self, work: Callable[[], T]) -> T:
        """The result of ``work``, retried while the database is unreachable.

        Raises:
            StorageError: the database cannot be used; one sentence.
        """
        def attempt() -> T:
            try:
                return work()
            except FAILURES:
                self._begin_anew()
                raise

        try:
            return patient(attempt, self.patience_s)
        except FAILURES as error:
            if not self.opened:
                raise
            raise StorageError(f"the study in {called(self.url)} cannot be used: "
                               f"{sentence(cause_of(error))}") from None

    def _begin_anew(self) -> None:
        """Drop a session whose connection broke: it cannot be rolled back, nor used again."""
        try:
            self.scoped_session.remove()
        except SQLAlchemyError:
            self.scoped_session.registry.clear()


def _waiting(method: Callable[..., Any]) -> Callable[..., Any]:
    checked = CHECKS.get(method.__name__)

    @functools.wraps(method)
    def call(self: WorkerStorage, *arguments: Any, **named: Any) -> Any:
        def work() -> Any:
            found = method(self, *arguments, **named)
            if checked is not None:
                checked(found)
            return found
        return self._load(work) if "get_" in method.__name__ else self._wait(work)
    return call


for _name in ({*BaseStorage.__abstractmethods__, "_set_trial_param", "get_best_trial"}
              - set(vars(WorkerStorage))):
    setattr(WorkerStorage, _name, _waiting(getattr(RDBStorage, _name)))
