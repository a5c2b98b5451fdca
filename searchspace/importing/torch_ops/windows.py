"""Sizes as torch gives them: a number, or one for each axis."""

from typing import Any

from searchspace.errors import GenotypeError


def pair(value: Any) -> Any:
    """One number where both axes have the same."""
    a, b = two(value)
    return a if a == b else (a, b)


def two(value: Any) -> tuple[int, int]:
    """Height and width."""
    if isinstance(value, int):
        return value, value
    first, *rest = value
    return first, rest[0] if rest else first


def one(value: Any, what: str) -> int:
    """The number of both axes. Raises GenotypeError where they differ."""
    a, b = two(value)
    if a != b:
        raise GenotypeError(f"a {what} that differs between height and width ({a} and {b})")
    return a


def within(n: int, edge: int) -> int:
    """A place along an edge, counted from its end where negative."""
    return min(max(n + edge if n < 0 else n, 0), edge)
