"""The honesty report: its statistics against others' and constructed cases, its files, its errors."""

import csv
import json
import math
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from search.honesty import main
from search.score_report.correlations import Known, estimate, kendall, partial, spearman, worth
from search.score_report.learned import learned
from search.score_report.variance_shares import shares
from search.tables import find_tables, read_tables
from searchspace import load
from searchspace.expansion import trace
from searchspace.space.point import sample

RNG = np.random.default_rng(0)
SCORES = ["naswot", "deepmad", "az-nas", "deepmad-standard"]


def test_correlations_are_scipys() -> None:
    a, b = RNG.normal(size=60), RNG.integers(0, 6, 60).astype(float)
    assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    assert kendall(a, b) == pytest.approx(stats.kendalltau(a, b).statistic)
    assert math.isnan(spearman(a, np.ones(60)))


def test_a_partial_correlation_by_the_closed_formula() -> None:
    z = RNG.normal(size=200)
    a, b = z + RNG.normal(size=200), z + RNG.normal(size=200)
    ab, az, bz = spearman(a, b), spearman(a, z), spearman(b, z)
    assert partial(a, b, z) == pytest.approx(
        (ab - az * bz) / math.sqrt((1 - az ** 2) * (1 - bz ** 2)))
    assert abs(partial(a, b, z)) < 0.2 < ab        # size alone explains it
    assert math.isnan(partial(z ** 3, b, z))       # a score that is the control says nothing


def test_an_interval_covers_and_narrows() -> None:
    a = RNG.normal(size=400)
    b = a + RNG.normal(size=400)
    few, many = (estimate(spearman, (a[:n], b[:n])) for n in (40, 400))
    assert few.low < few.value < few.high and many.high - many.low < few.high - few.low
    assert few == estimate(spearman, (a[:40], b[:40]))
    assert math.isnan(estimate(spearman, (a[:5], b[:5])).value)
    assert str(estimate(spearman, (a[:5], b[:5]))) == "–"


def test_what_is_told_of_a_score_that_is_only_size() -> None:
    macs = RNG.uniform(1, 2, 300)
    accuracy = macs + 0.1 * RNG.normal(size=300)
    found = worth(macs ** 2, Known(accuracy, macs, RNG.normal(size=300), macs, (macs < 1.2, macs > 1.8)))
    assert found.spearman.value > 0.9 and math.isnan(found.given_macs.value)
    assert found.gain.value == 0 and all(band.value < 0.8 for band in found.bands)
    assert found.given_params.value > 0.9


def test_shares_of_scores_that_are_made_of_one_thing() -> None:
    import random

    space, rng = load("mixed").with_input(32), random.Random(0)
    made = [trace(space, sample(space, rng).decisions) for _ in range(120)]
    size = shares(np.array([float(e.cost().macs) for e in made]), made)
    assert size.size + size.either > 0.9 and size.family < 0.05
    counts = np.array([sum(n.cost.macs for n in e.nodes if n.calls and n.calls[0].block == "he_stage")
                       / e.cost().macs for e in made])
    family = shares(counts + 1e-6 * RNG.normal(size=120), made)
    assert family.family > 0.3 and family.family + family.either > 0.5 > 0.1 > family.size
    chance = shares(RNG.normal(size=120), made)
    assert chance.rest > 0.8 and sum(chance) == pytest.approx(1)


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.score_report.correlations.RESAMPLES", 60)


