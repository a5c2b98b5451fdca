"""Faults while a study is written: a kill within any write, a full disk, a folder nobody may write.

Whatever happens, the database opens, the checks pass, the same command goes on and ends with what
it would have ended with, and a person reads one sentence.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_points import TRIALS

from benchmarks.reliability import study_of
from search.archive import Archive
from search.archive.integrity import check

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).parents[1] / "fault_points.py"
SOURCE = Path(__file__).parents[1] / "fixtures" / "faults.c"
RUN = [sys.executable, str(ROOT / "search" / "run.py"), "--budget", "400K", "--space", "digits",
       "--objective", "table", "--sampler", "random", "--study", "s"]


def told(trials: list) -> list:
    return [(t.decisions, t.identity, t.values) for t in trials]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("fault points need Linux and a C compiler")
    made = tmp_path_factory.mktemp("faults") / "faults.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", made, SOURCE, "-ldl"], check=True)
    return made


def killed_at(library: Path, home: Path, points: list[int]) -> Iterator[dict]:
    """Studies in ``home/POINT``, each killed at its point."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), *(f"{home / str(p)}:{p}" for p in points)], text=True,
        stdout=subprocess.PIPE, env={**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH":
                                     f"{ROOT}{os.pathsep}{ROOT / 'tests'}"})
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            yield json.loads(line)
    assert process.returncode == 0


def every(library: Path, home: Path, step: int) -> None:
    """Kill at every ``step``-th point, and see what is left each time."""
    [whole] = killed_at(library, home, [0])
    assert not whole["killed"] and whole["status"] == 0 and whole["writes"] > 50
    with study_of(home / "0", None, TRIALS) as study:
        wanted = told(study.trials())
    points = [*range(1, whole["writes"] + 1, step), whole["writes"]]
    seen = 0
    for done in killed_at(library, home, points):
        assert done["killed"] or done["writes"] < done["point"], done
        seen += done["killed"]
        folder = Path(done["folder"])
        if (folder / "study.db").exists():
            connection = sqlite3.connect(folder / "study.db")
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)], done
            connection.close()
        with study_of(folder, None, TRIALS) as study:       # as the same command does
            study.run(lambda _: None)
            assert told(study.trials()) == wanted, done
            with Archive(study.session.url) as archive:
                assert check(archive) == [], done
                assert len(archive.evaluations()) == TRIALS, done
        shutil.rmtree(folder)
    assert seen > 0.9 * len(points)


def test_a_kill_within_a_write_loses_nothing(library: Path, tmp_path: Path) -> None:
    every(library, tmp_path, 211)


@pytest.mark.slow
def test_a_kill_within_any_write_loses_nothing(library: Path, tmp_path: Path) -> None:
    every(library, tmp_path, 23)


@pytest.mark.campaign
def test_a_kill_within_each_write_loses_nothing(library: Path, tmp_path: Path) -> None:
    every(library, tmp_path, 1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    home = tmp_path / "disk"
    home.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(home)],
                             check=False, capture_output=True) if shutil.which("mount") else None
    if mounted is None or mounted.returncode:
        pytest.skip("a small file system is mounted by root only")
    yield home
    subprocess.run(["umount", str(home)], check=True)


def command(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([*RUN, *arguments], capture_output=True, text=True, timeout=500,
                          check=False)


@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_the_study_goes_on_later(small_disk: Path) -> None:
    given = ["--trials", "150", "--studies", str(small_disk)]
    full = command(*given)
    assert full.returncode == 2, full.stdout
    assert full.stderr.count("\n") == 1 and "error: " in full.stderr
    assert "full" in full.stderr or "No space left" in full.stderr
    connection = sqlite3.connect(small_disk / "s" / "study.db")
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    before = connection.execute("SELECT count(*) FROM trials WHERE state = 'COMPLETE'").fetchone()[0]
    connection.close()
    assert before > 5
    again = command(*given)
    assert (again.returncode, again.stderr) == (0, "")
    assert "150 trials" in again.stdout
    with Archive(f"sqlite:///{small_disk / 's' / 'study.db'}") as archive:
        assert check(archive) == [] and len(archive.evaluations()) == 150


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_one_sentence(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert command("--trials", "2", "--studies", str(small_disk)).returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for study in (["--trials", "3"], ["--study", "new"]):
        done = command(*study, "--studies", str(small_disk))
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert "Read-only" in done.stderr or "readonly" in done.stderr
    asked = subprocess.run([sys.executable, "-m", "search.archive", "check",
                            str(small_disk / "s")], capture_output=True, text=True, check=False,
                           cwd=ROOT)
    assert (asked.returncode, asked.stderr) == (0, "")
