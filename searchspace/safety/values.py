"""Typed reading of values from strangers: attributes, rows and cells, JSON.

A value of another type or range than is expected is refused by its name, before anything is
computed with it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from searchspace.safety.reading import is_shallow

T = TypeVar("T")
S = TypeVar("S")

LARGEST = 2**63 - 1     # the largest whole number that a database holds
HUGE = 1e100            # products of a few real numbers stay finite
_CELL = 40              # letters of a number in a table


class WrongValueError(ValueError):
    """A value is missing, or of another type or range; the message names it."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A type of values: ``wanted`` says in words what ``accepts`` holds for."""

    wanted: str
    accepts: Callable[[object], bool]

    def check(self, value: object, name: str) -> T:
        """The value; raises WrongValueError if it is of another kind."""
        if not self.accepts(value):
            raise WrongValueError(f"{name} is not {self.wanted}")
        return cast(T, value)

    def of(self, values: Mapping[str, Any], name: str) -> T:
        """The value of this name; a missing one counts as None."""
        return self.check(values.get(name), name)

    def get(self, values: Mapping[str, Any], name: str, otherwise: S) -> T | S:
        """The value of this name, or ``otherwise`` if it is missing or None."""
        value = values.get(name)
        return otherwise if value is None else self.check(value, name)


def whole(least: int = 0, most: int = LARGEST) -> Kind[int]:
    """Whole numbers of a range."""
    ends = f" to {most:,}" if most != LARGEST else " up"
    return Kind(f"a whole number from {least:,}{ends}",
                lambda value: type(value) is int and least <= value <= most)


def list_of(kind: Kind[T]) -> Kind[list[T]]:
    """Lists of values of one kind."""
    return Kind(f"a list, each of it {kind.wanted}",
                lambda value: isinstance(value, list) and all(map(kind.accepts, value)))


def names_to(kind: Kind[T]) -> Kind[dict[str, T]]:
    """Objects whose values are of one kind."""
    return Kind(f"an object of names, each with {kind.wanted}", lambda value:
                isinstance(value, dict) and all(isinstance(key, str) for key in value)
                and all(map(kind.accepts, value.values())))


def _is_real(value: object) -> bool:
    return (type(value) is float and abs(value) <= HUGE) or \
        (type(value) is int and abs(value) <= LARGEST)        # NumPy has no larger ones


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | bool) or _is_real(value)


WHOLE = whole()
REAL: Kind[float] = Kind("a finite number of moderate size", _is_real)
FLAG: Kind[bool] = Kind("true or false", lambda value: isinstance(value, bool))
TEXT: Kind[str] = Kind("text", lambda value: isinstance(value, str))
WORD: Kind[str] = Kind("text that can be written as UTF-8", lambda value: isinstance(value, str)
                       and re.search("[\ud800-\udfff]", value) is None)
PLAIN: Kind[str | int | float | bool | None] = Kind("text, a number, true, false or null",
                                                    _is_plain)
OBJECT: Kind[dict[str, Any]] = Kind("an object", lambda value: isinstance(value, dict))
JSON: Kind[Any] = Kind("a value of few levels", is_shallow)


def whole_cell(cells: Mapping[str, str], name: str) -> int:
    """The whole number in a cell of a table; raises WrongValueError."""
    text = cells.get(name, "").strip()
    fits = len(text) <= _CELL and re.fullmatch("-?[0-9]+", text)
    return WHOLE.check(int(text) if fits else None, name)


def real_cell(cells: Mapping[str, str], name: str) -> float:
    """The number in a cell of a table; raises WrongValueError."""
    text = cells.get(name, "").strip()
    try:
        value = float(text) if len(text) <= _CELL else None
    except ValueError:
        value = None
    return float(REAL.check(value, name))
