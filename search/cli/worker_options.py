"""Command-line options of a search with several workers, and the run with them."""

import argparse

from search.archive.connection.urls import VARIABLE
from search.cli.progress import ProgressDisplay
from search.errors import StudyError
from search.launchers import LAUNCHERS, Resources
from search.launchers.together import run_together
from search.process import Interrupt
from search.study import Study
from searchspace.cli import whole

HINT_FROM = 4       # workers from which on SQLite is the bottleneck


def add_worker_options(parser: argparse.ArgumentParser) -> None:
    """``--workers``, ``--storage``, ``--launcher`` and what belongs to it."""
    parser.add_argument("--workers", type=whole(1, 10_000), metavar="N",
                        help="processes that score networks at the "
                        "same time (default: this one alone)")
    parser.add_argument("--storage", metavar="URL", help="a database that many machines share, "
                        "postgresql+psycopg://USER@HOST/DB; its password is better given by "
                        f"PGPASSWORD or {VARIABLE} (default: study.db of the study)")
    parser.add_argument("--launcher", choices=LAUNCHERS, default="local",
                        help="what starts the workers (default: local, on this machine)")
    parser.add_argument("--address", metavar="HOST:PORT", help="of the Ray cluster, or auto; of "
                        "slurm: local, to try it without a cluster")
    parser.add_argument("--cpus", type=whole(1, 10_000), default=1, metavar="N",
                        help="cores of each worker of a cluster (default: 1)")
    parser.add_argument("--gpus", type=float, default=0, metavar="N",
                        help="GPUs of each worker of a cluster (default: 0)")
    parser.add_argument("--slurm", action="append", default=[], metavar="KEY=VALUE",
                        help="a parameter of submitit: slurm_partition=gpu, timeout_min=600")


def read_resources(options: argparse.Namespace) -> Resources | None:
    """The requested resources; None for a search in this process.

    Raises:
        StudyError: options that contradict each other.
    """
    given: list[tuple[str, str]] = []
    for text in options.slurm:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise StudyError(f"--slurm {text!r} is not KEY=VALUE")
        given.append((key, value))
    if options.launcher == "local":
        if given or options.address:
            raise StudyError("--address and --slurm need --launcher ray or slurm")
        if options.workers is None or options.workers == 1:
            return None
    elif options.storage is None:
        raise StudyError(f"--launcher {options.launcher} needs a database that all machines "
                         "reach: --storage postgresql+psycopg://USER@HOST/DB")
    return Resources(options.workers or 1, options.cpus, options.gpus, options.address,
                     tuple(given))


def run_with(resources: Resources | None, options: argparse.Namespace, study: Study,
             progress: ProgressDisplay, interrupt: Interrupt) -> str | None:
    """Run the study's trials, in this process or by workers; see `Study.run`."""
    def stop() -> bool:
        return interrupt.asked

    if resources is None:
        return study.run(progress.trials, stop)
    if resources.workers >= HINT_FROM and study.session.url.startswith("sqlite"):
        progress.console.print(
            f"{resources.workers} workers share an SQLite file, which one at a time can write to; "
            "a PostgreSQL server serves them better: --storage postgresql+psycopg://USER@HOST/DB")

    return run_together(study, options.launcher, resources, progress.trials, stop)
