"""Where the time of a search goes: functions say which phase they belong to.

A phase's time is its own: what another one takes inside it is counted there. While nothing is
measured a call costs one look at a variable.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

REST = "the rest"


@dataclass(slots=True)
class Spent:
    """Seconds on the clock and of the processor (with the threads that torch starts), and how often
    a phase began."""

    seconds: float = 0.0
    processor: float = 0.0
    times: int = 0


class Profile:
    """What the phases took since the start, in the thread that made this; see `measured`."""

    def __init__(self) -> None:
        self.spent: dict[str, Spent] = {}
        self.thread = threading.get_ident()
        self._inside = [self.spent.setdefault(REST, Spent())]
        self._since = time.perf_counter(), time.process_time()

    def begin(self, phase: str) -> None:
        """Enter a phase."""
        self.settle()
        self._inside.append(self.spent.setdefault(phase, Spent()))
        self._inside[-1].times += 1

    def end(self) -> None:
        """Leave the innermost phase."""
        self.settle()
        self._inside.pop()

    def settle(self) -> None:
        """Count what was spent up to now."""
        now = time.perf_counter(), time.process_time()
        inside = self._inside[-1]
        inside.seconds += now[0] - self._since[0]
        inside.processor += now[1] - self._since[1]
        self._since = now


_profile: Profile | None = None


@contextmanager
def measured() -> Iterator[Profile]:
    """Measure the phases of this thread until the end of the block; not to be nested."""
    global _profile
    assert _profile is None
    _profile = made = Profile()
    try:
        yield made
    finally:
        made.settle()
        _profile = None


def phase(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator: calls of a function belong to this phase."""
    def decorate(work: Callable[P, R]) -> Callable[P, R]:
        @wraps(work)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            profile = _profile
            if profile is None or profile.thread != threading.get_ident():
                return work(*args, **kwargs)
            profile.begin(name)
            try:
                return work(*args, **kwargs)
            finally:
                profile.end()
        return call
    return decorate
