"""Watch a study while it runs, from any machine that reaches its database.

examples:
  python search/status.py mine
  python search/status.py studies/mine --once
  python search/status.py postgresql+psycopg://me@host/db --study mine

Shows the trials per state, the workers that are alive, trials an hour, the best and how the front
stands, and when the study should be done. It only reads.
"""

import argparse
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

if __name__ == "__main__":      # this checkout, and no other one that is installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import optuna
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from search.archive import Archive
from search.archive.claims import Claims, Worker
from search.archive.connection.access import Access
from search.archive.connection.arguments import without_secrets
from search.archive.connection.locations import url_of
from search.environment import STUDIES
from search.errors import damaged
from search.objectives import Objective
from search.pareto import nondominated
from search.samplers import finished
from search.storage.attributes import WORKER
from search.storage.opening import named_study, read_storage
from search.study.settings import StoredSettings
from search.study.worker_recovery import was_cut_off
from searchspace.cli import Console, Parser, output, run, start
from searchspace.safety.values import WHOLE
from searchspace.text import counted, printable
from searchspace.units import show_amount, show_duration

RATE_OVER_S = 3600.0        # the rate is over the last hour, or since the beginning
SHOWN = 5                   # networks
LONGEST_H = 87_600.0        # that are predicted: ten years


@dataclass(frozen=True, slots=True)
class Status:
    """State of a running study. ``rate`` is in trials per hour; ``left`` is None if unknown."""

    name: str
    finished: int
    failed: int                 # of the finished ones
    running: int
    interrupted: int            # cut off; done again
    workers: tuple[Worker, ...]
    trials: dict[str, int]      # finished ones, by worker
    rate: float
    objectives: tuple[Objective, ...]
    best: tuple[optuna.trial.FrozenTrial, ...]      # of several objectives, of the front
    front: int | None
    reasons: tuple[tuple[str, int], ...]            # why trials failed, the most frequent first


def status_of(study: optuna.Study, archive: Archive, now: datetime) -> Status:
    """The status of a study from its tables."""
    trials = study.get_trials(deepcopy=False)
    done = [t for t in trials if finished(t)]
    workers = Claims(archive.database, "").workers(study.study_name)
    settings = StoredSettings.of(study.user_attrs, f"study {study.study_name!r}")
    settings.check_goals(study.directions, f"study {study.study_name!r}")
    objectives = settings.objectives
    scored = [t for t in done if t.values]
    losses = [tuple(o.loss(v) for o, v in zip(objectives, t.values, strict=True)) for t in scored]
    front = nondominated(losses) if len(objectives) > 1 else None
    order = sorted(front if front is not None else range(len(scored)),
                   key=lambda i: (losses[i], scored[i].number))
    reasons = Counter(str(t.user_attrs["error"]) for t in done if "error" in t.user_attrs)
    return Status(
        study.study_name, len(done), sum("error" in t.user_attrs for t in done),
        sum(t.state == optuna.trial.TrialState.RUNNING for t in trials),
        sum(map(was_cut_off, trials)), tuple(workers),
        dict(Counter(str(t.user_attrs.get(WORKER, "")) for t in done)), _rate(done, now),
        objectives, tuple(scored[i] for i in order[:SHOWN]), len(front) if front else None,
        tuple(reasons.most_common(3)))


def _rate(done: list[optuna.trial.FrozenTrial], now: datetime) -> float:
    """Recent trials per hour; Optuna's timestamps are local time without a zone."""
    ends = [t.datetime_complete.astimezone(UTC) for t in done if t.datetime_complete]
    starts = [t.datetime_start.astimezone(UTC) for t in done if t.datetime_start]
    if not ends:
        return 0.0
    since = max(min(starts, default=now), now - timedelta(seconds=RATE_OVER_S))
    return sum(end >= since for end in ends) * 3600 / max((now - since).total_seconds(), 1e-9)


