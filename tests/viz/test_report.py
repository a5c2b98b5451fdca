"""The report and the gallery as texts, and a study read back; test_pages.py opens them."""

import base64
import csv
import gzip
import html
import importlib
import json
import re
import sys
import tomllib
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pages
import pytest

from search import run
from search.errors import StudyError
from search.results.read import _limits, read_study
from searchspace import Cost, SearchspaceError, cost, display, load
from searchspace.expansion import trace
from searchspace.load import loads
from searchspace.space.budget import Budget
from searchspace.zoo.published import published_at
from viz import report as command
from viz import zoo
from viz.comparison.nearest import difference, nearest, profile
from viz.pages import notebook
from viz.pages.page import libraries, pack
from viz.pages.study import _summary, genotype, report, write_report
from viz.results import Limit, Results

ROOT = Path(__file__).resolve().parents[2]
EVIL = "</script><img src=x onerror=alert(1)>\u2028&amp;'\""


def own(page: str) -> str:
    """A page without the libraries that it carries."""
    for text in libraries():
        assert text in page
        page = page.replace(text, "")
    return page


def packed(page: str) -> dict[str, Any]:
    """What lies in a page, by id; networks of a report by their trials."""
    found = re.findall(r'<script type="text/plain" id="([\w-]+)">([A-Za-z0-9+/=]+)</script>', page)
    data = {name: json.loads(gzip.decompress(base64.b64decode(text))) for name, text in found}
    for name in [n for n in data if n.startswith("networks-")]:
        ids, columns = data[name].pop("id"), data[name]
        assert {len(column) for column in columns.values()} == {len(ids)}
        data[name] = {i: {field: column[at] for field, column in columns.items()}
                      for at, i in enumerate(ids)}
    return data


@pytest.fixture(scope="module")
def made() -> Results:
    return pages.study(110)


@pytest.fixture(scope="module")
def page(made: Results) -> str:
    return report(made)


def test_a_report_holds_every_network(made: Results, page: str) -> None:
    data = packed(page)
    rows = data["study"]["rows"]
    assert [(r["trial"], r["macs"], tuple(r["values"])) for r in rows] == [
        (r.number, r.macs, r.values) for r in made.rows]
    networks = data["networks-0"] | data["networks-1"]
    assert list(networks) == [str(r.number) for r in made.rows]
    for r in made.rows[::29]:
        network = networks[str(r.number)]
        assert (network["macs"], network["params"], network["memory"]) == (
            r.macs, r.params, r.memory)
        assert sum(stage[6] for stage in network["stages"]) == r.macs
        assert sum(stage[7] for stage in network["stages"]) == r.params
        assert sum(stage[6] for stage in network["outline"]) == r.macs
        assert network["near"] in data["published"] or network["near"] is None


