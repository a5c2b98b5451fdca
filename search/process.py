"""Process-wide settings for scoring: the allocator, idle threads, Ctrl-C; each was measured.

Memory: by default glibc unmaps every large tensor when it is freed, and faults its pages in again
for the next one, which takes half or more of a small network's forward pass on a CPU. The number of
pages depends on when tensors are freed, and differs between two copies of one network by a third.

Garbage: Python's collector looks at all long-lived objects whenever a quarter of them is new. In a
search they are remembered fragments of networks, without cycles: a third of the time for costs went
into looking at them.

Cores: torch's threads spin while they wait for each other. If another process uses one of their
cores, a forward pass takes ten times as long as with threads that sleep while they wait.
"""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

# mallopt's parameters, from glibc's malloc.h
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


def keep_memory() -> bool:
    """Keep freed memory for the rest of this process; returns whether the C library can (glibc).

    The process then holds its peak memory.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_MAX, 0)) and \
        bool(mallopt(_TRIM_THRESHOLD, 2**31 - 1))


def collect_seldom() -> None:
    """Let Python look for cycles of objects a hundred times as seldom among those that live long,
    for the rest of this process; young ones are collected as ever, a little later."""
    gc.set_threshold(10_000, 10, 100)


def wait_asleep() -> None:
    """Let threads sleep at barriers, unless the user chose otherwise; before torch is imported."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@contextmanager
def deaf() -> Iterator[None]:
    """Context in which processes are started that Ctrl-C and SIGTERM do not reach: a terminal sends
    them to all at once, and what they do is for this process to say."""
    if not hasattr(signal, "pthread_sigmask"):      # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Interrupt:
    """Context in which the first Ctrl-C only sets ``asked``, so that the running trial is finished;
    the second one interrupts at once. A KeyboardInterrupt that is raised inside a destructor would
    be dropped by Python, and the search would continue.
    """

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Self:
        self.before: Any = signal.signal(signal.SIGINT, self._heard)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        signal.signal(signal.SIGINT, self.before)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
