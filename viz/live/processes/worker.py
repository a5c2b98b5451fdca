"""Worker processes: a job runs in one of its own, within limits, and can be ended at any moment.

Processes are spawned, not forked. One that is killed is replaced by one that waits already.
"""

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from searchspace.errors import SearchspaceError
from viz.live.model.evaluation import Fault, Source, fault
from viz.live.model.picture import View
from viz.live.model.tools import Tools
from viz.live.processes.jobs import JOBS, Job, keep_loaded

_SPAWN = multiprocessing.get_context("spawn")
GIB = 2**30


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may take: seconds, and bytes of address space of its process."""

    seconds: float = 2.0
    memory: int = 2 * GIB


@dataclass(frozen=True, slots=True)
class Said:
    """A worker's word: a result of a job, a `Fault`, or with neither that the job is done."""

    result: Any = None
    fault: Fault | None = None
    done: bool = False
    ready: bool = False         # the process has begun


USUAL = Limits()

Hear = Callable[[Said], None]


class Worker:
    """One process. ``hear`` is called, in a thread of its own, with all that the process says.

    At most one job at a time: the next one may be given when `Said.done` was heard. ``ready``: the
    process has begun, so that a job given now starts at once.
    """

    def __init__(self, tools: Tools, memory: int = USUAL.memory) -> None:
        ours, theirs = _SPAWN.Pipe()
        self._pipe: Connection = ours
        self._hear: Hear = lambda said: None
        self.ready = False
        self._process = _SPAWN.Process(target=_serve, args=(theirs, tools, memory), daemon=True)
        with _deaf():
            self._process.start()
        theirs.close()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid or 0

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def give(self, job: Job, hear: Hear) -> None:
        """Begin a job."""
        self._hear = hear
        try:
            self._pipe.send(job)
        except (BrokenPipeError, OSError):
            hear(Said(fault=Fault("the process that computes has ended")))
            hear(Said(done=True))

    def end(self) -> None:
        """End the process, whatever it does."""
        self._hear = lambda said: None
        self._process.kill()
        self._pipe.close()

    def _listen(self) -> None:
        while True:
            try:
                said = self._pipe.recv()
            except (EOFError, OSError):
                self._process.join()
                self._hear(Said(fault=Fault("this takes more memory than a network may")))
                self._hear(Said(done=True))
                return
            self.ready = True
            if not said.ready:
                self._hear(said)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """What is started within it never hears of Ctrl-C, which is for the server."""
    if not hasattr(signal, "pthread_sigmask"):      # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, tools: Tools, memory: int) -> None:
    """The process: jobs in, words out, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _bound(memory)
    _warm(tools)
    pipe.send(Said(ready=True))
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            for result in JOBS[job.kind](tools, *job.given):
                pipe.send(Said(result))
        except SearchspaceError as error:
            pipe.send(Said(fault=fault(error, _file(job))))
        except (MemoryError, RecursionError):
            pipe.send(Said(fault=Fault("this takes more memory than a network may")))
        except Exception as error:      # a fault of ours must not end the page
            pipe.send(Said(fault=Fault(f"a fault of searchspace, please report it: "
                                       f"{type(error).__name__}: {error}")))
        pipe.send(Said(done=True))


def _warm(tools: Tools) -> None:
    """Load what the first job needs, before it comes."""
    source = Source("name: warm\ninput: [3, 8, 8]\nnet:\n  - mbconv: {out: 4}\n", "warm.yaml")
    for kind, given in (("numbers", (source,)), ("drawing", (source, View()))):
        with contextlib.suppress(SearchspaceError):
            list(JOBS[kind](tools, *given))
    keep_loaded()


def _file(job: Job) -> str:
    """The file of a job's source."""
    for given in job.given:
        source = getattr(given, "source", given)
        if file := getattr(source, "file", ""):
            return str(file)
    return ""


def _bound(memory: int) -> None:
    """Limit the address space, where the system can."""
    try:
        import resource
    except ImportError:         # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
