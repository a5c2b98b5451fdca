"""The report before a search: against counting point by point, and as it is printed."""

import io
import math
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from search import run
from search.cli.preview import print_report, print_short
from search.sensitivity import main_effects
from search.study import Plan, feasibility
from search.study.feasibility import Report, check_budget, survey
from search.study.settings import Settings
from searchspace import BudgetError, Genotype, load, spaces
from searchspace.identity import identity
from searchspace.space.budget import Budget
from searchspace.space.enumeration import HoleTree, every_point
from searchspace.space.point import Point, sample


def settings(space: str, budget: Budget, size: int, seed: int = 0) -> Settings:
    return Settings(space, budget, size, seed, "auto", 1, 4)


def surveyed(given: Settings) -> Report:
    space = given.genotype()
    return survey(space, given, check_budget(space, given))


DIGITS = settings("digits", Budget(100_000, least_macs=50_000, memory=10_000), 8)


@pytest.fixture(scope="module")
def digits() -> list[Point]:
    return list(every_point(load("digits")))


# --- counting points ----------------------------------------------------------------------------


def test_every_point_is_visited_once(digits: list[Point]) -> None:
    assert len(digits) == len({tuple(p.decisions.items()) for p in digits}) == 864
    for _ in range(50):
        drawn = sample(load("digits"), rng := random.Random(1))
        assert any(p.decisions == drawn.decisions for p in digits), rng


@pytest.mark.parametrize("name", spaces())
def test_the_tree_of_holes_has_the_points_that_exist(name: str) -> None:
    """Every hole that the tree opens is reached, and no other, so the counts are exact."""
    space, rng = load(name), random.Random(4)
    tree = HoleTree.of(space)
    for _ in range(25):
        drawn, weight = tree.draw(space, rng)
        assert drawn is not None and math.isclose(weight, tree.total, rel_tol=1e-9)
        opened = [h.name for h in space.holes if all(drawn.decisions.get(n) == label
                                                     for n, label in h.parents)]
        assert sorted(opened) == sorted(drawn.decisions)


def test_random_points_are_drawn_alike(digits: list[Point]) -> None:
    tree, rng, space = HoleTree.of(load("digits")), random.Random(0), load("digits")
    drawn = Counter(tuple(tree.draw(space, rng).point.decisions.items()) for _ in range(8640))
    chi2 = sum((drawn[tuple(p.decisions.items())] - 10) ** 2 / 10 for p in digits)
    assert abs(chi2 - 863) < 4 * math.sqrt(2 * 863)      # χ² of 863 degrees of freedom


NESTED = """
  - !choice
    as: a
    none: {identity: }
    one: {conv: {out: !choice [4, 8, 12], groups: !choice [1, 2]}}
    two: {conv: {out: 8, k: !int [1, 5, 2], groups: !choice [1, 8]}}
  - conv: {out: !choice [4, 6]}
"""


def test_points_of_nested_choices_are_counted(genotype: Callable[..., Genotype]) -> None:
    space = genotype(NESTED)
    assert HoleTree.of(space).total == (1 + 3 * 2 + 3 * 2) * 2
    assert len(list(every_point(space))) == 26


def test_points_whose_steps_do_not_fit_are_left_out(genotype: Callable[..., Genotype]) -> None:
    space = genotype("- conv: {out: !choice [4, 6, 8], groups: !choice [1, 4]}\n")   # 6 in 4 groups
    assert HoleTree.of(space).total == 6
    assert len(list(every_point(space))) == 5


# --- the report ---------------------------------------------------------------------------------


def test_a_small_space_is_counted(digits: list[Point]) -> None:
    report = surveyed(DIGITS)
    assert (report.points, report.looked, report.counted) == (864, 864, True)
    assert report.distinct == len({identity(load("digits"), p.decisions) for p in digits})
    inside = [p for p in digits if 50_000 <= p.macs <= 100_000 and p.memory <= 10_000]
    assert 0 < report.fitting.value == report.fitting.low == len(inside) / 864
    assert report.ranges["macs"] == (min(p.macs for p in digits), max(p.macs for p in digits))
    assert report.ranges["memory"] == (min(p.memory for p in digits),
                                       max(p.memory for p in digits))
    assert set(report.ranges) == set(report.drivers) == {"macs", "memory"}


def test_repeated_networks_are_counted_once() -> None:
    report = surveyed(settings("nas-bench-macro", Budget(60_000_000), 32))
    assert (report.points, report.distinct) == (6561, 3969)


def test_estimates_agree_with_counting(digits: list[Point],
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    exact = surveyed(DIGITS)
    monkeypatch.setattr(feasibility, "COUNTED", 0)
    covered, least = 0, 0
    for seed in range(20):
        report = surveyed(settings("digits", DIGITS.budget, 8, seed))
        assert not report.counted and report.looked == 500
        assert (report.points, report.points_exact) == (864, True)
        covered += report.fitting.low <= exact.fitting.value <= report.fitting.high
        least += report.distinct_least <= 864
        assert report.distinct is not None and 864 / 2 < report.distinct < 864 * 2
        assert dict(report.drivers["macs"])["c"] == pytest.approx(
            dict(exact.drivers["macs"])["c"], abs=0.12)
        assert report.ranges["macs"][0] == exact.ranges["macs"][0]
    assert covered >= 17 and least >= 16        # of 95 %


def test_the_same_seed_tells_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feasibility, "COUNTED", 0)
    assert surveyed(DIGITS) == surveyed(DIGITS)
    assert surveyed(DIGITS) != surveyed(settings("digits", DIGITS.budget, 8, seed=1))


