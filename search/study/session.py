"""An open study: its lock, its database, and this process as one of its workers.

Everything is open while a `Session` exists, and closed with the context that made it.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import filelock
import optuna
import sqlalchemy
from optuna.trial import FrozenTrial

from search.archive import Archive
from search.archive.claims import Claims, Heartbeat, new_worker
from search.archive.connection.locations import FILE, lies_in, remember, url_of_file
from search.archive.connection.urls import called, keep
from search.archive.database import sentence
from search.errors import StorageError, StudyError
from search.samplers import PassiveSampler, Sampler, finished, make
from search.storage.dashboard import name_objectives
from search.storage.opening import open_storage, study_attributes
from search.storage.worker_storage import WorkerStorage
from search.study.kept import ATTRIBUTE, Kept
from search.study.plan import Plan
from search.study.settings import Settings
from search.study.trial import check_count, read
from search.study.worker_recovery import DIED, cut_off_dead
from searchspace import cost
from searchspace.safety.files import own

PATIENCE_S = 3600.0     # how long a worker waits for an unreachable database
COUNTED = 5             # trials that are counted again when a study is continued
LOCK = "lock"           # in the folder, held by who runs the study or writes its files


@dataclass(frozen=True)
class Session:
    """``alone``: no other process runs the study. ``exits`` closes what is opened later."""

    folder: Path
    name: str
    url: str
    alone: bool
    sampler: Sampler
    storage: WorkerStorage
    study: optuna.Study
    archive: Archive
    claims: Claims
    exits: ExitStack

    def work(self) -> None:
        """Register as one of the study's workers, until the session ends."""
        self.exits.enter_context(Heartbeat(self.claims, self.name))

    def place(self) -> int:
        """Index of this worker among the study's workers, from 0."""
        living = [w.id for w in self.claims.workers(self.name) if w.alive]
        return living.index(self.claims.own) if self.claims.own in living else 0

    def recover(self, everything: bool = False, reason: str = DIED) -> list[FrozenTrial]:
        """Cut off the trials whose worker is gone, or all, so that they are repeated; returns all
        trials."""
        return cut_off_dead(self.study, self.claims, self.name, everything, reason)

    def dismiss_dead(self) -> None:
        """Remove the workers that are gone from the list."""
        for worker in self.claims.workers(self.name):
            if not worker.alive:
                self.claims.leave(worker.id)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Context that holds the lock on the study's files; other processes wait."""
        if self.alone:
            yield
            return
        try:
            with filelock.FileLock(own(self.folder / LOCK), timeout=PATIENCE_S):
                yield
        except filelock.Timeout:
            raise StudyError(f"another process has held {self.folder} for "
                             f"{PATIENCE_S / 60:.0f} minutes") from None


@contextmanager
def open_session(plan: Plan, folder: Path, name: str, url: str | None = None,
                 alone: bool = True) -> Iterator[Session]:
    """Open a study in ``folder``, or create it there.

    ``url``: its database, by default ``study.db`` in the folder. ``alone``: the folder is locked,
    and every trial that is not finished is taken to be interrupted.

    Raises:
        StudyError: another process runs it, it was made with other settings, or the folder or the
        database cannot be used.
    """
    url = keep(url or url_of_file(folder / FILE))
    with ExitStack() as exits:
        _hold(folder, name, alone, exits)
        worker = new_worker()
        sampler = make(plan.sampler, plan.task)
        # First: it refuses databases of other programs, in which Optuna would make its tables.
        archive = exits.enter_context(_open_archive(url))
        storage, study = _open_trials(plan, url, name, worker, sampler)
        exits.callback(storage.engine.dispose)
        _check_settings(plan, study)
        if not lies_in(folder, url):
            remember(folder, url)
        archive.register(name, plan.settings.space, study.user_attrs["settings"])
        claims = Claims(archive.database, worker)
        session = Session(folder, name, url, alone, sampler, storage, study, archive, claims, exits)
        session.recover(everything=alone)
        archive.claims = claims
        yield session


def _hold(folder: Path, name: str, alone: bool, exits: ExitStack) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        own(folder / FILE)
        if alone:
            lock = filelock.FileLock(own(folder / LOCK))
            lock.acquire(timeout=0)
            exits.callback(lock.release)
    except filelock.Timeout:
        raise StudyError(f"study {name!r} is being run by another process") from None
    except OSError as error:
        raise StudyError(f"cannot write to {folder}: {error.strerror or error}") from None


def _open_archive(url: str) -> Archive:
    try:
        return Archive(url, PATIENCE_S)
    except StorageError as error:
        raise StudyError(str(error)) from None


def _open_trials(plan: Plan, url: str, name: str, worker: str,
                 sampler: Sampler) -> tuple[WorkerStorage, optuna.Study]:
    """Optuna's storage and study in the database."""
    try:
        storage = open_storage(url, worker, PATIENCE_S)
        return storage, optuna.create_study(
            study_name=name, storage=storage, sampler=PassiveSampler(sampler), load_if_exists=True,
            directions=[o.direction for o in plan.objectives])
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise StudyError(f"{called(url)} cannot be used: {sentence(error)}") from None


def continued(settings: Settings, url: str, name: str) -> Settings:
    """The settings, with the study's own copy of the space if the study exists already.

    Raises:
        StudyError: it was made with other settings. StorageError: it is damaged.
    """
    attributes = study_attributes(url, name) or {}
    if "settings" not in attributes:
        return settings
    if not isinstance(attributes["settings"], dict):
        raise StudyError(f"the settings of study {name!r} are damaged")
    settings.check_same(attributes, name)
    kept = Kept.of(attributes)
    assert kept is not None         # check_same refuses a study without
    return replace(settings, kept=replace(kept, operations=settings.keeps().operations))


def _check_settings(plan: Plan, study: optuna.Study) -> None:
    """Store the settings and the space of a new study; an existing one must have been made with
    the same, and its latest networks must have the same costs as before."""
    attributes = study.user_attrs
    if "settings" not in attributes:
        name_objectives(study, [o.title for o in plan.objectives])
        study.set_user_attr(ATTRIBUTE, plan.settings.keeps().as_json())
        study.set_user_attr("settings", json.loads(json.dumps(plan.settings.lasting())))
        return
    plan.settings.check_same(attributes, study.study_name)
    done = [read(t) for t in study.get_trials(deepcopy=False) if finished(t)]
    for trial in done[-COUNTED:]:
        check_count(trial, cost(plan.space, trial.decisions))
