"""SQLite files from anybody: what is looked at before a database is used.

Whoever made a file also chose what lies beside it and what its tables are. SQLite deletes the
file that a journal names as its super-journal, waits for pipes, and runs views, triggers and
expressions without an end. None of these is ever made by this program or by Optuna, so they are
refused: in the files before SQLite opens them, in the schema before any other query.
"""

import os
import re
import sqlite3
import stat
import sys
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa

from searchspace.safety.reading import open_file

BESIDE = ("-journal", "-wal", "-shm")       # what SQLite reads and writes beside a file
LONGEST = 2**26         # bytes of a text, a blob or a row
_JOURNAL = bytes.fromhex("d9d505f920a163d7")    # begins a journal; at its end: a super-journal
_INDEX = re.compile(r"CREATE\s+(UNIQUE\s+)?INDEX\s[^()]*\([^()]*\)\s*", re.IGNORECASE)
_TABLE = re.compile(r"CREATE\s+TABLE\s", re.IGNORECASE)
_COMPUTED = re.compile(r"\bAS\b", re.IGNORECASE)    # GENERATED ALWAYS AS, a column's expression


def file_of(url: sa.URL) -> Path | None:
    """The file of an SQLite URL, which may be a ``file:`` URI; None for one in memory.

    Raises:
        ValueError: it is no name of a file.
    """
    name = url.database or ""
    if name.startswith("file:"):
        name = unquote(urlsplit(name).path)
    if "\0" in name:
        raise ValueError("the name of a file holds no NUL")
    return None if name in ("", ":memory:") else Path(name).absolute()


def check_files(file: Path) -> None:
    """Refuse a database whose files are not such as SQLite leaves them.

    Raises:
        sqlite3.DatabaseError: one is no regular file, or the journal of an interrupted transaction
            names another file, which SQLite would delete.
    """
    for suffix in ("", *BESIDE):
        path = beside(file, suffix)
        if (mode := _mode(path)) is not None and not stat.S_ISREG(mode):
            raise sqlite3.DatabaseError(f"{path.name} is no regular file")
    journal = beside(file, "-journal")
    try:
        with open_file(journal, sys.maxsize) as opened:
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - len(_JOURNAL)))
            names_another = opened.read() == _JOURNAL
    except OSError:
        return              # there is none; or it is unreadable, and SQLite says so
    if names_another:
        raise sqlite3.DatabaseError(f"{journal.name} names another file, which SQLite would delete")


def beside(file: Path, suffix: str) -> Path:
    """One of SQLite's files; it follows a link to the database and looks beside the target."""
    return Path(f"{os.path.realpath(file)}{suffix}")


def _mode(path: Path) -> int | None:
    try:
        return path.lstat().st_mode
    except OSError:
        return None


def check_schema(connection: sqlite3.Connection) -> None:
    """Bound what a database may do by itself, and refuse one that would do anything.

    Raises:
        sqlite3.DatabaseError: it holds more than tables and indexes of columns.
    """
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM main.sqlite_master"):
        if found := _strange(str(kind), "" if sql is None else str(sql)):
            raise sqlite3.DatabaseError(f"it holds {found}, {str(name)[:80]!r}, which neither this "
                                        "program nor Optuna makes")
    connection.text_factory = str


def _strange(kind: str, sql: str) -> str | None:
    """What is strange about an entry of the schema."""
    if kind == "table":
        if not _TABLE.match(sql):
            return "a virtual table"
        return "a table with a computed column" if _COMPUTED.search(sql) else None
    if kind == "index":         # that of a key has no text
        return "an index of expressions" if sql and not _INDEX.fullmatch(sql) else None
    return f"a {kind}" if kind in ("view", "trigger") else "something that is no table"
