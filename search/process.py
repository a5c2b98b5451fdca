"""Process-wide settings for scoring: the allocator, idle threads, Ctrl-C; each was measured.

Memory: by default glibc unmaps every large tensor when it is freed, and faults its pages in again
for the next one: half or more of a small network's forward pass on a CPU. How many pages depends
on the moment at which each tensor is freed, and differs between two copies of one network by a
third.

Cores: torch's threads wait for each other actively. Where another process wants one of their cores
too, a forward pass takes ten times as long as with threads that sleep while they wait.
"""

import ctypes
import os
import signal
import sys
from types import FrameType, TracebackType
from typing import Any, Self

# mallopt's parameters, from glibc's malloc.h
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


def keep_memory() -> bool:
    """Keep freed memory for the rest of this process; whether the C library can (glibc).

    The process then holds the most memory that it ever used at once.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_MAX, 0)) and \
        bool(mallopt(_TRIM_THRESHOLD, 2**31 - 1))


def wait_asleep() -> None:
    """Let threads sleep at barriers, unless the user chose otherwise; before torch is imported."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


class Interrupt:
    """Within it the first Ctrl-C only sets ``asked``, so that a trial is finished and kept; the
    second one interrupts at once. A KeyboardInterrupt can be raised inside a destructor, where
    Python reports and drops it: the search would go on.
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
