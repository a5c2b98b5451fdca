"""Worker: runs a study's trials in a process of its own, on any machine.

A launcher (search/launchers) starts several and passes each the same `WorkerJob`. The process is
``python -m search.launchers``: it reads the job from its standard input, and stops at the end of
that, when the launcher closes it or dies.
"""

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from search.archive.connection.urls import keep
from search.process import collect_seldom, keep_memory, wait_asleep
from search.study import Study, open_study
from search.study.settings import Settings
from searchspace import SearchspaceError
from searchspace.cli import MISTAKE, fail
from searchspace.plugins import load_installed
from searchspace.safety.limits import Limits, current, hold

FAILED = MISTAKE        # exit status of a worker that has printed the reason


@dataclass(frozen=True)
class WorkerJob:
    """Input of every worker of a study. ``threads``: torch threads per worker. The secrets of the
    ``url`` are not in it: a launcher passes them by `connection.urls.environment`."""

    settings: Settings
    folder: Path
    name: str
    url: str
    threads: int = 1
    limits: Limits = field(default_factory=current)     # the launcher's own

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", keep(self.url))     # a job may be written to a disk


def work(job: WorkerJob, stop: Callable[[], bool] = lambda: False,
         prepare: Callable[[Study], None] = lambda _: None) -> None:
    """Run trials of a study until all are done or ``stop`` returns true; ``prepare`` is called
    with the study first.

    Raises:
        SearchspaceError: the study cannot be run here.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(job.threads))      # before torch is imported
    keep_memory()
    collect_seldom()
    wait_asleep()
    load_installed()
    hold(job.limits)
    if job.settings.kept:
        job.settings.kept.run(lambda _: True)       # what the launcher's own command has run
    with open_study(job.settings, job.folder, job.name, job.url, alone=False) as study:
        prepare(study)
        study.run(lambda _: None, stop)


def main(prepare: Callable[[Study], None] = lambda _: None) -> int:
    """Main function of a worker process on its launcher's machine; returns the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # Ctrl-C is the launcher's
    try:
        job = pickle.load(sys.stdin.buffer)
    except (EOFError, pickle.UnpicklingError):
        return fail("a worker is started by search/run.py --workers, from which it reads its job")
    over = threading.Event()

    def watch() -> None:
        os.read(0, 1)       # returns at the end of the input
        over.set()

    threading.Thread(target=watch, daemon=True).start()
    try:
        work(job, over.is_set, prepare)
    except SearchspaceError as error:
        return fail(error)
    return 0
