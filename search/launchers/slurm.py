"""Slurm launcher: workers as jobs, by submitit. Other workers repeat the trial of a dead job.

Without Slurm, submitit's local executor runs the same jobs, as in the tests.
"""

import os
import time
from collections.abc import Callable
from datetime import datetime
from tempfile import mkdtemp
from typing import Any

from search.archive.connection.urls import environment
from search.errors import StudyError
from search.launchers.base import Launcher, Resources
from search.launchers.worker import WorkerJob, work
from searchspace.safety.files import make_folder
from searchspace.scripts import install

POLL_S = 1.0
DEATHS = 10


class SlurmLauncher(Launcher):
    """Workers as Slurm jobs. ``address`` names submitit's cluster: ``slurm`` (default) or
    ``local``."""

    def __init__(self, resources: Resources) -> None:
        try:
            import submitit
        except ModuleNotFoundError:
            raise StudyError("--launcher slurm needs the package submitit: "
                             f"{install('slurm')}") from None
        self.submitit: Any = submitit
        self.resources = resources

    def run(self, job: WorkerJob, progress: Callable[[], int], stop: Callable[[], bool]) -> None:
        wanted = self.resources
        try:
            # a new folder: submitit unpickles the results that it finds in it
            home = mkdtemp(prefix=f"{datetime.now():%Y-%m-%d-%H%M}-",
                           dir=make_folder(job.folder / "slurm"))
            executor = self.submitit.AutoExecutor(folder=home, cluster=wanted.address or "slurm")
            executor.update_parameters(
                name=job.name, cpus_per_task=wanted.cpus, gpus_per_node=int(wanted.gpus),
                **{key: int(v) if v.isdecimal() else v for key, v in wanted.options})
        except (RuntimeError, NameError, ValueError, AssertionError) as error:
            raise StudyError(f"Slurm cannot be used: {error}") from None
        os.environ.update(environment(job.url))     # a job has the environment of who submits it
        jobs = [executor.submit(work, job) for _ in range(wanted.workers)]
        deaths, finished = 0, progress()
        try:
            while jobs and not stop():
                time.sleep(POLL_S)
                now = progress()
                deaths, finished = (0 if now > finished else deaths), now
                for one in [one for one in jobs if one.done()]:
                    jobs.remove(one)
                    fault = one.exception()
                    if fault is None:
                        continue
                    deaths += 1
                    if deaths > DEATHS:
                        raise StudyError(f"{deaths} Slurm jobs failed one after the other: "
                                         f"{str(fault).strip().splitlines()[-1]}")
                    jobs.append(executor.submit(work, job))
        finally:
            for one in jobs:
                one.cancel()
