"""How an attack runs its inputs: each with a deadline, and what became of it counted."""

import gc
import resource
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from searchspace.expansion.memo import MEMO

SECONDS, MEGABYTES = 2, 500     # of processor time, and of memory more than at the start
SHOWN = 3                       # faults of one kind that are printed


class HangError(Exception):
    """An input took too long."""


class Attack:
    """Runs inputs one by one, and keeps what became of them."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.faults: Counter[tuple[str, ...]] = Counter()
        self.slowest = 0.0
        self.memory = _megabytes()
        signal.signal(signal.SIGVTALRM, _hang)

    def run(self, number: int, what: Callable[[], str], seconds: float,
            memory: int = MEGABYTES) -> None:
        """One input: ``what`` gives a word for its outcome, or raises."""
        start = time.process_time()
        try:
            with deadline(seconds):
                self.outcomes[what()] += 1
            if (held := _megabytes()) > self.memory + memory:
                self.memory = held
                raise MemoryError(f"more than {memory} MB")
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            kind = type(error).__name__, Path(last.filename).name, str(last.lineno)
            self.faults[kind] += 1
            if self.faults[kind] <= SHOWN:
                print(f"fault {number}: {' '.join(kind)}: {str(error)[:300]}", flush=True)
        self.slowest = max(self.slowest, time.process_time() - start)

    def told(self) -> str:
        """All in a line."""
        kinds = ", ".join(f"{n:,} {word}" for word, n in self.outcomes.most_common())
        return (f"{kinds}; {sum(self.faults.values())} faults; slowest {self.slowest:.1f} s, "
                f"{_megabytes()} MB")


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _hang(*_: object) -> None:
    raise HangError(f"more than {SECONDS} s")


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Context that raises HangError after so many seconds of processor time."""
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def tidy() -> None:
    """Forget what earlier inputs left, so that each has the memory and the time for itself."""
    from searchspace.expansion.graph import infer

    MEMO.clear()
    infer.cache_clear()
    gc.collect()
