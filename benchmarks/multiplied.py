"""Large studies, quickly: a few real trials multiplied in their database."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def large_study(home: Path, trials: int) -> Path:
    """A study of a few real trials, multiplied in its database."""
    folder = home / "studies" / "large"
    subprocess.run([sys.executable, str(ROOT / "search/run.py"), "--space", "mobile", "--budget",
                    "100M", "--trials", "20", "--sampler", "random", "--study", "large",
                    "--studies", str(folder.parent)],
                   check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    grow(folder, trials)
    return folder


def grow(folder: Path, trials: int) -> None:
    """Copy the trials of a study until it has as many, or a few more."""
    with closing(sqlite3.connect(folder / "study.db", timeout=60)) as database:
        first, known = database.execute("SELECT min(trial_id), count(*) FROM trials").fetchone()
        for copy in range(1, -(-trials // known)):
            multiply(database, first, known, copy * known)
        database.commit()


def add_one(folder: Path) -> float:
    """Copy the first trial of a study to its end, as a search that has made one more; the time just
    before it can be seen, of `time.perf_counter`."""
    with closing(sqlite3.connect(folder / "study.db", timeout=60)) as database:
        first, last, known = database.execute(
            "SELECT min(trial_id), max(trial_id), count(*) FROM trials").fetchone()
        multiply(database, first, 1, last + 1 - first)
        database.execute("UPDATE trials SET number = ? WHERE trial_id = ?", (known, last + 1))
        start = time.perf_counter()
        database.commit()
    return start


def multiply(database: sqlite3.Connection, first: int, known: int, offset: int) -> None:
    """Copy trials under other numbers, with slightly other values."""
    for table, change in (("trials", {"number": "number + :o"}), ("trial_params", {}),
                          ("trial_values", {"value": "value + abs(random() % 100) / 1000.0"}),
                          ("trial_user_attributes", {}), ("trial_system_attributes", {})):
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")
                   if not row[5] or row[1] == "trial_id"]
        taken = [change.get(c, "trial_id + :o" if c == "trial_id" else c) for c in columns]
        database.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(taken)} FROM {table} "
            "WHERE trial_id >= :f AND trial_id < :e", {"o": offset, "f": first, "e": first + known})
