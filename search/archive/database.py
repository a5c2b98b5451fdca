"""A database of the archive: SQLite or PostgreSQL, with errors reported in one sentence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from search.archive.connection.access import Access, engine_options
from search.archive.connection.retry import patient
from search.archive.connection.urls import VARIABLE, hidden, keep, scrub, whole
from search.archive.migrate import TablesError, prepare
from search.errors import StorageError

T = TypeVar("T")

DIALECTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_ASKED = f"set PGPASSWORD, or {VARIABLE} to the whole URL, or write ~/.pgpass"


class Database:
    """The connections to one database, whose tables have this program's revision; ``found`` is
    their revision before, None if there were none.

    Raises:
        StorageError: the database cannot be used, here and from `read` and `write`.
    """

    def __init__(self, url: str, patience_s: float = 0, access: Access = Access.WRITE) -> None:
        self.patience_s = patience_s
        try:
            parsed = sa.make_url(whole(keep(url)))
            self.kind = parsed.get_backend_name()
            if self.kind not in DIALECTS:
                raise StorageError(
                    f"the archive works on SQLite and PostgreSQL, not on {self.kind}")
            self.engine = sa.create_engine(parsed, **engine_options(parsed, access))
        except ModuleNotFoundError as error:
            raise StorageError(f"{parsed.drivername} needs the Python package {error.name}, "
                               "which is not installed") from None
        except SQLAlchemyError as error:
            raise StorageError(f"that is no database URL: {sentence(error)}") from None
        self.insert: Any = DIALECTS[self.kind]
        self._file = parsed.database if self.kind == "sqlite" else None
        self.name = self._file or scrub(url)
        if self.kind == "sqlite":
            sa.event.listen(self.engine, "connect", _take_over_transactions)
            sa.event.listen(self.engine, "begin", _begin)
        try:
            with self.one_sentence("opened"):
                self.found = prepare(self.engine, access)
        except TablesError as error:
            self.engine.dispose()
            raise StorageError(f"{self.name} {error}") from None
        except BaseException:
            self.engine.dispose()
            raise

    def read(self, query: Callable[[sa.Connection], T]) -> T:
        """The result of ``query``; retried as in `write`."""
        def run() -> T:
            with self.engine.connect() as connection:
                return query(connection)

        with self.one_sentence("read"):
            return patient(run, self.patience_s)

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """The result of ``work`` in one transaction; for an SQLite file, the only writing one.
        While the database is unreachable, ``work`` is retried from its beginning for up to
        ``patience_s`` seconds."""
        def run() -> T:
            with self.engine.execution_options(writes=True).begin() as connection:
                return work(connection)

        with self.one_sentence("written"):
            return patient(run, self.patience_s)

    def now(self, connection: sa.Connection) -> datetime:
        """The database's time: the server's, or for SQLite this machine's; UTC."""
        if self.kind == "sqlite":
            return datetime.now(UTC)
        moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    @contextmanager
    def one_sentence(self, deed: str) -> Iterator[None]:
        """Context that turns errors of the database into a `StorageError` of one sentence."""
        try:
            yield
        except SQLAlchemyError as error:
            folder = Path(self._file or ".").parent
            hint = "" if folder.is_dir() else f"; there is no folder {folder}"
            raise StorageError(f"the archive in {self.name} cannot be {deed}: "
                               f"{sentence(error)}{hint}") from None


def sentence(error: Exception) -> str:
    """The first line of a database's message, without secrets."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    asked = f"; {_ASKED}" if isinstance(error, DBAPIError) and "password" in said else ""
    return hidden(said) + asked


def _take_over_transactions(connection: Any, _: Any) -> None:
    """Turn off the SQLite driver's own transactions, which begin late and exclude DDL."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: sa.Connection) -> None:
    """Begin writing transactions as such (BEGIN IMMEDIATE): one that upgrades after reading would
    fail at once, instead of waiting, if another has written meanwhile."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