def test_points_are_estimated_where_more_than_choices_opens_holes(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "each.yaml"
    path.write_text("name: e\ninput: [3, 16, 16]\nnet:\n"
                    "  - conv: {out: !choice [4, 8], repeat: !int [1, 4], each: true}\n"
                    "  - gap:\n  - linear: {out: 10}\n", encoding="utf-8")
    given = settings(str(path), Budget(10**9), 16)
    report = surveyed(given)
    assert report.counted and report.points == 2 + 4 + 8 + 16
    monkeypatch.setattr(feasibility, "COUNTED", 0)
    report = surveyed(given)
    assert not report.points_exact
    assert report.points == pytest.approx(30, rel=0.2)
    assert report.fitting.value == 1


def test_main_effects_are_those_of_a_balanced_design(genotype: Callable[..., Genotype]) -> None:
    """Two additive factors: their squares add up to all, by hand 9·1/(9·1 + 9·4) and the rest."""
    space = genotype("- conv: {out: !choice [1, 2], as: a}\n- conv: {out: !choice [3, 4], as: b}\n"
                     "- conv: {out: !choice [5, 6], as: c}\n")
    points = list(every_point(space))
    values = [3 * p.decisions["a.conv.out"] + 6 * p.decisions["b.conv.out"] for p in points]
    assert main_effects(points, values, exact=True) == [
        ("b.conv.out", pytest.approx(0.8)), ("a.conv.out", pytest.approx(0.2))]
    assert main_effects(points, [1.0] * 8, exact=True) == []


def test_chance_drives_nothing() -> None:
    space, rng = load("mobile"), random.Random(0)
    points = [sample(space, rng) for _ in range(150)]
    found = main_effects(points, [rng.random() for _ in points], exact=False)
    assert len(found) <= 1


# --- as it is printed ---------------------------------------------------------------------------


def printed(report: Report, given: Settings, short: bool) -> str:
    text = io.StringIO()
    (print_short if short else print_report)(Console(file=text, width=200), report, given)
    return text.getvalue()


def test_the_report_reads_well() -> None:
    report = surveyed(DIGITS)
    short, long = (printed(report, DIGITS, short) for short in (True, False))
    assert short.count("\n") == 2
    for text in ("14 holes, 864 points, 864 distinct", "9.89K to 593.2K MACs", "of all points fit",
                 "50.0K to 100.0K MACs and 10.0 KB of activations", "vary with c"):
        assert text in short
    for text in ("All points were enumerated", "distinct networks: 864", "9.89K", "up to 10.0 KB",
                 "50.0K to 100.0K", "stage2.mobile.t", "inside the budget"):
        assert text in long


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name in ("digits", "he", "randwire", "si") else pytest.mark.slow)
    for name in spaces()])
def test_the_report_of_every_space_reads_well(name: str) -> None:
    given = settings(name, Budget(10**14), 8 if name == "digits" else 64)
    report = surveyed(given)
    assert report.fitting.value == 1
    least, most = report.ranges["macs"]
    assert 0 < least < most
    assert 1 < report.distinct_least <= report.points
    assert all(0 < share <= 1 for _, share in report.drivers["macs"])
    assert "100 %" in printed(report, given, short=True)


def test_a_report_is_all_that_is_asked_for(tmp_path: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--report", "--space", "he", "--input", "32", "--studies", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    holes = f"{len(load('he').holes)} holes"
    assert not err and all(word in out for word in ("MACs", "params", "activations", holes))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("space, size, budget, words", [
    ("mobile", 32, Budget(10), r"mobile.* at 32×32 fits 10 MACs: it reaches from .* to .* MACs"),
    ("digits", 8, Budget(memory=10),
     r"fits 10 B of activations: it reaches from .* KB to .* KB of activations"),
    ("digits", 8, Budget(10**12, least_macs=10**11),
     r"100.0G to 1000.0G MACs: it reaches from .* to .* MACs"),
    ("digits", 8, Budget(2_000_000, 10), r"10 params: it reaches from 626 to 19.2K params$"),
    ("digits", 8, Budget(560_000, least_macs=530_000),
     r"was found inside .* MACs, though it reaches from"),
    ("digits", 8, Budget(593_216, 700, least_macs=500_000),
     r"together, though .* and from .* params"),
    pytest.param("mobile", 32, Budget(10_000_000, least_macs=9_999_999),
                 r"was found inside .* MACs, though it reaches from", marks=pytest.mark.slow),
    pytest.param("mobile", 32, Budget(60_000_000, 2_000_000, least_macs=59_000_000),
                 r"together, though .* and from .* params", marks=pytest.mark.slow),
])
def test_an_impossible_budget_names_the_range(space: str, size: int, budget: Budget,
                                              words: str) -> None:
    with pytest.raises(BudgetError, match=words):
        Plan.of(settings(space, budget, size))


@pytest.mark.parametrize("net", [
    "  - conv: {out: !int [1, 1000], repeat: !int [1, 120], each: true, as: c}\n",
    pytest.param("".join(f"  - conv: {{out: !int [1, 1000], as: c{i}}}\n" for i in range(108)),
                 marks=pytest.mark.slow)])
def test_points_beyond_floating_point_numbers_are_counted(tmp_path: Path, net: str) -> None:
    """1000^108 is 10^324, and weights are squared."""
    path = tmp_path / "many.yaml"
    path.write_text(f"name: many\ninput: [3, 8, 8]\nnet:\n{net}  - gap:\n", encoding="utf-8")
    given = settings(str(path), Budget(10**9), 8)
    report, out = surveyed(given), io.StringIO()
    assert report.points > 10**200 and 0 <= report.fitting.low <= report.fitting.high <= 1
    print_report(Console(file=out, width=110), report, given)
    assert re.search(r"·10[²³][⁰¹²³⁴⁵⁶⁷⁸⁹]{2}", out.getvalue())
