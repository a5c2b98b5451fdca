"""Opening the trials of studies: to write, to read, or for a study's attributes alone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import optuna
import sqlalchemy
from optuna.storages._rdb import models
from sqlalchemy.exc import SQLAlchemyError

from search.archive.connection.access import Access, engine_options
from search.archive.connection.retry import passes
from search.archive.connection.urls import called, whole
from search.archive.database import sentence
from search.errors import StorageError, StudyError, damaged
from search.storage.engine import cause_of
from search.storage.worker_storage import FAILURES, WorkerStorage
from searchspace.safety.reading import parse_json

_TRIES = 8              # attempts to make the tables, while other processes do so


def open_storage(url: str, worker: str, patience_s: float) -> WorkerStorage:
    """The storage; several processes may make its tables at the same time.

    Raises:
        SQLAlchemyError: the database cannot be used. StorageError: its tables are of another
            Optuna, or damaged.
    """
    for attempt in range(_TRIES):
        try:
            with damaged(f"the study in {called(url)}"):
                return WorkerStorage(url, worker, patience_s)
        except RuntimeError as error:       # tables of another Optuna
            raise StorageError(f"{called(url)} holds no study to be read: {error}") from None
        except FAILURES as error:
            cause = cause_of(error)
            racing = isinstance(cause, sqlalchemy.exc.IntegrityError) or passes(cause) or \
                "already exists" in str(cause)
            if attempt == _TRIES - 1 or not racing:
                raise cause from None
            time.sleep(0.1 * 2**attempt)
    raise AssertionError("unreachable")


def open_to_read(url: str) -> WorkerStorage:
    """Read-only storage of studies.

    Raises:
        StorageError: the database cannot be read, or holds no tables of Optuna.
    """
    shown = url
    try:
        parsed = sqlalchemy.make_url(url)
        shown = parsed.database if parsed.get_backend_name() == "sqlite" and parsed.database else \
            parsed.render_as_string(hide_password=True)
        with damaged(f"the study in {shown}"):
            return WorkerStorage(url, "", 0, Access.READ)
    except FAILURES as error:
        raise StorageError(
            f"{shown} holds no study to be read: {sentence(cause_of(error))}") from None
    except (ImportError, RuntimeError) as error:        # no driver; tables of another Optuna
        raise StorageError(f"{shown} holds no study to be read: {error}") from None


@contextmanager
def read_storage(url: str) -> Iterator[WorkerStorage]:
    """As `open_to_read`, closed at the end."""
    storage = open_to_read(url)
    try:
        yield storage
    finally:
        storage.engine.dispose()


def named_study(storage: WorkerStorage, name: str) -> optuna.Study:
    """The study of this name in a database, or the only one there: its folder may be renamed.

    Raises:
        StudyError: there is none, or several of other names.
    """
    names = [s.study_name for s in storage.get_all_studies()]
    if name not in names and len(names) != 1:
        raise StudyError(f"{called(storage.url)} holds no study {name!r}"
                         + (f", only {', '.join(names)}" if names else ""))
    return optuna.load_study(study_name=name if name in names else names[0], storage=storage)


def study_attributes(url: str, name: str) -> dict[str, Any] | None:
    """User attributes of a study; None if there is none of that name, or the database cannot be
    read, which is reported when the study is opened. Nothing is made or changed.

    Raises:
        StorageError: an attribute is damaged.
    """
    study, entry = models.StudyModel, models.StudyUserAttributeModel
    try:
        parsed = sqlalchemy.make_url(whole(url))
        engine = sqlalchemy.create_engine(parsed, **engine_options(parsed, Access.READ))
        try:
            with engine.connect() as connection:
                rows = connection.execute(sqlalchemy.select(entry.key, entry.value_json).join(
                    study, study.study_id == entry.study_id).where(study.study_name == name)).all()
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError):
        return None
    return {key: _value(value, f"{key!r} of study {name!r} in {called(url)}")
            for key, value in rows} or None


def _value(text: object, what: str) -> Any:
    """The value of an attribute; StorageError if it is no JSON, or is nested too deeply."""
    try:
        return parse_json(str(text).encode())
    except ValueError as error:
        raise StorageError(f"the attribute {what} is damaged: {error}") from None
