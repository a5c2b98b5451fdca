"""Columns of values: what their headings say, and which ones a search asks for.

A heading is a name, such as ``val_acc`` or ``raspi4_latency``, behind which may stand the seed and
the number of epochs of a training: ``val_acc;seed=777;epoch=12``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple, Self

from search.tables.errors import TableError
from searchspace.errors import nearest

MAX_VALUE = 1e300       # sums must stay finite
NO_VALUE = frozenset({"", "nan", "none", "null", "na", "n/a"})

Cell = str | int | float | None


class Heading(NamedTuple):
    """The heading of a column of values; ``seed`` and ``epoch`` are None where it has none."""

    name: str
    seed: int | None = None
    epoch: int | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """The heading in a text; raises TableError if it is none."""
        name, *settings = (part.strip() for part in text.split(";"))
        found: dict[str, int] = {}
        for setting in settings:
            key, _, value = setting.partition("=")
            if key not in ("seed", "epoch") or key in found or not value.isdecimal() \
                    or len(value) > 18:
                raise TableError(f"{text!r} is no heading of a column: write NAME, or "
                                 "NAME;seed=NUMBER;epoch=NUMBER")
            found[key] = int(value)
        if not name:
            raise TableError(f"{text!r} is no heading of a column: it has no name")
        return cls(name, **found)

    def __str__(self) -> str:
        """As it is written."""
        return "".join([self.name, *(f";{key}={value}" for key, value in
                                     (("seed", self.seed), ("epoch", self.epoch))
                                     if value is not None)])

    def covers(self, other: "Heading") -> bool:
        """Whether what asks for this asks for the other."""
        return self.name == other.name and self.seed in (None, other.seed) \
            and self.epoch in (None, other.epoch)


@dataclass(frozen=True)
class Column:
    """A column of a file: one cell a row, as they are written."""

    heading: Heading
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Selection:
    """The columns that a search asks for by ``text``: those of its name, of its seed and epoch if
    it has some, else of all seeds and of the greatest number of epochs."""

    text: str
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, text: str, columns: Sequence[Column]) -> Self:
        """The columns of a text; the only name that there is for an empty one.

        Raises:
            TableError: there are none, or several names and none is given.
        """
        wanted = asked(text, columns)
        found = [c for c in columns if wanted.covers(c.heading)]
        if not found:
            names = _names(columns)
            if wanted.name in names:
                raise TableError(f"the table has {wanted.name!r}, but not with this seed and "
                                 "number of epochs")
            raise TableError(f"the table has no column {wanted.name!r}"
                             f"{nearest(wanted.name, names)}")
        most = max(c.heading.epoch or 0 for c in found)
        return cls(text, tuple(c for c in found if (c.heading.epoch or 0) == most))

    @property
    def name(self) -> str:
        """The name of the columns."""
        return self.columns[0].heading.name

    def values(self, row: int) -> list[float]:
        """The numbers of one row, one a column that has one there.

        Raises:
            TableError: a cell is no number.
        """
        found = [_number(c.cells[row], self.name) for c in self.columns]
        return [value for value in found if value is not None]

    def mean(self, rows: Sequence[int]) -> float | None:
        """The mean of all numbers of some rows; None if there are none."""
        values = [value for row in rows for value in self.values(row)]
        return fmean(values) if values else None


def asked(text: str, columns: Sequence[Column]) -> Heading:
    """The heading that a text asks for, which need not be there; the only name that there is for
    an empty one.

    Raises:
        TableError: it is none, or there are several names and none is given.
    """
    names = _names(columns)
    if not text and len(names) != 1:
        raise TableError("the table has no values, only networks" if not names else
                         f"the table has several columns; name one, as table:{names[0]}: "
                         f"{', '.join(names)}")
    return Heading.read(text or names[0])


def _names(columns: Sequence[Column]) -> list[str]:
    return list(dict.fromkeys(c.heading.name for c in columns))


def _number(cell: Cell, name: str) -> float | None:
    """The number in a cell; None in an empty one."""
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in NO_VALUE):
        return None
    try:
        value = float(cell) if not isinstance(cell, bool) else math.nan
    except (ValueError, OverflowError):
        value = math.nan
    if math.isnan(value) and not isinstance(cell, float):
        raise TableError(f"the column {name!r} holds {str(cell)[:40]!r}, which is no number")
    if math.isnan(value):
        return None
    if not abs(value) < MAX_VALUE:
        raise TableError(f"the column {name!r} holds {value}, and values are finite")
    return value