def report(folder: Path, *arguments: str) -> dict[str, dict]:
    assert main([*arguments, "--out", str(folder)]) == 0
    content = json.loads((folder / "scores.json").read_text())
    with (folder / "scores.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["name"] for line in lines] == [s["name"] for s in content["scores"]]
    ET.parse(folder / "scores.svg")
    return {s["name"]: s for s in content["scores"]}


def test_a_space_with_accuracies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(tmp_path, "--space", "digits", "--networks", "30", "--batch", "4", "--scores",
                   *SCORES)
    assert set(found) == {*SCORES, "macs", "params", "depth", "10 known"}
    assert found["10 known"]["networks"] == 20 and found["10 known"]["seconds"] is None
    assert found["macs"]["worth"]["spearman"][0] > 0.5 and found["macs"]["seconds"] < 0.01
    assert len(found["naswot"]["worth"]["bands"]) == 5 and found["deepmad"]["again"] == 1
    told = capsys.readouterr().out
    assert "given MACs" in told and "inside bands" in told
    networks = json.loads((tmp_path / "networks.json").read_text())["networks"]
    table = {tuple(sorted(r["decisions"].items())): np.mean(r["values"]) for r in json.loads(
        (Path(__file__).parents[2] / "search/tables/digits.json").read_text())["rows"]}
    drawn = [n for n in networks if n["drawn"]]
    assert len(drawn) == 30 and sum(n["reference"] for n in networks) == 48
    assert all(n["accuracy"] == pytest.approx(table[tuple(sorted(n["decisions"].items()))])
               for n in drawn)
    values, accuracy = zip(*((n["values"]["naswot"], n["accuracy"]) for n in drawn), strict=True)
    assert found["naswot"]["worth"]["spearman"][0] == pytest.approx(
        stats.spearmanr(values, accuracy).statistic)

    again = report(tmp_path / "again", "--read", str(tmp_path / "networks.json"), "--scores",
                   *SCORES, "--bands", "10K-100K", "50K-1M")
    assert again["naswot"]["worth"]["spearman"] == found["naswot"]["worth"]["spearman"]
    assert len(again["naswot"]["worth"]["bands"]) == 2


def test_a_model_is_judged_on_networks_that_it_did_not_learn_from() -> None:
    table = read_tables(find_tables("digits", ()), load("digits"))
    networks = [trace(table.space, row.decisions) for row in table.rows[:100]]
    macs = np.array([float(network.cost().macs) for network in networks])
    values = np.log(macs) + RNG.normal(size=100) / 20
    found = learned(networks, values, 0)
    assert {name: int(np.isnan(one).sum()) for name, one in found.items()} == {
        "10 known": 10, "20 known": 20, "40 known": 40}
    for one in found.values():
        told = ~np.isnan(one)
        assert spearman(one[told], values[told]) > 0.9
    wild = np.where(np.isnan(found["40 known"]), values, -values)      # only what it did not see
    again = learned(networks, wild, 0)["40 known"]
    np.testing.assert_array_equal(again, found["40 known"])
    assert not learned(networks[:19], values[:19], 0) and not learned(networks, np.ones(100), 0)


def test_a_space_without_accuracies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(tmp_path, "--space", "mixed", "--input", "32", "--networks", "12", "--budget",
                   "40M", "--scores", "deepmad", "params")
    assert set(found) == {"deepmad", "macs", "params", "depth"}     # nothing to learn from
    assert found["macs"]["worth"] is None and found["macs"]["with_costs"]["macs"] == 1
    assert "rank correlation with" not in capsys.readouterr().out
    networks = json.loads((tmp_path / "networks.json").read_text())["networks"]
    assert all(n["macs"] <= 40_000_000 and n["accuracy"] is None for n in networks)


@pytest.mark.parametrize("arguments, message", [
    (["--space", "nothing"], "nothing"),
    (["--space", "mobilenet-v2"], "without holes"),
    (["--scores", "nothing"], "no score"),
    (["--space", "digits", "--input", "32"], "leave --input out"),
    (["--space", "nas-bench-macro"], "needs --table"),
    (["--space", "digits", "--table", "missing.json"], "cannot read"),
    (["--read", "missing.json"], "cannot read"),
    (["--space", "digits", "--budget", "10"], "fewer than two"),
])
def test_mistakes_are_told_in_one_sentence(arguments: list[str], message: str, tmp_path: Path,
                                           capsys: pytest.CaptureFixture[str],
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NAS_BENCH_MACRO", raising=False)
    assert main([*arguments, "--out", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert message in told and told.startswith("error: ") and len(told.splitlines()) == 1


def test_a_file_that_is_no_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.json").write_text('{"job": {}}')
    assert main(["--read", str(tmp_path / "x.json")]) == 2
    assert "no sample of scores" in capsys.readouterr().err


HOME = Path(__file__).parents[2]


def shown(row: dict[str, str], key: str) -> str:
    def plain(text: str) -> str:
        return f"{float(text):.2f}".replace("-", "−")

    return "–" if row[key] == "nan" else \
        f"{plain(row[key])} [{plain(row[f'{key} low'])}, {plain(row[f'{key} high'])}]"


@pytest.mark.parametrize("space", ["digits", "nas-bench-macro"])
def test_the_page_has_the_figures_of_the_committed_report(space: str) -> None:
    with (HOME / "studies/honesty" / space / "scores.csv").open(encoding="utf-8") as file:
        lines = {row["name"]: row for row in csv.DictReader(file)}
    page = (HOME / "docs/scores.md").read_text(encoding="utf-8")
    title = {"digits": "On `digits` (864", "nas-bench-macro": "On NAS-Bench-Macro (150"}[space]
    told = [[c.strip() for c in line.strip("|").split("|")]
            for line in page.partition(title)[2].partition("|---")[2].splitlines()[1:]]
    told = told[:next(i for i, cells in enumerate(told) if len(cells) < 8)]
    assert len(told) == len(lines) - 1          # az-complexity is macs
    for name, spearman_, top, macs, params, band, gain, seconds in told:
        row = lines[name.strip("`")]
        bands = [float(v) for k, v in row.items() if k.startswith("band ")
                 and not k.endswith((" low", " high"))]
        assert [spearman_, top, macs, params, gain] == [shown(row, k) for k in (
            "spearman", "top", "given_macs", "given_params", "gain")]
        assert band == f"{min(bands):.2f}".replace("-", "−")
        assert seconds == ("–" if row["seconds"] == "nan" else f"{float(row['seconds']):.3f}")
