"""Access modes of a database: reading, writing, migrating.

Reading changes no table and no file. PostgreSQL ensures that in read-only sessions, SQLite for
files opened with ``mode=ro``. But for a file in WAL mode it would create the log and its index,
which stay behind; such a file, while it has no log, is opened as ``immutable``, and the end of each
transaction checks that nobody has written to it meanwhile.
"""

import sqlite3
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import sqlalchemy as sa

PATIENCE_S = 60     # wait for an SQLite file that another process is writing to


class Access(Enum):
    """What may be changed in an opened database."""

    READ = "nothing changes"
    WRITE = "tables are made where there are none"
    MIGRATE = "tables of an older release are brought up to date"


def engine_options(url: sa.URL, access: Access) -> dict[str, Any]:
    """Keyword arguments of `sqlalchemy.create_engine` for a database."""
    if url.get_backend_name() != "sqlite":
        only = {"execution_options": {"postgresql_readonly": True}}
        return {"pool_pre_ping": True, **(only if access is Access.READ else {})}
    if access is Access.READ:       # no pool: an immutable file may have been written to since
        return {"creator": partial(_read, _file(url)), "poolclass": sa.NullPool}
    return {"pool_pre_ping": True, "connect_args": {"timeout": PATIENCE_S}}


def _file(url: sa.URL) -> Path:
    """The file of an SQLite URL, which may be a ``file:`` URI; the URI's parameters are ignored."""
    name = url.database or ""
    if name.startswith("file:"):
        name = unquote(name.removeprefix("file:").partition("?")[0])
    return Path(name).absolute()


def _read(file: Path) -> sqlite3.Connection:
    uri = f"file:{quote(str(file))}?mode=ro"
    seen = _seen(file)
    if not _is_at_rest(file):
        return sqlite3.connect(uri, PATIENCE_S, uri=True, check_same_thread=False)
    connection = sqlite3.connect(f"{uri}&immutable=1", uri=True, check_same_thread=False,
                                 factory=_AtRest)
    connection.file, connection.seen = file, seen
    return connection


def _is_at_rest(file: Path) -> bool:
    """Whether a database is in WAL mode and has no log now."""
    try:
        with file.open("rb") as opened:
            logged = opened.read(20)[18:] == b"\2\2"
        log = Path(f"{file}-wal")
        return logged and not (log.exists() and log.stat().st_size)
    except OSError:
        return False        # SQLite says why


def _seen(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


class _AtRest(sqlite3.Connection):
    """Connection to an immutable file; raises if another process has written to it."""

    file: Path
    seen: tuple[int, int] | None

    def commit(self) -> None:
        super().commit()
        self._check()

    def rollback(self) -> None:
        super().rollback()
        self._check()

    def _check(self) -> None:
        if _seen(self.file) != self.seen:
            raise sqlite3.OperationalError("the file is busy: another process began to write to it")
