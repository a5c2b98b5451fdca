"""The database behind Optuna's storage: its URL, its journal, and what it raises."""

from typing import Any

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from search.archive.connection.urls import whole


def cause_of(error: Exception) -> SQLAlchemyError:
    """SQLAlchemy's error, also where Optuna has wrapped it."""
    cause = error if isinstance(error, SQLAlchemyError) else error.__cause__
    assert isinstance(cause, SQLAlchemyError)
    return cause


def filled(url: str) -> str:
    """A URL with its secrets, braces escaped as Optuna requires.

    Raises:
        SQLAlchemyError: it cannot be read.
    """
    return whole(url).replace("{", "{{").replace("}", "}}")


def keep_journal(engine: sqlalchemy.Engine) -> None:
    """Use write-ahead logging: commits survive a crash of the process without a disk sync each."""
    @sqlalchemy.event.listens_for(engine, "connect")
    def pragmas(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA busy_timeout=60000")

    engine.dispose()  # connections opened before the listener
