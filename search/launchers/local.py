"""Local launcher: workers as processes on this machine; dead ones are restarted."""

import contextlib
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable

from search.archive.connection.urls import environment
from search.errors import StudyError
from search.launchers.base import Launcher, Resources
from search.launchers.worker import FAILED, WorkerJob

POLL_S = 0.2
SHOW_S = 1.0    # between polls of the trials, which read what all workers write
DEATHS = 10     # consecutive deaths of workers without a finished trial, after which it gives up


class LocalLauncher(Launcher):
    """Workers as local processes; each runs ``module``."""

    def __init__(self, resources: Resources, module: str = "search.launchers") -> None:
        self.count, self.module = resources.workers, module

    def run(self, job: WorkerJob, progress: Callable[[], int], stop: Callable[[], bool]) -> None:
        workers = [_start(job, self.module) for _ in range(self.count)]
        deaths, finished, shown = 0, progress(), time.monotonic()
        try:
            while workers:
                time.sleep(POLL_S)
                ended = [w for w in workers if w.poll() is not None]
                if ended or time.monotonic() - shown >= SHOW_S:
                    now, shown = progress(), time.monotonic()
                    if now > finished:
                        deaths, finished = 0, now
                if stop():
                    for worker in workers:
                        _ask_to_stop(worker)
                for worker in ended:
                    workers.remove(worker)
                    _ask_to_stop(worker)        # closes our end of its input
                    if worker.returncode == 0 or stop():
                        continue
                    deaths += 1
                    if worker.returncode == FAILED:
                        raise StudyError("a worker could not go on, see above")
                    if deaths > DEATHS:
                        raise StudyError(f"{deaths} workers died one after the other, the last "
                                         f"one with status {worker.returncode}")
                    workers.append(_start(job, self.module))
        finally:
            for worker in workers:              # an error, or a second Ctrl-C
                _ask_to_stop(worker)
                worker.kill()
                worker.wait()


def share(workers: int) -> int:
    """Threads per worker for so many workers on this machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (cores or 1) // workers)


def _start(job: WorkerJob, module: str) -> subprocess.Popen[bytes]:
    inherited = os.environ | environment(job.url) | {
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    worker = subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, env=inherited)
    assert worker.stdin is not None
    with contextlib.suppress(BrokenPipeError):      # it died already, which the caller detects
        worker.stdin.write(pickle.dumps(job))
        worker.stdin.flush()
    return worker


def _ask_to_stop(worker: subprocess.Popen[bytes]) -> None:
    assert worker.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        worker.stdin.close()
