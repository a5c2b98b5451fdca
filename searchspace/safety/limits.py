"""Limits on what a genotype may take, so that a file from a stranger costs no more than a sentence.

They hold for the whole process. Who knows a genotype to be good raises one for a while:

>>> from searchspace import load
>>> with raised(repeats=5_000):
...     genotype = load("mobilenet-v2")
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace

from searchspace.errors import SearchspaceError, nearest

MOST = 10**30      # of any limit: products of a few stay numbers that a person can read
DEEPEST = 120      # of `levels` and `bases`: Python's own stack holds no more


@dataclass(frozen=True, slots=True, eq=False)       # by identity: part of keys hashed often
class Limits:
    """The greatest of each kind that a genotype may have."""

    characters: int = 1_000_000     # in a file
    values: int = 100_000           # in a file, aliases expanded
    levels: int = 60                # of values in a file, and of blocks that call blocks
    bases: int = 20                 # genotypes that inherit one from the other
    files: int = 100                # of blocks that a genotype uses
    options: int = 10_000           # of a hole
    formula: int = 400              # characters of a formula
    number: int = 10**15            # any number that is written or calculated
    edges: int = 100_000            # expected in a drawn graph
    repeats: int = 1_000            # of a step, and nodes of a row
    operations: int = 50_000        # in a network
    steps: int = 300_000            # run to expand it: ten times the largest bundled network's
    channels: int = 10_000_000      # of a tensor
    size: int = 100_000             # rows, and columns, of a tensor
    macs: int = 10**18              # of a network; a database holds whole numbers up to 9.2·10^18
    params: int = 10**18            # of a network

    @property
    def bytes(self) -> int:
        """Of a file with as many characters: UTF-8 takes four for one at most."""
        return 4 * self.characters


# The last one holds; with the thread that holds it.
_limits: list[tuple[int, Limits]] = [(0, Limits())]


def current() -> Limits:
    """The limits that hold now."""
    return _limits[-1][1]


def hold(limits: Limits) -> None:
    """From here on these limits hold, for this process or until the end of its `scope`."""
    _limits.append((threading.get_ident(), limits))


@contextmanager
def scope() -> Iterator[None]:
    """Context at whose end nothing holds that this thread held since its beginning. What another
    thread holds stays."""
    own = threading.get_ident()
    before = sum(thread == own for thread, _ in _limits)
    try:
        yield
    finally:
        for held in [held for held in _limits if held[0] == own][before:]:
            _limits.remove(held)        # one by one: another thread may hold some meanwhile


@contextmanager
def raised(**limits: int) -> Iterator[Limits]:
    """Context in which some limits are others: ``with raised(operations=200_000): …``.

    Raises:
        SearchspaceError: there is no such limit, or a number is no limit.
    """
    with scope():
        hold(changed(current(), limits))
        yield current()


def changed(limits: Limits, given: dict[str, int]) -> Limits:
    """Limits with some of them set; see `raised`."""
    known = [f.name for f in fields(limits)]
    for name, value in given.items():
        if name not in known:
            raise SearchspaceError(f"there is no limit {name!r}{nearest(name, known)}")
        most = DEEPEST if name in ("levels", "bases") else MOST
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise SearchspaceError(f"the limit {name} is a whole number from 1 to {most:,}, not "
                                   f"{value!r}")
    return replace(limits, **given)


def beyond(count: int, most: int, things: str) -> str:
    """The sentence for what exceeds a limit.

    >>> beyond(12_000, 10_000, "options")
    '12,000 options are more than the 10,000 allowed'
    """
    return f"{count:,} {things} are more than the {most:,} allowed"
