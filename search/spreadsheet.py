"""CSV that a spreadsheet may open: no text in it is taken for a formula.

Excel, LibreOffice and their like compute a cell that begins with one of `SIGNS`, whoever wrote it;
the formula may start a program, or send other cells away. A text that begins so gets an apostrophe
in front, as a person would type it, and `read` takes it off again. Numbers stay numbers.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from searchspace.safety.files import replacing

SIGNS = tuple("=+-@\t\r\n＝＋－＠")
_AHEAD = "' "       # what a spreadsheet may overlook


def write(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a table; how many rows it has. Raises OSError where that is impossible."""
    count = 0
    with replacing(path) as fresh, fresh.open("w", newline="", encoding="utf-8",
                                              errors="backslashreplace") as file:
        add = writer(file)
        add(head)
        for count, row in enumerate(rows, 1):  # noqa: B007 (the count is what is wanted)
            add(row)
    return count


def writer(file: TextIO) -> Callable[[Iterable[object]], object]:
    """A function that adds a row to a file, which is open as `csv` wants it."""
    rows = csv.writer(file)
    return lambda values: rows.writerow(map(cell, values))


def read(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a table that `write` wrote, by its head."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = ([plain(text) for text in row] for row in csv.reader(file))
        head = next(rows, [])
        for row in rows:
            yield dict(zip(head, row, strict=False))


def cell(value: object) -> object:
    """A value as it stands in a cell.

    >>> cell("=1+1"), cell("-1.5"), cell("-0.1 2e-3"), cell(-1.5), cell("'=")
    ("'=1+1", '-1.5', '-0.1 2e-3', -1.5, "''=")
    """
    if isinstance(value, str) and _is_formula(value):
        return f"'{value}"
    return value


def plain(text: str) -> str:
    """The text that `cell` made one of."""
    return text[1:] if text.startswith("'") and _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return text.lstrip(_AHEAD).startswith(SIGNS) and not all(map(_is_number, text.split()))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
