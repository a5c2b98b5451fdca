"""`python -m search.predict`: predictions of a study's networks, judged by the table it searched."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search.library import search
from search.predict import main
from search.results.learned import TOLD, Described, describer, told
from search.results.read import read_study
from search.results.unseen import bounds, unseen
from search.surrogate.model import LEAST
from searchspace import fill, load, to_yaml
from searchspace.identity import digest
from viz.plots import PLOTS
from viz.results import Goal, Limit, Results, TrialRow

TABLE = Path(__file__).parents[2] / "search" / "tables" / "digits.json"
GOAL = Goal("accuracy", "accuracy", "percent", True)


def made(name: str, count: int, seed: int) -> Results:
    """A study of random networks of the table, up to 300,000 multiply-adds."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))["rows"]
    rows = [row for row in table if row["macs"] <= 300_000]
    some = np.random.default_rng(seed).permutation(len(rows))[:count]
    return Results(name, load("digits"), 8, (GOAL,), (Limit("macs", None, 300_000),), tuple(
        TrialRow(number, (rows[i]["values"][seed],), ("",), rows[i]["macs"], rows[i]["params"], 0,
                 rows[i]["decisions"], "proposed") for number, i in enumerate(some)))


@pytest.fixture
def studies(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with studies, one too short, one about something else."""
    known = {"one": made("one", 24, 0), "two": made("two", 24, 1), "few": made("few", LEAST - 1, 0)}
    known["trained"] = replace(made("trained", 12, 0), goals=(replace(GOAL, name="train"),))
    known["shared"] = replace(made("shared", 80, 1), goals=(Goal("supernet", "loss", "nats", False),))
    known["shared"] = replace(known["shared"], rows=tuple(
        replace(row, values=(-row.values[0] / 9,)) for row in known["shared"].rows))
    known["other"] = replace(known["two"], goals=(replace(GOAL, name="loss"),))
    known["mobile"] = replace(known["two"], space=load("mobile").with_input(8))
    monkeypatch.setattr("search.predict.read_study", lambda folder, url=None: known[folder.name])
    return Path("studies")


def test_networks_that_were_not_evaluated_are_predicted(
        studies: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    assert main([str(studies / "one"), "--top", "3", "--table", str(TABLE), "--json", str(out)]) == 0
    said = capsys.readouterr().out
    assert "learned from 24 networks" in said and "what it needs" in said and "stage1" in said
    found = json.loads(out.read_text(encoding="utf-8"))
    rows = json.loads(TABLE.read_text(encoding="utf-8"))["rows"]
    known = {json.dumps(row["decisions"], sort_keys=True): np.mean(row["values"]) for row in rows}
    predicted = found["predicted"]
    assert len(predicted) == found["judged"]["networks"] == sum(
        row["macs"] <= 300_000 for row in rows) - 24
    assert not {json.dumps(row["decisions"], sort_keys=True) for row in predicted} & {
        json.dumps(dict(row.decisions), sort_keys=True) for row in made("one", 24, 0).rows}
    values = [row["value"] for row in predicted]
    truth = [known[json.dumps(row["decisions"], sort_keys=True)] for row in predicted]
    assert values == sorted(values, reverse=True)
    assert np.mean(truth[:40]) > np.mean(truth) + 0.5
    assert found["judged"]["spearman"] > 0.75 and 0.4 < found["judged"]["inside"] <= 1
    assert {row["trial"] for row in found["left out"]} == set(range(24))


def test_a_named_network_is_predicted(studies: Path, tmp_path: Path,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    out, best = tmp_path / "out.json", tmp_path / "best.yaml"
    best.write_text(to_yaml(fill(load("digits"), made("two", 3, 1).rows[0].decisions)), encoding="utf-8")
    assert main([str(studies / "one"), "--networks", str(best), "--json", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))["predicted"]
    assert [row["network"] for row in found] == [str(best)] and found[0]["macs"] <= 300_000
    assert found[0]["lower"] < found[0]["value"] < found[0]["upper"]
    assert str(best) in capsys.readouterr().out


def test_another_study_is_learned_from(studies: Path, tmp_path: Path,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    worth = []
    for more in ([], ["--from", str(studies / "two")]):
        out = tmp_path / f"{len(more)}.json"
        assert main([str(studies / "one"), "--table", str(TABLE), "--json", str(out),
                     *more]) == 0
        worth.append(json.loads(out.read_text(encoding="utf-8"))["judged"]["spearman"])
    assert ", two. Each" in capsys.readouterr().out
    assert worth[1] > worth[0]


def test_results_are_told_what_was_learned() -> None:
    results = told(made("one", TOLD, 0))
    assert [f.number for f in results.forecasts] == list(range(TOLD))
    assert {b.hole for b in results.beliefs} >= {"c", "early", "stage1"}
    assert PLOTS["predicted"].draw(results) and PLOTS["beliefs"].draw(results)
    means = {b.option: b.value for b in results.beliefs if b.hole == "c"}
    assert means["16"] > means["8"]                 # as all know who have read the table
    few = made("one", TOLD - 1, 0)
    assert told(few) is few


@pytest.mark.slow
def test_a_search_ends_with_a_report_that_says_what_was_learned(tmp_path: Path) -> None:
    search("digits", "300k", "table", TOLD, input=8, sampler="random", folder=tmp_path / "s")
    assert len(told(read_study(tmp_path / "s")).forecasts) == TOLD
    assert "What the model believes" in (tmp_path / "s" / "report.html").read_text(encoding="utf-8")


def test_shorter_trainings_are_sources_of_their_own() -> None:
    whole = made("one", 24, 0)
    rows = tuple(replace(row, curve=(row.values[0] - 9, row.values[0])) if row.number % 3 else
                 replace(row, curve=(row.values[0] - 9,), values=(row.values[0] - 9,))
                 for row in whole.rows)
    full, short = Described.of(replace(whole, rows=rows), describer(whole.space)).sources
    assert len(full.values) == 16 and len(short.values) == 24
    assert sorted(short.values + 9) == pytest.approx(sorted(row.values[0] for row in whole.rows))


def test_unseen_networks_of_a_large_space_fit_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.samplers.surroundings.RANDOM", 12)
    large = replace(made("one", 0, 0), space=load("mobile").with_input(32),
                    limits=(Limit("macs", None, 8_000_000),))
    found = unseen(large)
    assert 6 <= len(found) == len({digest(at.expansion) for at in found})
    assert all(map(bounds(large).fits, found))


def test_losses_with_shared_weights_tell_of_trainings(studies: Path, tmp_path: Path) -> None:
    """Less of a loss is better, and more of an accuracy."""
    worth = []
    for more in ([], ["--from", str(studies / "shared")]):
        out = tmp_path / "out.json"
        assert main([str(studies / "trained"), "--table", str(TABLE), "--json", str(out), *more]) == 0
        worth.append(json.loads(out.read_text(encoding="utf-8"))["judged"]["spearman"])
    assert worth[1] > worth[0] + 0.02


@pytest.mark.parametrize(("arguments", "said"), [
    (["few"], f"few: a model needs {LEAST} evaluated networks or more, and there are {LEAST - 1}"),
    (["one", "--from", "studies/other"], "two is about loss, one about accuracy"),
    (["one", "--from", "studies/mobile"], "two searched another space than one"),
    (["one", "--networks", "mixed"], "mixed is a space; name a network"),
    (["one", "--table", "README.md"], "is no JSON"),
])
def test_mistakes_are_told_in_a_sentence(studies: Path, arguments: list[str], said: str,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(studies / arguments[0]), *arguments[1:]]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and said in error and error.count("\n") == 1