def shown(status: Status, wanted: int | None, now: datetime) -> Group:
    """The status for the console. ``wanted`` is the requested number of trials."""
    alive = [w for w in status.workers if w.alive]
    left = None if wanted is None else max(wanted - status.finished, 0)
    grid = Table.grid(padding=(0, 2))
    of = f" of {wanted:,}" if wanted is not None else ""
    grid.add_row("study", Text(printable(status.name), "bold"))
    grid.add_row("trials", f"{status.finished:,}{of} finished, of them {status.failed:,} failed; "
                 f"{status.running:,} running; {status.interrupted:,} were cut off")
    grid.add_row("workers", f"{len(alive)} alive" + (
        f", {len(status.workers) - len(alive)} silent" if len(alive) < len(status.workers) else ""))
    eta = ""
    if left and left / LONGEST_H < status.rate:
        at = (now + timedelta(hours=left / status.rate)).astimezone()
        takes = show_duration(left / status.rate * 3600)
        eta = f"; {left:,} more take {takes}, until {at:%a %H:%M}"
    grid.add_row("speed", f"{status.rate:.1f} trials an hour{eta}" if left != 0 else "done")
    if status.front is not None:
        grid.add_row("front", f"{counted(status.front, 'network')}")
    for reason, count in status.reasons:
        grid.add_row("failed", f"{count}×: {reason}")
    parts: list[Any] = [grid]
    if alive:
        table = Table("worker", "machine", "since", "last beat", "trials", title_justify="left")
        for w in alive:
            table.add_row("/".join(w.id.split("/")[1:]), w.machine,
                          show_duration((now - w.started).total_seconds()), f"{w.silent:.0f} s ago",
                          str(status.trials.get(w.id, 0)))
        parts.append(table)
    if status.best:
        costs = {"macs": "MACs", "params": "params"}
        for objective in status.objectives:     # which have columns of their own
            costs.pop(objective.name, None)
        table = Table("trial", *(o.title for o in status.objectives), *costs.values(),
                      title="best so far" if status.front is None else "of the front",
                      title_justify="left")
        for t in status.best:
            table.add_row(str(t.number), *(o.shown(v) for o, v in zip(
                status.objectives, t.values, strict=True)),
                *(show_amount(t.user_attrs[cost]) for cost in costs))
        parts.append(table)
    return Group(*parts)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user error."""
    options = _parser().parse_args(without_secrets(arguments))
    return run(lambda: _watch(options, output(120)))


def _watch(options: argparse.Namespace, console: Console) -> None:
    """Show the status once, or again and again until Ctrl-C, which is the way to end it."""
    url = url_of(options.where, Path(options.studies))
    with Archive(url, access=Access.READ) as archive, read_storage(url) as storage:
        study = named_study(storage, options.study or Path(options.where).resolve().name)
        wanted = options.trials or _wanted(study)

        def look() -> Group:
            now = datetime.now(UTC)
            return shown(status_of(study, archive, now), wanted, now)
        if options.once or not console.is_terminal:
            console.print(look())
            return
        with Live(look(), console=console, auto_refresh=False) as live, \
                suppress(KeyboardInterrupt):
            while True:
                time.sleep(options.every)
                live.update(look(), refresh=True)


def _wanted(study: optuna.Study) -> int | None:
    """The number of trials that the study's last run was to make; None if it is not known."""
    with damaged(f"study {study.study_name!r}"):
        return WHOLE.get(study.user_attrs, "trials", None)


def _parser() -> argparse.ArgumentParser:
    parser = Parser("search/status.py", __doc__)
    parser.add_argument("where", metavar="STUDY",
                        help="name or folder of a study, a database file, or a URL")
    parser.add_argument("--study", metavar="NAME", help="where the database holds several")
    parser.add_argument("--studies", default=str(STUDIES), metavar="FOLDER",
                        help="where studies are looked for by name")
    parser.add_argument("--trials", type=int, metavar="N", help="requested number "
                        "(default: that of the study's last run)")
    parser.add_argument("--every", type=float, default=2.0, metavar="SECONDS",
                        help="between looks (default: 2)")
    parser.add_argument("--once", action="store_true", help="show it once and end")
    return parser


if __name__ == "__main__":
    start(main)