def test_the_yaml_of_a_report_is_the_network(made: Results, page: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(packed(page)["networks-0"]["7"]["yaml"], encoding="utf-8")
    again = cost(load(path))
    assert (again.macs, again.params) == (made.rows[7].macs, made.rows[7].params)
    assert cost(genotype(made, made.rows[7])) == again


def test_decisions_are_told_by_their_labels(made: Results, page: str) -> None:
    study = packed(page)["study"]
    for r, told in zip(made.rows, study["rows"], strict=True):
        assert {hole["name"]: hole["labels"][i] for hole, i in
                zip(study["holes"], told["decisions"], strict=True) if i >= 0} == r.decisions


def test_every_network_has_a_drawing(made: Results, page: str) -> None:
    data = packed(page)
    for n, network in (data["networks-0"] | data["networks-1"]).items():
        assert network["dot"].startswith("digraph") and f"made-up-{n}" in network["dot"]


def test_every_colour_of_a_drawing_has_a_dark_one(page: str) -> None:
    data = packed(page)
    dots = [network["dot"] for network in data["networks-0"].values()]
    colours = {c.lower() for dot in dots for c in re.findall(r"#[0-9a-fA-F]{6}", dot)}
    assert colours and colours <= set(data["themes"]["darker"])


def test_a_page_names_nothing_outside_it(page: str) -> None:
    rest = own(page)
    assert set(re.findall(r"""(?:src|href)="([^"]*)""", rest)) == {"data:,", "#networks"}
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|import\(", rest)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy and policy[1].startswith("default-src &#39;none&#39;; script-src &#39;sha256-")
    assert "'unsafe-eval" not in html.unescape(policy[1]) and policy[1].count("sha256-") == 3


def test_the_same_study_gives_the_same_page(made: Results, page: str) -> None:
    assert report(made) == page


@pytest.mark.usefixtures("any_name")
def test_markup_stays_text() -> None:
    evil = pages.study(3, name=EVIL)
    page = report(replace(evil, verdict=EVIL, command=EVIL, caveat=EVIL, facts=((EVIL, EVIL),),
                          settings=((EVIL, EVIL),), versions=((EVIL, EVIL),)))
    assert "<img" not in own(page)
    assert own(page).count("</script>") == len(re.findall("<script[ >]", own(page))) == 9
    assert packed(page)["networks-0"]["0"]["yaml"].startswith(("name:", "#"))
    dot = packed(page)["networks-0"]["0"]["dot"]
    assert "<img" not in dot and "&lt;img" in dot


def test_packing_is_the_inverse_of_unpacking() -> None:
    value = {"a": [1, 2.5, None, True, EVIL], "b": {}}
    assert json.loads(gzip.decompress(base64.b64decode(pack(value)))) == value
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", pack(value)) and pack(value) == pack(value)


def test_a_study_without_any_score_has_a_report() -> None:
    made = pages.study(3)
    rows = tuple(replace(r, values=(), shown=(), error="no") for r in made.rows)
    page = report(replace(made, rows=rows, best=None, effects=(), volumes=(0.0,) * 3))
    assert packed(page)["study"]["best"] is None


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(SearchspaceError, match="cannot be written"):
        write_report(pages.study(3), tmp_path / "no" / "report.html")


# --- a study read back --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("studies")
    done = run.main(["--budget", "300K", "--space", "digits", "--objective", "table",
                     "--objective", "params", "--sampler", "random", "--trials", "12",
                     "--study", "two", "--studies", str(home)])
    assert done == 0
    return home / "two"


def test_a_search_leaves_a_report(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert len(packed(text)["study"]["rows"]) == 12
    assert "python search/run.py --budget 300K --space digits" in text


def test_a_study_is_read_back(folder: Path) -> None:
    made = read_study(folder)
    with (folder / "trials.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [(r.number, r.values[0], r.macs, r.params, r.memory) for r in made.rows] == [
        (int(t["trial"]), float(t["table"]), int(t["macs"]), int(t["params"]), int(t["memory"]))
        for t in lines]
    assert [round(v, 6) for v in made.volumes] == [round(float(t["hypervolume"]), 6) for t in lines]
    assert {r.number for r in made.front} == {int(t["trial"]) for t in lines if t["front"] == "1"}
    with (folder / "front.csv").open(encoding="utf-8") as file:
        assert [str(made.best)] == [t["trial"] for t in csv.DictReader(file) if t["knee"] == "1"]
    assert made.limits == (Limit("macs", None, 300_000),)
    assert [(g.name, g.maximize) for g in made.goals] == [("table", True), ("params", False)]
    assert all(r.proposed and r.began and r.ended and r.began <= r.ended for r in made.rows)


@pytest.mark.parametrize(("given", "limits"), [
    ({"macs": "300M"}, (Limit("macs", None, 300_000_000),)),
    ({"macs": "280M-300M", "params": "2500001", "memory": "1MB-4MB"}, (
        Limit("macs", 280_000_000, 300_000_000), Limit("params", None, 2_500_001),
        Limit("memory", 1_000_000, 4_000_000))),
    ({"params": "1M-2M", "latency": "1500us-20ms"}, (
        Limit("params", 1_000_000, 2_000_000), Limit("latency", 1_500_000, 20_000_000)))])
def test_a_budget_is_read_as_it_was_kept(given: dict[str, str], limits: tuple[Limit, ...]) -> None:
    assert tuple(_limits(Budget.read(**given).text)) == limits


def test_the_command_writes_a_page_or_plots(folder: Path, tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(folder), "-o", str(tmp_path / "r.html")]) == 0
    assert command.main([str(folder), "--plots", str(tmp_path), "--format", "svg"]) == 0
    files = {Path(line).name for line in capsys.readouterr().out.splitlines()}
    assert files >= {"r.html", "front.svg", "progress.svg", "volume.svg", "macs.svg",
                     "parallel.svg", "timeline.svg"}


def test_no_study_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StudyError, match="holds no study"):
        read_study(tmp_path)
    (tmp_path / "study.db").write_text("no database at all, just words")
    assert command.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}")


