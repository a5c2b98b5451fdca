"""Opening of SQLite files, for reading and for writing; both by way of `untrusted`.

Reading makes no file. SQLite would make the log of a file in WAL mode and its index, which stay
behind. So such a file is opened as ``immutable`` while it has no log, and the end of each
transaction checks that nobody has written to it meanwhile. If a crash has left a log without an
index, a copy of the file and the log is read.
"""

import os
import shutil
import sqlite3
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from search.archive.connection.untrusted import BESIDE, beside, check_files, check_schema
from searchspace.safety.reading import open_file

PATIENCE_S = 60         # wait for a file that another process is writing to
MOST_COPIED = 2**30     # bytes of a file and its log
_BUSY = "the file is busy: another process began to write to it"


class _File(NamedTuple):
    modified: int
    size: int
    number: int


_State = tuple[_File | None, ...]       # of the database and the files beside it

_Connection = TypeVar("_Connection", bound=sqlite3.Connection)


class Writer:
    """Opens a file for writing, with the arguments of SQLAlchemy's dialect; None: in memory."""

    def __init__(self, file: Path | None, name: str, options: dict[str, Any]) -> None:
        self.file, self.name, self.options = file, name, options | {"timeout": PATIENCE_S}

    def __call__(self) -> sqlite3.Connection:
        """A new connection; raises sqlite3.Error if the file cannot be used."""
        if self.file is not None:
            check_files(self.file)
        try:
            connection: sqlite3.Connection = sqlite3.connect(self.name, **self.options)
        except (ValueError, TypeError, OverflowError) as error:
            raise sqlite3.DatabaseError(f"a parameter of its URL is wrong: {error}") from None
        return _checked(connection)


class Reader:
    """Opens a file for reading."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._copied: tuple[_State, Path] | None = None

    def __call__(self) -> sqlite3.Connection:
        """A new connection; raises sqlite3.Error if the file cannot be used."""
        check_files(self.file)
        seen = _state(self.file)
        database, journal, log, index = seen
        if log is not None and index is not None:
            # Perhaps in use by this process, whose locks would end if anything else closed the file
            return _checked(_connect(self.file, sqlite3.Connection))
        if _holds(log):
            return _checked(_connect(self._copy(seen), sqlite3.Connection))
        interrupted = _holds(journal) and _bytes(self.file, "-journal", 1) != b"\0"
        if interrupted or _bytes(self.file, "", 20)[18:] != b"\2\2":
            return _checked(_connect(self.file, sqlite3.Connection))
        connection = _connect(self.file, _AtRest, "&immutable=1")
        connection.file, connection.seen = self.file, database
        return _checked(connection)

    def _copy(self, seen: _State) -> Path:
        """A copy of the file and its log in a temporary folder, which lives as long as this."""
        if self._copied and self._copied[0] == seen:
            return self._copied[1]
        size = sum(one.size for one in seen if one)
        if size > MOST_COPIED:
            raise sqlite3.DatabaseError(f"a crash left its log, and {size:,} bytes are too many to "
                                        "copy for reading; run what wrote it once more")
        try:
            folder = Path(tempfile.mkdtemp(prefix="searchspace-"))
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            for suffix, one in zip(("", *BESIDE), seen, strict=True):
                if one is not None:
                    with open_file(beside(self.file, suffix), MOST_COPIED) as source, \
                            (folder / f"copy.db{suffix}").open("wb") as target:
                        shutil.copyfileobj(source, target, 2**20)
        except OSError as error:
            raise sqlite3.DatabaseError("a crash left its log, and no copy can be made to read: "
                                        f"{error.strerror or error}") from None
        if _state(self.file) != seen:
            raise sqlite3.OperationalError(_BUSY)
        self._copied = seen, folder / "copy.db"
        return folder / "copy.db"


class _AtRest(sqlite3.Connection):
    """Connection to an immutable file; raises if another process has written to it."""

    file: Path
    seen: _File | None

    def commit(self) -> None:
        super().commit()
        self._check()

    def rollback(self) -> None:
        super().rollback()
        self._check()

    def _check(self) -> None:
        if _state(self.file)[0] != self.seen:
            raise sqlite3.OperationalError(_BUSY)


def _connect(file: Path, kind: type[_Connection], more: str = "") -> _Connection:
    return sqlite3.connect(f"file:{quote(os.fsencode(file))}?mode=ro{more}", PATIENCE_S, uri=True,
                           check_same_thread=False, factory=kind)


def _checked(connection: _Connection) -> _Connection:
    try:
        check_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _state(file: Path) -> _State:
    """What is where the database is, and beside it; None for what is not there."""
    found: list[_File | None] = []
    for suffix in ("", *BESIDE):
        try:
            status = beside(file, suffix).stat()
            found.append(_File(status.st_mtime_ns, status.st_size, status.st_ino))
        except OSError:
            found.append(None)
    return tuple(found)


def _holds(file: _File | None) -> bool:
    return file is not None and file.size > 0


def _bytes(file: Path, suffix: str, count: int) -> bytes:
    """The first bytes of a file; none if it cannot be read, which SQLite will say."""
    try:
        with open_file(beside(file, suffix), sys.maxsize) as opened:
            return opened.read(count)
    except OSError:
        return b""
