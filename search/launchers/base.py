"""Interface of launchers, which start and restart workers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from search.launchers.worker import WorkerJob


@dataclass(frozen=True, slots=True)
class Resources:
    """Requested resources. CPUs and GPUs are per worker; ``address`` is the cluster's; ``options``
    are passed to the batch system."""

    workers: int
    cpus: int = 1
    gpus: float = 0
    address: str | None = None
    options: tuple[tuple[str, str], ...] = ()


class Launcher(Protocol):
    """Starts workers and ends when all of them have."""

    def run(self, job: WorkerJob, progress: Callable[[], int], stop: Callable[[], bool]) -> None:
        """Run workers until the study is done. ``progress`` displays the state and returns the
        number of finished trials; once ``stop`` returns true, each finishes its running trial.

        Raises:
            StudyError: the workers cannot be started, or die repeatedly.
        """
