"""`--profile`: where the time of a search went."""

import csv
from pathlib import Path

import pytest

from search.cli.profile_table import PHASES
from search.run import main

SEARCH = ["--space", "digits", "--budget", "150K", "--input", "8", "--trials", "4"]


def test_a_search_tells_where_its_time_went(tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    given = [*SEARCH, "--studies", str(tmp_path), "--study", "s"]
    assert main(given) == 0
    assert not (tmp_path / "s" / "profile.csv").exists()
    assert "Where" not in capsys.readouterr().out
    assert main([*given, "--trials", "6", "--profile"]) == 0        # continued: of this run alone
    with (tmp_path / "s" / "profile.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["phase"]: row for row in csv.DictReader(file)}
    assert list(rows) == list(PHASES)
    assert all(float(row["seconds"]) > 0 for row in rows.values())
    assert rows["proposing"]["times"] == "2"
    shown = capsys.readouterr().out
    assert all(name in shown for name in PHASES)


def test_several_processes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SEARCH, "--studies", str(tmp_path), "--profile", "--workers", "2"]) == 2
    assert "--profile measures one process" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
