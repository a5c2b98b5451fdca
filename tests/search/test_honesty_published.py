"""The honesty report on published networks: which networks, by what they are judged, its files."""

import csv
import json
import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from test_honesty import HOME, shown

from search.honesty import main
from search.predictors import cross_validation as evaluation
from search.predictors.calibration import Calibration
from search.predictors.cross_validation import counted
from search.predictors.fit import fit
from search.predictors.published_accuracies import Measurements, published_accuracies
from search.predictors.regression import Choice
from search.predictors.selection import BASE
from search.score_report.correlations import estimate, estimate_over, spearman
from search.scores.base import ScoringSubject
from search.scores.registry import SCORES
from searchspace import load

RNG = np.random.default_rng(0)
QUICK = ["macs", "params", "depth", "deepmad"]


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.score_report.correlations.RESAMPLES", 60)


@pytest.fixture(scope="module")
def known() -> Measurements:
    return published_accuracies()


@pytest.fixture(params=[2, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "all"])
def known_families(request: pytest.FixtureRequest, known: Measurements) -> Measurements:
    """What is known of every other family every day, of all among the slow tests."""
    chosen = sorted(set(known.families))[::request.param]
    return known.where(np.isin(known.families, chosen))


@pytest.fixture
def quick_fit(monkeypatch: pytest.MonkeyPatch, known_families: Measurements) -> list[Measurements]:
    """Calibrations of given features, in seconds; the list has what each was fitted to."""
    seen: list[Measurements] = []

    def fitted(others: Measurements) -> Calibration:
        seen.append(others)
        return fit(others, (Choice(BASE, 0.01),))

    monkeypatch.setattr("search.score_report.published.published_accuracies", lambda: known_families)
    monkeypatch.setattr("search.score_report.published.evaluate",
                        partial(evaluation.evaluate, fitted=fitted))
    return seen


def report(folder: Path, *arguments: str) -> dict[str, dict[str, str]]:
    assert main([*arguments, "--out", str(folder)]) == 0
    with (folder / "scores.csv").open(encoding="utf-8") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def networks(folder: Path) -> list[dict]:
    return json.loads((folder / "networks.json").read_text())["networks"]


def test_six_networks(tmp_path: Path, known: Measurements,
                      capsys: pytest.CaptureFixture[str]) -> None:
    found = report(tmp_path, "--space", "published", "--networks", "6", "--scores", *QUICK[2:],
                   "blend", "naswot-standard")
    assert set(found) == set(QUICK)         # the baselines are always there
    told = capsys.readouterr().out
    assert "blend is left out: it compares networks of one space" in told
    assert "naswot-standard is left out" in told and "0-200M" in told and "700M-1.3G" in told
    drawn = networks(tmp_path)
    judged = known.where(counted(known))
    top1 = dict(zip(judged.networks, judged.top1, strict=True))
    assert len({n["identity"] for n in drawn}) == 6
    for n in drawn:
        assert n["accuracy"] == pytest.approx(top1[n["identity"]])
        assert n["macs"] == n["values"]["macs"] <= 1.3e9
        of = ScoringSubject(load(n["identity"]), None, 224, 4, 0, 0)
        assert n["values"]["deepmad"] == pytest.approx(SCORES["deepmad"](of))