# --- the nearest published network ---------------------------------------------------------------


def test_a_published_network_is_nearest_to_itself() -> None:
    for known in published_at(8)[::20]:
        found = nearest(known.expansion)
        assert found is not None
        mine = profile(known.expansion)
        assert profile(found.expansion) == mine
        assert sum(mine.values()) == known.expansion.cost().macs


def test_the_nearest_is_that_of_the_least_difference() -> None:
    known, odd = published_at(8), trace(loads(
        "name: odd\ninput: [3, 8, 8]\nnet:\n  - conv: {out: 8, k: 13, pad: 6}\n  - conv: {out: 4, k: 1}\n",
        "odd.yaml"))
    for mine in (odd, *(network.expansion for network in known[::40])):
        found = nearest(mine)
        wanted = min((difference(profile(mine), profile(one.expansion)), one.name) for one in known)
        assert found is not None and found.name == wanted[1]


def test_the_difference_of_profiles() -> None:
    a, b = {("conv", "3", 8): 10, ("dw", "3", 8): 5}, {("conv", "3", 8): 4, ("conv", "1", 8): 1}
    assert difference(a, b) == difference(b, a) == pytest.approx((6 + 5 + 1) / (15 + 5))
    assert difference(a, a) == 0 and difference(a, {}) == 1 and difference({}, {}) == 0
    half = {key: n // 5 for key, n in a.items()}       # of equal kinds the one of equal size
    assert difference(a, b) < difference(a, half)


# --- the gallery --------------------------------------------------------------------------------


def test_the_gallery_of_some(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "g.html"
    assert zoo.main(["henet@*", "-o", str(path)]) == 0
    data = packed(path.read_text(encoding="utf-8"))
    rows = data["zoo"]["rows"]
    assert rows and all(r["family"] == "henet" for r in rows)
    for r in rows:
        total = cost(load(r["id"]))
        assert (r["macs"], r["params"]) == (total.macs, total.params)
        assert r["id"] in data["family-0"]["networks"][r["id"]]["dot"]
    assert data["family-0"]["blocks"].startswith("<svg")
    assert zoo.main(["nothing*", "-o", str(path)]) == 2
    assert zoo.main(["henet@*", "-o", str(tmp_path / "no" / "g.html")]) == 2
    assert capsys.readouterr().err.count("error: ") == 2


# --- notebooks ----------------------------------------------------------------------------------


def test_the_entry_points_lead_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    entries = [EntryPoint(name, value, display.GROUP) for name, value in
               named["project"]["entry-points"][display.GROUP].items()]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group, name: [
        e for e in entries if (e.group, e.name) == (group, name)])
    display._shown.cache_clear()
    shown = load("henet")._repr_html_()
    assert shown and "henet@repeat3-cifar10" in shown and "<svg" in shown and "87,058" in shown
    assert "87,058" in (cost(load("henet"))._repr_html_() or "")
    display._shown.cache_clear()


def test_without_an_entry_point_there_is_only_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group, name: [])
    display._shown.cache_clear()
    assert Cost(1, 2)._repr_html_() is None
    display._shown.cache_clear()


def test_spaces_and_studies_are_shown(made: Results) -> None:
    space = notebook.genotype(load("digits"))
    assert "14 holes" in space and "stage1.plain.k" in space
    shown = made._repr_html_()
    assert f"trial {made.best}" in shown and "<svg" in shown
    assert EVIL not in notebook.results(replace(made, name=EVIL))


def test_nothing_of_a_notebook_is_imported() -> None:
    assert "IPython" not in sys.modules
    importlib.import_module("viz.pages.notebook")
    assert "IPython" not in sys.modules


def test_it_says_why_the_best_is_not_the_one_of_the_best_value(made: Results) -> None:
    one = replace(made, goals=made.goals[:1])
    ranked = sorted((r for r in one.scored), key=lambda r: (one.goals[0].loss(r.values[0]), r.number))
    rows = {r.number: replace(r, values=r.values[:1], shown=r.shown[:1]) for r in one.rows}
    one = replace(one, rows=tuple(rows.values()))
    top, other = ranked[0].number, ranked[3].number
    assert "from one initialisation" not in dict(_summary(replace(one, best=top)))["best network"]
    said = dict(_summary(replace(one, best=other)))["best network"]
    assert said.startswith(f"trial {other}: ") and f"; trial {top} has " in said
    assert said.endswith("this has the best mean")
