"""What stopped somebody who tried the commands for the first time."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import search.scores.__main__ as scores
from search.run import main as search
from search.status import main as status
from searchspace.__main__ import main as show
from viz.report import main as report

FLAT = """
name: flat
input: [3, 8, 8]
args: {c: !choice [6, 7, 8], classes: 10}
net:
  - conv: {out: =c, act: none, as: a}
  - gap:
  - linear: {out: =classes}
"""
# Batch norm over one position: no batch of one image can be normalised.
NECK = """
name: neck
input: [1, 8, 8]
args: {c: !choice [4, 6, 8], classes: 10}
net:
  - conv: {out: =c, as: a}
  - gap:
  - conv: {out: 16, k: 1, as: neck}
  - linear: {out: =classes}
"""
RECIPE = "name: {name}\nepochs: 1\nbatch: {batch}\noptimiser: {{sgd: {{rate: 0.05, momentum: 0.9}}}}\nschedule: {{constant: {{}}}}\n"

Write = Callable[..., Path]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_studies_are_kept_in_the_current_folder_and_found_by_name(
        here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--space", "digits", "--budget", "100K", "--objective", "table", "--objective", "macs",
             "--trials", "4", "--study", "mine"]
    assert search(given) == 0
    assert (here / "studies" / "mine" / "best.yaml").is_file()
    capsys.readouterr()
    assert report(["mine", "-o", "page.html"]) == 0 and (here / "page.html").is_file()
    assert report(["studies/mine"]) == 0
    assert report(["nine"]) == 2
    assert "nine holds no study" in capsys.readouterr().err
    assert status(["mine", "--once"]) == 0
    said = capsys.readouterr().out
    assert said.count("MACs") == 1 and said.count("params") == 1     # MACs are an objective here


def test_a_report_of_an_impossible_budget_is_a_report(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--space", "digits", "--budget", "1K"]
    assert search([*given, "--report"]) == 0
    said = capsys.readouterr().out
    assert "inside the budget: 0 % of all points" in said and "no network of the space 'digits'" in said
    assert search(given) == 2


def test_the_scores_have_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        scores.main(["--help"])
    assert left.value.code == 0 and "naswot" in capsys.readouterr().out


def test_one_thing_is_one_thing(here: Path, genotype_file: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert search(["--space", str(genotype_file(FLAT)), "--budget", "1M", "--score", "params",
                   "--trials", "1"]) == 0
    said = capsys.readouterr().out
    assert "1 trial, all inside the budget, 1 scored, 1 distinct network\n" in said
    assert not re.search(r"\b1 (networks|trials|holes|images|epochs)\b", said)


def test_where_nothing_can_be_scored_the_reason_is_told(
        here: Path, genotype_file: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert search(["--space", str(genotype_file(FLAT)), "--budget", "1M", "--score", "naswot",
                   "--trials", "5"]) == 1
    said = capsys.readouterr().out
    assert "non-linearity" in said and "(3 of 3 failures)" in said and "were scored" not in said


@pytest.mark.parametrize(("name", "batch", "more", "status"), [
    ("one", 1, "", 1), ("swa", 32, "average: {swa: 0.5}\n", 0)])
def test_a_training_that_a_layer_refuses_ends_no_search(
        here: Path, genotype_file: Write, capsys: pytest.CaptureFixture[str], name: str, batch: int,
        more: str, status: int) -> None:
    """769 images are trained on in the second: three batches of 256 for the statistics, and one
    image that is left out of them."""
    Path("recipe.yaml").write_text(RECIPE.format(name=name, batch=batch) + more)
    assert search(["--space", str(genotype_file(NECK)), "--budget", "1M", "--objective", "train", "--data",
                   "digits", "--recipe", "recipe.yaml", "--trials", "1", "--validation", "0.1425"]) == status
    said = capsys.readouterr().out
    assert ("Expected more than 1 value per channel" in said) == (name == "one")


NARROW = """
import pty, sys
def read(fd):
    import os
    return os.read(fd, 4096)
sys.exit(pty.spawn([sys.executable, "-m", "searchspace", *sys.argv[1:]], read) >> 8)
"""


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals")
def test_a_list_fits_on_a_narrow_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    environment = os.environ | {"COLUMNS": "80", "TERM": "xterm"}
    done = subprocess.run([sys.executable, "-c", NARROW, "--list", "sinet*"], env=environment, text=True,
                          capture_output=True, encoding="utf-8", check=False, timeout=120)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).splitlines()
    assert done.returncode == 0 and len(lines) > 10
    assert max(map(len, lines)) <= 80
    assert show(["--list", "sinet@*"]) == 0
    assert "paper: MACs" in capsys.readouterr().out         # a pipe gets everything
