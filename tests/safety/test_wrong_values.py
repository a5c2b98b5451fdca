"""Files from anybody with values of every wrong type: one sentence, or an answer."""

import copy
import csv
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import test_tables
from test_damaged import NAME, changed, ended_well, few_published

from search import honesty
from search.score_report.sample import Sample, ScoredNetwork, ScoringJob
from search.scores.registry import BASELINES
from viz import report

__all__ = ["few_published"]     # a fixture
FOUND = {"network": "trial 1 (of old)", "kind": "found", "input": "8", "macs": "5", "params": "5",
         "memory": "5", "over_budget": "0", "score_mean": "1.5", "score_spread": "0.5",
         "scores": "1 2"}
CELLS = ["", "abc", "1e5", "-1", "nan", "inf", "1e999", "7" * 5000, "2.5", "٣", "trial", "trial x",
         "trial 99", "found", "\x1b[31m\u202e", "=1+1", "x" * 200_000]


# --- a sample of scores -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample() -> dict[str, Any]:
    """A sample of six networks, as JSON."""
    names = ("naswot", *BASELINES)
    networks = tuple(ScoredNetwork(
        row["decisions"], f"{i:064x}", row["macs"], row["params"], 90.0 + i, False, True,
        dict.fromkeys(names, i * 1.5), dict.fromkeys(names, 0.5), {}, {"naswot": 2.0 * i})
        for i, row in enumerate(test_tables.rows(6)))
    made = Sample(ScoringJob("digits", 8, 2, 0, names, (), 2), "top-1", networks)
    return json.loads(made.text())


def samples(whole: dict[str, Any]) -> Iterator[Any]:
    """The sample with wrong values for all of it, its parts, and the parts of its first network."""
    yield from changed({**whole, "networks": []})
    for first in changed(whole["networks"][0]):
        yield {**whole, "networks": [first, *whole["networks"][1:]]}
    for count in range(3):
        yield {**whole, "networks": whole["networks"][:count]}


@pytest.mark.parametrize("part", range(4))
def test_a_sample_of_scores(part: int, sample: dict[str, Any], tmp_path: Path,
                            capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "networks.json"
    tried = random.Random(part).sample(list(samples(sample)), 60)
    for content in [copy.deepcopy(sample), *tried]:
        path.write_text(json.dumps(content), encoding="utf-8")
        status = honesty.main(["--read", str(path), "--out", str(tmp_path / "out")])
        ended_well(status, capsys, content)
        assert status == 0 or content is not sample


# --- a final comparison -----------------------------------------------------------------------------


@pytest.fixture
def studied(finished: Path, tmp_path: Path) -> Path:
    """A copy of a study at rest."""
    return Path(shutil.copytree(finished, tmp_path / NAME))


def tables() -> Iterator[bytes]:
    """Tables with each wrong cell, without each column, and such as are no table."""
    def text(row: dict[str, str], again: int = 1) -> bytes:
        lines = [",".join(row), *[",".join(f'"{cell}"' for cell in row.values())] * again]
        return "\n".join(lines).encode()

    for column in FOUND:
        yield from (text({**FOUND, column: cell}) for cell in CELLS)
        yield text({name: cell for name, cell in FOUND.items() if name != column})
    yield from (b"", b"\xff\xfe", b"\0", b'"', text(FOUND, 2_000), b"a\n" * 3_000_000,
                b"x" * 20_000_000, text({"\ufeffnetwork": "x", **FOUND}))


@pytest.mark.parametrize("part", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in range(1, 7))])
def test_a_final_comparison(part: int, studied: Path, tmp_path: Path,
                            capsys: pytest.CaptureFixture[str]) -> None:
    """A seventh of the tables every day, with every kind of cell and every column among them."""
    for content in list(tables())[part::7]:
        (studied / "finals.csv").write_bytes(content)
        ended_well(report.main([str(studied), "-o", str(tmp_path / "r.html")]), capsys, content[:99])


def test_further_columns_of_a_final_comparison_are_ignored(studied: Path, tmp_path: Path) -> None:
    row = {**FOUND, "predicted_top1": "", "predicted_spread": "", "of later": "abc"}
    with (studied / "finals.csv").open("w", encoding="utf-8") as file:
        rows = csv.DictWriter(file, list(row))
        rows.writeheader()
        rows.writerow(row)
    assert report.main([str(studied), "-o", str(tmp_path / "r.html")]) == 0
    assert "trial 1 (of old)" in (tmp_path / "r.html").read_text(encoding="utf-8")
