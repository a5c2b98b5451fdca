"""What a launcher is: it keeps workers going."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from search.launchers.worker import Job


@dataclass(frozen=True, slots=True)
class Resources:
    """What is asked for. CPUs and GPUs are those of one worker; ``address`` is the cluster's;
    ``options`` are the batch system's own."""

    workers: int
    cpus: int = 1
    gpus: float = 0
    address: str | None = None
    options: tuple[tuple[str, str], ...] = ()


class Launcher(Protocol):
    """Starts workers and ends when all of them have."""

    def run(self, job: Job, progress: Callable[[], int], stop: Callable[[], bool]) -> None:
        """Keep the workers going until the study is done. ``progress`` shows it, and gives how
        many trials are finished; once ``stop`` says so, each finishes its running trial.

        Raises:
            StudyError: the workers cannot be started, or die again and again.
        """
