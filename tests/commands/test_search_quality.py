"""The benchmark of samplers, on tables made up here: regret, intervals, curves, and both formats."""

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import overhead
import pytest
import search_quality
from bare import BARE
from known import read

from searchspace import SearchspaceError, load
from searchspace.space.budget import Budget
from searchspace.space.enumeration import walk
from viz.plots.regret import band, rows, spec


def table(folder: Path) -> Path:
    """The space digits with a value that grows with the parameters."""
    points = walk(load("digits"))
    assert points is not None
    path = folder / "table.json"
    path.write_text(json.dumps({"space": "digits", "value": "made up", "rows": [
        {"decisions": p.decisions, "macs": p.cost.macs, "params": p.cost.params,
         "values": [np.log(p.cost.params), np.log(p.cost.macs)]} for p in points]}))
    return path


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.slow if name in ("auto+naswot", "GP with constraint") else ())
    for name in ("auto", "auto+naswot", "random", *BARE)])
def test_regret_falls_and_follows_from_the_seed(name: str, tmp_path: Path) -> None:
    path = table(tmp_path)
    jobs = [search_quality.Job(search_quality.Data("digits", (path,)), "60K", name, seed, 11)
            for seed in (0, 0, 1)]
    first, again, other = (search_quality.run(job) for job in jobs)
    assert first == again != other
    assert len(first) == 11
    assert min(first) >= 0 and first == sorted(first, reverse=True)


def test_a_search_ends_with_the_last_network(tmp_path: Path) -> None:
    path = table(tmp_path)
    known = read("digits", (path,))
    bound = sorted(p.cost.macs for p in known.points)[11]
    inside = sum(Budget(bound).fits(p) for p in known.points)
    for name in ("auto", "random, feasible only"):
        regret = search_quality.run(search_quality.Job(
            search_quality.Data("digits", (path,)), str(bound), name, 0, 30))
        assert len(regret) == 30 and regret[inside - 1] == 0


def test_the_command_prints_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", [
        "search_quality.py", "--table", str(table(tmp_path)), "--budget", "60K", "--samplers",
        "random", "random, feasible only", "--seeds", "3", "--evaluations", "25", "--svg",
        str(tmp_path / "c.svg"), "--json", str(tmp_path / "c.json")])
    assert search_quality.main() == 0
    out = capsys.readouterr().out
    assert "ours: random" in out and "after 25" in out
    assert ET.parse(tmp_path / "c.svg").getroot().tag.endswith("svg")
    regrets = json.loads((tmp_path / "c.json").read_text())
    assert [len(r) for r in regrets["60000 random"]] == [25] * 3
    monkeypatch.setattr(search_quality, "run", None)       # rows that are known are not run again
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--earlier", str(tmp_path / "c.json"),
                                      "--evaluations", "50"])
    assert search_quality.main() == 0
    assert "after 50" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", [*sys.argv[:-4], "--earlier", str(tmp_path / "missing.json")])
    assert search_quality.main() == 2
    assert capsys.readouterr().err.startswith("error: ")
    low, mean, high = band(regrets["60000 random"])[24]
    assert low <= mean <= high
    assert mean == pytest.approx(np.mean([r[24] for r in regrets["60000 random"]]))


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    for text in ("no table", '{"rows": []}', "{}", "[1]"):
        path.write_text(text)
        with pytest.raises(SearchspaceError):
            read("digits", (path,))
    with pytest.raises(SearchspaceError, match="cannot read"):
        read("digits", (tmp_path / "missing.json",))
    with pytest.raises(SearchspaceError, match="too large"):
        read("mobile", (path,))
    whole = json.loads(table(tmp_path).read_text())
    path.write_text(json.dumps({**whole, "rows": whole["rows"][1:]}))
    with pytest.raises(SearchspaceError, match="does not hold"):
        read("digits", (path,))


@pytest.mark.slow
def test_the_published_format_is_read(tmp_path: Path) -> None:
    """Keys of the eight decisions, as NAS-Bench-Macro's file has them; the values are made up."""
    points = walk(load("nas-bench-macro"))
    assert points is not None
    rows = {"".join(map(str, p.decisions.values())): {
        "mean_acc": p.cost.macs / 1e6 + i % 2, "flops": p.cost.macs, "params": p.cost.params}
        for i, p in enumerate(points)}
    assert len(rows) == 6561 and "02012100" in rows
    path = tmp_path / "macro.json"
    path.write_text(json.dumps(rows))
    known = read("nas-bench-macro", (path,))
    assert len(known.values) == 3969
    by_name = {"".join(map(str, p.decisions.values())): p for p in points}
    one, other = by_name["10210022"], by_name["10201022"]      # where an identity stands is nothing
    assert known.name(one) == known.name(other)
    spellings = [n for n, p in by_name.items() if known.name(p) == known.name(one)]
    assert known.value(one) == known.value(other) == pytest.approx(
        np.mean([rows[n]["mean_acc"] for n in spellings]))
    assert known.best(Budget(40_000_000)) <= 41


def test_the_time_that_samplers_take_is_printed(monkeypatch: pytest.MonkeyPatch,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["overhead.py", "--trials", "12", "--samplers", "auto",
                                      "--bare", "TPE"])
    assert overhead.main() == 0
    out = capsys.readouterr().out
    assert "30 holes, 12 trials" in out and "ours: auto" in out and "TPE" in out
    monkeypatch.setattr(sys, "argv", ["overhead.py", "--budget", "many"])
    assert overhead.main() == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_the_axis_of_regret_ends_where_the_curves_are_after_ten() -> None:
    curves = {"one": [(0.0, 13.0 - i, 13.5 - i) for i in range(12)], "two": [(0.0, 0.5, 1.0)] * 5}
    points = rows(curves)
    assert [p for p in points if p.evaluation == 2] == [("one", 2, 0, 12, 12.5), ("two", 2, 0, 0.5, 1)]
    line = spec(points, "a < b")["layer"][1]["encoding"]
    assert line["y"]["scale"]["domain"] == [0, 5.0] and line["x"]["scale"]["domain"] == [1, 12]
    assert line["color"]["scale"]["domain"] == ["one", "two"]
    same = rows({"one": [(0.0, 0.0, 0.0)]})
    assert spec(same, "none")["layer"][1]["encoding"]["y"]["scale"]["domain"] == [0, 1.0]
