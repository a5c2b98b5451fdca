"""Where the table of a space is, and what tells one file from another."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from search.tables.errors import TableError
from searchspace.safety.reading import MAX_JSON, read_bytes

MAX_SHEET = 2**28       # bytes of CSV or Parquet
BUNDLED = {"digits": Path(__file__).with_name("digits.json")}
# Benchmarks whose files a user downloads: where they are, and what they are called.
VARIABLES = {"nas-bench-macro": ("NAS_BENCH_MACRO", "download nas-bench-macro_cifar10.json"),
             "nas-bench-201": ("NAS_BENCH_201", "make a CSV of NAS-Bench-201 with a column arch")}


def find_tables(space: str, given: Sequence[str]) -> tuple[Path, ...]:
    """The files of results for a space: those given, else the space's own.

    Raises:
        TableError: none is known.
    """
    if given:
        return tuple(map(Path, given))
    variable, advice = VARIABLES.get(space, ("", ""))
    if variable and os.environ.get(variable):
        return tuple(map(Path, os.environ[variable].split(os.pathsep)))
    if space in BUNDLED:
        return (BUNDLED[space],)
    hint = f"; {advice} and name it by --table or ${variable}" if variable else \
        f"; spaces with a table of their own: {', '.join(BUNDLED)}"
    raise TableError(f"the objective 'table' of the space {space!r} needs --table FILE{hint}")


def content(file: Path) -> bytes:
    """The bytes of a table; raises TableError if it cannot be read."""
    try:
        return read_bytes(file, MAX_SHEET if is_sheet(file) else MAX_JSON)
    except OSError as error:
        raise TableError(f"cannot read the table {file}: {error.strerror or error}") from None


def is_sheet(file: Path) -> bool:
    """Whether a file is CSV or Parquet, by its name; else it is JSON."""
    return file.suffix.lower() in (".csv", ".parquet")


def fingerprint(file: Path) -> str:
    """The SHA-256 of a file in hexadecimal digits; raises TableError if it cannot be read."""
    return hashlib.sha256(content(file)).hexdigest()
