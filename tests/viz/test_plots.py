"""The plots of a study: the tuples that they are made of, and that each is drawn."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pages
import pytest

from searchspace import SearchspaceError, load
from viz.docs import plots
from viz.plots import (
    PLOTS,
    beliefs,
    front,
    hypervolume,
    importance,
    label_placement,
    parallel,
    predicted,
    progress,
    proposals,
    timeline,
)
from viz.plots.render import chart
from viz.plots.theme import THEMES, config
from viz.results import Belief, Forecast, Goal, Limit, Results, Rival, TrialRow

SCORE = Goal("score", "NASWOT", "nats", True)
PARAMS = Goal("params", "params", "parameters", False)
START = datetime(2026, 1, 1, 12)


def row(number: int, value: float | None, cost: int, **other: object) -> TrialRow:
    began = START + timedelta(seconds=10 * number)
    given = {"decisions": {}, "origin": "proposed", "began": began,
             "ended": began + timedelta(seconds=4), **other}
    return TrialRow(number, () if value is None else (value,), () if value is None else (f"{value:g}",),
               cost, cost // 10, cost // 100, **given)  # type: ignore[arg-type]


ROWS = (row(0, 5.0, 200, origin="published", known="net"), row(1, 7.0, 100, proposed=160),
        row(2, None, 150, error="no", proposed=150, origin="moved"), row(3, 6.0, 300, proposed=320),
        row(4, 9.0, 280, origin="replaced", proposed=260, worker="b"), row(5, 7.0, 100))
STUDY = Results("s", load("digits"), 8, (SCORE,), (Limit("macs", 90, 310),), ROWS, best=4,
                rivals=(Rival("trial 4", 4, 280, 28, 2, 8.0, 1.0, False),
                        Rival("net@1", None, 305, 3, 3, 6.5, 0.5, False)),
                effects=(("a", 0.5), ("b", 0.25)), volumes=(0.0, 2.0, 2.0, 2.0, 8.0, 8.0),
                reference=(5.0, 310.0),
                forecasts=(Forecast(0, 5.5, 5.0, 6.0), Forecast(3, 6.5, 6.2, 7.0)),
                beliefs=(Belief("a", "1", 5.0, 0.5), Belief("a", "3", 7.0, 0.25)))


def test_the_front_is_marked() -> None:
    """By hand: 7 at 100 and 9 at 280; the second network of 7 at 100 equals the first."""
    marks = front.rows(STUDY)
    assert marks == (
        ("0", 200.0, 5.0, "network", "trial 0"), ("1", 100.0, 7.0, "front", "trial 1"),
        ("3", 300.0, 6.0, "network", "trial 3"), ("4", 280.0, 9.0, "best", "trial 4"),
        ("5", 100.0, 7.0, "network", "trial 5"), ("net@1", 305.0, 6.5, "published", "net@1"))
    assert front.bound(STUDY) == 310.0


def test_a_front_of_two_goals_and_of_three() -> None:
    rows = tuple(replace(r, values=(*r.values, float(r.params))) for r in ROWS if r.values)
    two = replace(STUDY, goals=(SCORE, PARAMS), rows=rows)
    assert [r.number for r in two.front] == [4, 1]
    assert two.axes == (SCORE, PARAMS) and front.bound(two) is None
    assert front.rows(two)[1][:4] == ("1", 10.0, 7.0, "front")
    assert not any(m.kind == "published" for m in front.rows(replace(
        two, goals=(PARAMS, SCORE), rows=tuple(replace(r, values=r.values[::-1]) for r in rows))))
    memory = Goal("memory", "memory", "bytes", False)
    three = replace(two, goals=(SCORE, PARAMS, memory), rows=tuple(
        replace(r, values=(*r.values, 100.0 - r.number)) for r in rows))
    # 0 and 3 are bettered by 4, 1 by 5, which has the same value and parameters and less memory
    assert [r.number for r in three.front] == [4, 5]


def test_the_front_agrees_with_comparing_all_pairs() -> None:
    made = pages.study(300)
    losses = {r.number: (-r.values[0], r.macs) for r in made.scored}
    apart = {n for n, a in losses.items() if not any(
        b != a and b[0] <= a[0] and b[1] <= a[1] for b in losses.values())}
    assert {r.number for r in made.front} == apart


def test_the_value_over_trials() -> None:
    assert progress.rows(STUDY) == (
        (0, 5.0, 5.0, "start"), (1, 7.0, 7.0, "as proposed"), (3, 6.0, 7.0, "as proposed"),
        (4, 9.0, 9.0, "replaced: known already"), (5, 7.0, 9.0, "as proposed"))
    least = replace(STUDY, goals=(PARAMS,))
    assert [step.best for step in progress.rows(least)] == [5.0, 5.0, 5.0, 5.0, 5.0]


def test_the_hypervolume_where_it_changes() -> None:
    assert hypervolume.rows(STUDY) == ((0, 0.0), (1, 0.25), (4, 1.0), (5, 1.0))
    assert hypervolume.rows(replace(STUDY, volumes=())) == ()


def test_the_importance_of_holes() -> None:
    assert importance.rows(STUDY) == (("a", 0.5), ("b", 0.25))
    many = tuple((str(i), 1 / (i + 1)) for i in range(40))
    assert len(importance.rows(replace(STUDY, effects=many))) == importance.MOST


def test_what_is_predicted_stands_beside_what_was_measured() -> None:
    assert predicted.rows(STUDY) == ((5.0, 5.5, 5.0, 6.0, "trial 0"), (6.0, 6.5, 6.2, 7.0, "trial 3"))
    assert predicted.draw(replace(STUDY, forecasts=())) is None


def test_beliefs_about_the_first_holes() -> None:
    assert beliefs.rows(STUDY) == (("a = 1", "a", 5.0, 4.5, 5.5), ("a = 3", "a", 7.0, 6.75, 7.25))
    many = tuple(Belief(str(i), "x", 1.0, 0.1) for i in range(40))
    assert len(beliefs.rows(replace(STUDY, beliefs=many))) == beliefs.MOST


def test_parallel_coordinates() -> None:
    decided = ({"a": 3, "b": "x"}, {"a": 1, "b": "y"}, {"a": 10}, {"a": 3, "b": "x"})
    rows = tuple(replace(r, decisions=d) for r, d in zip(STUDY.scored, decided, strict=False))
    made = replace(STUDY, rows=rows)
    assert parallel.axes(made) == (("a", ("1", "3", "10")), ("b", ("x", "y")))
    assert parallel.rows(made) == (
        (0, 0.0, (0.5, 0.0)), (3, 0.3333, (1.0, -0.12)), (1, 0.6667, (0.0, 1.0)),
        (4, 1.0, (0.5, 0.0)))


def test_stopped_trainings_are_never_drawn_as_the_best() -> None:
    best = max(STUDY.scored, key=lambda row: row.values[0])
    stopped = replace(STUDY, rows=tuple(replace(row, stopped=row.number == best.number)
                                        for row in STUDY.rows))
    assert parallel.rows(STUDY)[-1].trial == best.number == parallel.rows(stopped)[0].trial


def test_parallel_coordinates_of_many() -> None:
    made = pages.study(900)
    lines = parallel.rows(made)
    ranked = sorted(made.scored, key=lambda r: -r.values[0])
    assert len(lines) == len({line.trial for line in lines}) == parallel.LINES
    assert [line.trial for line in reversed(lines)][:120] == [r.number for r in ranked[:120]]
    assert [line.rank for line in lines] == sorted(line.rank for line in lines)


def test_proposals_against_the_budget() -> None:
    bins = proposals.rows(STUDY)
    assert proposals.ends(STUDY) == (90.0, 310.0)
    for kind, values in (("proposed", [160, 150, 320, 260]), ("scored", [100, 150, 300, 280])):
        mine = [b for b in bins if b.kind == kind]
        assert sum(b.networks for b in mine) == len(values)
        assert all(any(b.low <= v <= b.high + 1e-9 for b in mine) for v in values)
    assert min(b.low for b in bins) == 100.0 and max(b.high for b in bins) == pytest.approx(320)
    old = replace(STUDY, rows=tuple(replace(r, proposed=None) for r in ROWS))
    assert {b.kind for b in proposals.rows(old)} == {"scored"}


def test_proposals_of_many_magnitudes_stand_on_a_logarithmic_axis() -> None:
    spread = [10**i for i in range(2, 9)]
    rows = tuple(replace(ROWS[0], number=i, proposed=macs, macs=90) for i, macs in enumerate(spread))
    bins = [b for b in proposals.rows(replace(STUDY, rows=rows)) if b.kind == "proposed"]
    assert len(bins) == len(spread) and all(b.low <= v <= 1.001 * b.high for b, v in
                                            zip(bins, spread, strict=True))
    assert {round(b.high / b.low, 6) for b in bins} == {round(bins[0].high / bins[0].low, 6)}
    drawn = proposals.spec(bins, (1e4,))
    assert drawn is not None and drawn["layer"][0]["encoding"]["x"]["scale"]["type"] == "log"
    assert chart(drawn).startswith(b"<svg")
    narrow = proposals.spec(proposals.rows(STUDY), (90.0,))
    assert narrow is not None and "type" not in narrow["layer"][0]["encoding"]["x"]["scale"]


@pytest.mark.parametrize("width", [320, 480, 640, 900])
def test_all_axes_of_parallel_coordinates_have_their_names(width: int) -> None:
    names = [f"stage{i}.block.expansion" for i in range(parallel.AXES)]
    found = [parallel.Axis(name, ("1", "2")) for name in names]
    lines = [parallel.Line(0, 1.0, (0.5,) * len(names))]
    drawn = parallel.spec(found, lines, SCORE)
    assert drawn is not None
    written = re.findall(r"<text[^>]*>stage", chart(drawn, width=width).decode())
    assert len(written) == len(names) and not any('opacity="0"' in text for text in written)


def test_the_timeline() -> None:
    assert timeline.rows(STUDY)[2:5] == (
        ("1", 2, 20.0, 24.0, "failed"), ("1", 3, 30.0, 34.0, "scored"),
        ("2", 4, 40.0, 44.0, "scored"))


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_drawn(name: str) -> None:
    spec = PLOTS[name].draw(STUDY if name != "parallel" else pages.study(40))
    assert spec is not None
    drawn = chart(spec).decode()
    assert drawn.startswith("<svg") and drawn.count("<path") > 3
    if name == "parallel":      # it has a gradient
        assert drawn == chart(spec).decode() != chart(spec, theme="dark").decode()


def test_a_plot_is_written_for_papers() -> None:
    spec = PLOTS["front"].draw(STUDY)
    assert spec is not None
    assert chart(spec, "pdf").startswith(b"%PDF-") and chart(spec, "png")[1:4] == b"PNG"


@pytest.mark.parametrize("name", PLOTS)
def test_a_study_without_a_score_has_no_plot_or_an_empty_one(name: str) -> None:
    PLOTS[name].draw(replace(STUDY, rows=(ROWS[2],), best=None, rivals=(), effects=(),
                             volumes=(0.0,)))
    PLOTS[name].draw(replace(STUDY, rows=(), best=None, rivals=(), effects=(), volumes=()))


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_a_latency_is_written_in_milliseconds() -> None:
    latency = Goal("latency", "latency", "nanoseconds, predicted", False)
    rows = tuple(replace(r, values=(*r.values, 1e6 * (r.number + 2))) for r in STUDY.scored)
    spec = PLOTS["front"].draw(replace(STUDY, goals=(SCORE, latency), rows=rows, rivals=()))
    assert spec is not None
    drawn = chart(spec).decode()
    assert ">7 ms<" in drawn and "000000" not in re.sub(r'"[^"]*"', "", drawn)


@pytest.mark.parametrize("theme", THEMES)
def test_the_colours_of_plots_stand_out(theme: str) -> None:
    """WCAG AA: 4.5 for text, 3 for what must be told from the ground."""
    colours = config(theme)
    ground = luminance(colours["background"])

    def contrast(colour: str) -> float:
        pair = sorted((luminance(colour), ground))
        return (pair[1] + 0.05) / (pair[0] + 0.05)

    assert contrast(colours["axis"]["labelColor"]) >= 4.5
    assert contrast(colours["axis"]["titleColor"]) >= 4.5
    assert contrast(colours["legend"]["labelColor"]) >= 4.5
    assert all(contrast(c) >= 3 for c in colours["range"]["category"])
    assert contrast(colours["style"]["bound"]["color"]) >= 3


# --- names in the plane -------------------------------------------------------------------------


def test_names_stand_where_there_is_room() -> None:
    points = [(0.0, 0.0), (100.0, 0.0), (50.0, 50.0), (50.0, 51.0), (100.0, 100.0)]
    named = [(0.0, 0.0, "left-most"), (100.0, 0.0, "right-most"), (50.0, 50.0, "crowded-one"),
             (50.0, 51.0, "crowded-two"), (100.0, 100.0, "corner")]
    found = {label.text: label.side for label in label_placement.labels(named, points)}
    assert found["left-most"] == "right" and found["right-most"] == found["corner"] == "left"
    assert {found["crowded-one"], found["crowded-two"]} == {"right", "left"}
    crowd = [(50 + x / 2, 50 + y / 2) for x in range(-60, 61, 2) for y in range(-9, 10)]
    assert label_placement.labels([(50.0, 50.0, "hidden")], [*points, *crowd]) == ()
    assert label_placement.labels([(1.0, 1.0, "alone")], [(1.0, 1.0)])[0].text == "alone"


def test_names_are_not_struck_by_lines() -> None:
    points = [(0.0, 0.0), (50.0, 50.0), (100.0, 100.0)]
    named = [(50.0, 50.0, "middle")]
    plain, = label_placement.labels(named, points)
    assert plain.side == "right"
    upright = ((60.0, 0.0), (60.0, 100.0))
    beside, = label_placement.labels(named, points, [upright])
    assert beside.side == "left"
    level = ((0.0, 50.0), (100.0, 50.0))
    above, = label_placement.labels(named, points, [upright, level])
    assert above.side == "above"
    frame = [((10.0 * i, 0.0), (10.0 * i, 100.0)) for i in range(11)]
    assert label_placement.labels(named, points, frame) == ()


def test_a_knee_is_called_one_and_stands_in_the_plane() -> None:
    goals = (Goal("score", "score", "", True), Goal("macs", "MACs", "", False))
    marks = [front.Mark("0", 1.0, 1.0, "front", "trial 0"), front.Mark("1", 2.0, 3.0, "knee", "trial 1"),
             front.Mark("2", 9.0, 4.0, "front", "trial 2")]
    drawn = front.spec(marks, goals)
    points = next(layer for layer in drawn["layer"] if layer["data"].get("name") == "marks")
    assert points["encoding"]["color"]["scale"]["domain"] == ["network", "front", "knee", "published"]
    written = [row["text"] for layer in drawn["layer"] if layer["mark"].get("style") == "label"
               for row in layer["data"]["values"]]
    assert written == ["trial 1, knee"]


@pytest.mark.parametrize("title", ["NASWOT (higher is better)", "lower end of predicted ImageNet top-1 "
                                   "(percent, the 10 % quantile, higher is better)"])
def test_a_long_title_leaves_room_to_the_plot(title: str) -> None:
    goal = Goal("score", title.partition(" (")[0], title.partition("(")[2].rpartition(",")[0], True)
    steps = [progress.ProgressPoint(i, float(i), float(i), "as proposed") for i in range(4)]
    spec = progress.spec(steps, goal)
    assert spec is not None
    drawn = chart(spec, width=400).decode()
    line, = re.findall(r'mark-line[^>]*><path[^>]* d="([^"]*)"', drawn)
    tall = [float(y) for y in re.findall(r"[\d.]+,([\d.]+)", line)]
    assert max(tall) - min(tall) > 150


def test_published_networks_and_the_best_are_named() -> None:
    drawn = chart(PLOTS["front"].draw(STUDY) or {}).decode()  # type: ignore[arg-type]
    assert ">net@1</text>" in drawn and ">trial 4, best</text>" in drawn


# --- the plots of the documentation -------------------------------------------------------------


def test_a_study_is_taken_over_for_the_readme(tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FOUND", "PLANE"):
        monkeypatch.setattr(plots, name, tmp_path / name)
    study = tmp_path / "study"
    study.mkdir()
    with pytest.raises(SearchspaceError, match=r"best\.yaml"):
        plots.keep(STUDY, study)
    (study / "best.yaml").write_text("name: best\n")
    plots.keep(STUDY, study)
    assert plots.FOUND.read_text() == "name: best\n"
    assert plots.plane() == PLOTS["front"].draw(STUDY)
    before = plots.PLOTTED[0].digest()
    plots.PLANE.write_text(plots.PLANE.read_text().replace("305", "306"))
    assert plots.PLOTTED[0].digest() != before
    plots.PLANE.write_text("[")
    with pytest.raises(SearchspaceError, match="cannot be read"):
        plots.plane()
    with pytest.raises(SearchspaceError, match="nothing was scored"):
        plots.keep(replace(STUDY, best=None), study)


def test_the_curves_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "regrets.json"
    path.write_text(json.dumps({"150000 auto": [[2.0, 1.0], [4.0, 1.0]], "40000 auto": [[9.0, 9.0]],
                                "150000 random, feasible only": [[3.0, 3.0], [3.0, 1.0]]}))
    points = plots.curves(path, "150000", "digits")["data"]["values"]
    assert [(p["kind"], p["evaluation"], p["mean"]) for p in points] == [
        ("random, feasible only", 1, 3.0), ("random, feasible only", 2, 2.0),
        ("ours: auto", 1, 3.0), ("ours: auto", 2, 1.0)]
