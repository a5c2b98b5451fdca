"""Short description of the first difference between two texts."""

import difflib
from collections.abc import Sequence

_SHOWN = 90         # characters of a line
_BEFORE = 30        # of them before the change


def first_change(was: Sequence[str], now: Sequence[str]) -> str | None:
    """The first lines that differ; None if all are equal.

    >>> first_change(["- conv: {out: 8}", "- gap:"], ["- conv: {out: 16}", "- gap:"])
    '`- conv: {out: 8}` is now `- conv: {out: 16}`'
    """
    for tag, at, end, begin, stop in difflib.SequenceMatcher(None, was, now).get_opcodes():
        if tag == "replace":
            pairs = zip(was[at] + "\n", now[begin] + "\n", strict=False)
            same = next(i for i, (a, b) in enumerate(pairs) if a != b)
            return f"{_excerpt(was[at], same)} is now {_excerpt(now[begin], same)}"
        if tag == "delete":
            return f"{_excerpt(was[at])} is gone" + _more(end - at)
        if tag == "insert":
            return f"{_excerpt(now[begin])} is new" + _more(stop - begin)
    return None


def _more(lines: int) -> str:
    return f", with {lines - 1} more line{'s' * (lines > 2)}" if lines > 1 else ""


def _excerpt(line: str, at: int = 0) -> str:
    """A line, or the part of a long one around its character ``at``."""
    begin = max(0, at - _BEFORE) if len(line) > _SHOWN else 0
    part = line[begin:begin + _SHOWN].strip()
    return f"`{'…' * (begin > 0)}{part}{'…' * (begin + _SHOWN < len(line))}`"