def test_all_networks_and_what_is_read_again(tmp_path: Path, known_families: Measurements,
                                             quick_fit: list[Measurements],
                                             capsys: pytest.CaptureFixture[str]) -> None:
    known = known_families
    found = report(tmp_path, "--space", "published", "--scores", "top1", "top1-lower", "params")
    rows, judged = networks(tmp_path), known.where(counted(known))
    assert {n["identity"] for n in rows} == set(judged.networks)
    assert int(found["params"]["networks"]) == len(rows)
    assert found["top1"]["family left out"] == "yes" and found["params"]["family left out"] == "no"
    told = capsys.readouterr().out
    assert "top1 (family left out" in told and "to all other families" in " ".join(told.split())

    # No prediction is by a calibration that saw the network's family.
    assert len(quick_fit) == len(set(known.families))
    for n in rows[:3]:
        i = next(i for i, name in enumerate(known.networks)
                 if name == n["identity"] and counted(known)[i])
        others = next(o for o in quick_fit if known.families[i] not in o.families)
        said = fit(others, (Choice(BASE, 0.01),))(known.x[[i]])
        assert n["values"]["top1"] == pytest.approx(float(said.value[0]))
        assert n["values"]["top1-lower"] == pytest.approx(float(said.lower[0]))
    failed = [n for n in rows if "top1" not in n["values"]]
    assert int(found["top1"]["failed"]) == len(failed)
    assert all("too far" in n["errors"]["top1"] for n in failed)

    mine = [n for n in rows if 200e6 <= n["macs"] <= 400e6]
    expected = stats.spearmanr([n["params"] for n in mine], [n["accuracy"] for n in mine])
    assert float(found["params"]["band 200M-400M"]) == pytest.approx(expected.statistic, rel=1e-4)
    assert found["macs"]["given_macs"] == "nan" != found["macs"]["given_params"]

    again = report(tmp_path / "again", "--read", str(tmp_path / "networks.json"), "--bands",
                   "100M-1G", "--scores", "params")
    assert again["params"]["spearman"] == found["params"]["spearman"]
    assert "band 100M-1G" in again["params"] and "top1" not in again


@pytest.mark.parametrize("arguments, message", [
    (["--input", "96"], "224 pixels"), (["--table", "x.json"], "224 pixels"),
    (["--budget", "300M"], "224 pixels"), (["--scores", "nothing"], "no score"),
])
def test_mistakes_are_told(arguments: list[str], message: str, tmp_path: Path,
                           capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--space", "published", *arguments, "--out", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err


def test_intervals_over_families_are_wider_where_members_are_alike() -> None:
    groups = np.repeat([f"family {i}" for i in range(10)], 20)
    a = np.repeat(RNG.normal(size=10), 20) + 0.01 * RNG.normal(size=200)
    b = np.repeat(RNG.normal(size=10), 20) + 0.01 * RNG.normal(size=200)
    one, other = estimate(spearman, (a, b)), estimate_over(groups, spearman, (a, b))
    assert one.value == other.value and other.high - other.low > 2 * (one.high - one.low)
    alone = np.array([str(i) for i in range(200)])
    likewise = estimate_over(alone, spearman, (a, b))
    assert likewise.high - likewise.low == pytest.approx(one.high - one.low, rel=0.5)
    assert math.isnan(estimate_over(groups[:40], spearman, (a[:40], b[:40])).value)     # two
    assert math.isnan(estimate_over(alone[:5], spearman, (a[:5], b[:5])).value)


def test_the_page_has_the_figures_of_the_committed_report() -> None:
    with (HOME / "studies/honesty/published/scores.csv").open(encoding="utf-8") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    page = (HOME / "docs/scores.md").read_text(encoding="utf-8")
    told = page.partition("## Against published accuracies")[2].partition("|---")[2]
    lines = [[c.strip() for c in line.strip("|").split("|")] for line in told.splitlines()[1:]]
    lines = lines[:next(i for i, cells in enumerate(lines) if len(cells) < 9)]
    assert [cells[0].split("`")[1] for cells in lines] == list(rows)
    for name, count, *cells, seconds in lines:
        row = rows[name.split("`")[1]]
        assert name.endswith("*") == (row["family left out"] == "yes")
        assert count == row["networks"]
        assert cells == [shown(row, key) for key in (
            "spearman", "given_macs", "given_params", "band 0-200M", "band 200M-400M",
            "band 400M-700M")]
        assert seconds == ("–" if row["seconds"] == "nan" else f"{float(row['seconds']):.3f}")
