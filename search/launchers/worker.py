"""The worker: what runs a study's trials in a process of its own, on any machine.

A launcher (search/launchers) starts as many as it is asked for and hands each the same `Job`. Its
process is ``python -m search.launchers``: it reads the job from its standard input, and takes the
end of that for the request to stop, be it that the launcher closes it or dies.
"""

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from search.archive.connection.urls import keep
from search.process import keep_memory, wait_asleep
from search.study import Study, open_study
from search.study.settings import Settings
from searchspace import SearchspaceError
from searchspace.cli import MISTAKE, fail
from searchspace.plugins import load_installed

FAILED = MISTAKE        # exit status of a worker that has told why


@dataclass(frozen=True)
class Job:
    """What every worker of a study is given. ``threads`` are torch's, for each; the secrets of the
    ``url`` are not in it: a launcher hands `connection.urls.environment` over with it."""

    settings: Settings
    folder: Path
    name: str
    url: str
    threads: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", keep(self.url))     # a job may be written to a disk


def work(job: Job, stop: Callable[[], bool] = lambda: False,
         prepare: Callable[[Study], None] = lambda _: None) -> None:
    """Run trials of a study, which ``prepare`` sees first, until all are done or ``stop`` says so.

    Raises:
        SearchspaceError: the study cannot be run here.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(job.threads))      # before torch is imported
    keep_memory()
    wait_asleep()
    load_installed()
    if job.settings.kept:
        job.settings.kept.run(lambda _: True)       # what the launcher's own command has run
    with open_study(job.settings, job.folder, job.name, job.url, alone=False) as study:
        prepare(study)
        study.run(lambda _: None, stop)


def main(prepare: Callable[[Study], None] = lambda _: None) -> int:
    """The process of a worker that runs beside its launcher; the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # Ctrl-C is the launcher's
    job = pickle.load(sys.stdin.buffer)
    over = threading.Event()

    def watch() -> None:
        os.read(0, 1)       # nothing more is ever written
        over.set()

    threading.Thread(target=watch, daemon=True).start()
    try:
        work(job, over.is_set, prepare)
    except SearchspaceError as error:
        return fail(error)
    return 0
