"""Ray launcher: workers as tasks on a cluster; tasks lost with their node are retried."""

import os
import socket
from collections.abc import Callable
from typing import Any

from search.archive.connection.urls import environment
from search.errors import StudyError
from search.launchers.base import Launcher, Resources
from search.launchers.worker import WorkerJob, work
from searchspace.scripts import install

POLL_S = 0.5
CONNECT_S = 10


class RayLauncher(Launcher):
    """Workers as Ray tasks; without an address a cluster on this machine is started."""

    def __init__(self, resources: Resources) -> None:
        try:
            import ray
        except ModuleNotFoundError:
            raise StudyError("--launcher ray needs the package ray: "
                             f"{install('ray')}") from None
        self.ray: Any = ray
        self.resources = resources

    def run(self, job: WorkerJob, progress: Callable[[], int], stop: Callable[[], bool]) -> None:
        ray, wanted = self.ray, self.resources
        try:
            if wanted.address and ":" in wanted.address and "://" not in wanted.address:
                host, _, port = wanted.address.rpartition(":")
                socket.create_connection((host, int(port)), CONNECT_S).close()  # ray tries for long
            ray.init(address=wanted.address, log_to_driver=False, logging_level="error",
                     namespace="searchspace")
        except (OSError, ValueError, RuntimeError) as error:
            raise StudyError(f"no Ray cluster at {wanted.address}: "
                             f"{str(error).splitlines()[0]}") from None
        try:
            task = ray.remote(num_cpus=wanted.cpus, num_gpus=wanted.gpus, max_retries=-1,
                              retry_exceptions=False)(_work)
            secrets = environment(job.url)      # not by Ray's runtime environment, which it shows
            left = [task.remote(work, job, secrets) for _ in range(wanted.workers)]
            stopped = False
            while left:
                done, left = ray.wait(left, num_returns=1, timeout=POLL_S)
                progress()
                for one in done:
                    self._get(one, stopped)
                if stop() and not stopped:
                    stopped = True
                    for one in left:
                        ray.cancel(one, force=False)    # KeyboardInterrupt: the trial is cut off
        finally:
            ray.shutdown()

    def _get(self, one: Any, stopped: bool) -> None:
        try:
            self.ray.get(one)
        except self.ray.exceptions.TaskCancelledError:
            if not stopped:
                raise StudyError("a Ray worker was cancelled") from None
        except self.ray.exceptions.RayTaskError as error:
            cause = error.cause if error.cause is not None else error
            if not (stopped and isinstance(cause, KeyboardInterrupt)):
                raise StudyError(f"a Ray worker could not go on: {cause}") from None
        except self.ray.exceptions.RayError as error:
            raise StudyError("a Ray worker was lost and could not be run again: "
                             f"{str(error).splitlines()[0]}") from None


def _work(task: Callable[[WorkerJob], None], job: WorkerJob, secrets: dict[str, str]) -> None:
    """The task on a node, whose environment is that of ``ray start``."""
    os.environ.update(secrets)
    task(job)
