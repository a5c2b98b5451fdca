"""CSV files that are safe to open in a spreadsheet: no text is interpreted as a formula.

Excel, LibreOffice and others evaluate cells that begin with one of `SIGNS`; such a formula may
start a program, or send other cells elsewhere. Texts that begin so get an apostrophe as a prefix,
which `read` removes again. Numbers stay numbers.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO

from searchspace.safety.files import replacing
from searchspace.safety.reading import read_bytes
from searchspace.text import writable

SIGNS = tuple("=+-@\t\r\n＝＋－＠")
MAX_BYTES = 2**24   # of a table that is read
_AHEAD = "' "       # characters that spreadsheets ignore at the beginning


def write(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a table; returns its number of rows. Raises OSError if it cannot be written."""
    count = 0
    with replacing(path) as fresh, fresh.open("w", newline="", encoding="utf-8",
                                              errors="backslashreplace") as file:
        add = writer(file)
        add(head)
        for count, row in enumerate(rows, 1):  # noqa: B007 (the count is what is wanted)
            add(row)
    return count


def writer(file: TextIO) -> Callable[[Iterable[object]], object]:
    """A function that adds a row to a file, which must be open with ``newline=""``."""
    rows = csv.writer(file)
    return lambda values: rows.writerow(map(cell, values))


def read(path: Path, most: int = 1_000_000) -> list[dict[str, str]]:
    """The rows of a table of `write`, as dictionaries by column; it may be a stranger's.

    Raises:
        OSError: it cannot be read. ValueError: it has more than ``most`` rows, a long cell, or is
            no text.
    """
    text = read_bytes(path, MAX_BYTES).decode("utf-8-sig")     # spreadsheets write a mark first
    try:
        rows = list(islice(csv.reader(io.StringIO(text, newline="")), most + 2))
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if len(rows) > most + 1:
        raise ValueError(f"it has more than {most:,} rows")
    head, *body = [[plain(cell) for cell in row] for row in rows] or [[]]
    return [dict(zip(head, row, strict=False)) for row in body]


def cell(value: object) -> object:
    """A value as written in a cell; text has no control characters but line breaks and tabs.

    >>> cell("=1+1"), cell("-1.5"), cell("-0.1 2e-3"), cell(-1.5), cell("'=")
    ("'=1+1", '-1.5', '-0.1 2e-3', -1.5, "''=")
    """
    if not isinstance(value, str):
        return value
    text = writable(value)
    return f"'{text}" if _is_formula(text) else text


def plain(text: str) -> str:
    """The text of a cell; inverse of `cell`."""
    return text[1:] if text.startswith("'") and _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return text.lstrip(_AHEAD).startswith(SIGNS) and not all(map(_is_number, text.split()))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
