"""A database of the archive: SQLite or PostgreSQL, opened, upgraded, told about in one sentence."""

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
    """The connections to one database, whose tables are of this program's revision; ``found`` is
    the one that they had before, None where there were none.

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
            with self.told("opened"):
                self.found = prepare(self.engine, access)
        except TablesError as error:
            self.engine.dispose()
            raise StorageError(f"{self.name} {error}") from None
        except BaseException:
            self.engine.dispose()
            raise

    def read(self, query: Callable[[sa.Connection], T]) -> T:
        """What ``query`` gives; see `write` for a server that is away."""
        def run() -> T:
            with self.engine.connect() as connection:
                return query(connection)

        with self.told("read"):
            return patient(run, self.patience_s)

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """What ``work`` gives, done in one transaction, the only one that writes to an SQLite
        file. Where the database is away it is waited for, for up to ``patience_s``, and ``work``
        is done again from its beginning."""
        def run() -> T:
            with self.engine.execution_options(writes=True).begin() as connection:
                return work(connection)

        with self.told("written"):
            return patient(run, self.patience_s)

    def now(self, connection: sa.Connection) -> datetime:
        """The time for all who use this database: the server's, or this machine's."""
        if self.kind == "sqlite":
            return datetime.now(UTC)
        moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    @contextmanager
    def told(self, deed: str) -> Iterator[None]:
        """Errors of the database as one sentence."""
        try:
            yield
        except SQLAlchemyError as error:
            folder = Path(self._file or ".").parent
            hint = "" if folder.is_dir() else f"; there is no folder {folder}"
            raise StorageError(f"the archive in {self.name} cannot be {deed}: "
                               f"{sentence(error)}{hint}") from None


def sentence(error: Exception) -> str:
    """A database's own words, the first line of them, without secrets."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    asked = f"; {_ASKED}" if isinstance(error, DBAPIError) and "password" in said else ""
    return hidden(said) + asked


def _take_over_transactions(connection: Any, _: Any) -> None:
    """SQLite's driver would begin transactions late, and leave changes of tables out of them."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: sa.Connection) -> None:
    """A writer says so when it begins: one that read first could find that what it read is old,
    and would be turned away at once instead of waiting."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
