"""Budgets: as they are written, and proposals brought inside them, in every bundled space."""

import math
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.run import main
from search.study import open_study
from search.study.settings import Settings
from searchspace import BudgetError, Genotype, SearchspaceError, cost, load, spaces
from searchspace.expansion import trace
from searchspace.identity import digest
from searchspace.space.bracket import edge
from searchspace.space.budget import Budget, macs
from searchspace.space.constraint import constraint
from searchspace.space.descent import highest, lowest
from searchspace.space.point import Point, first, neighbours, point, sample
from searchspace.space.propose import propose
from searchspace.space.repair import give_back, towards
from searchspace.space.solver import bring, every_solution, find_inside, solve
from searchspace.units import exactly, parse_amount, parse_bytes, parse_range, show_bytes


class Costs(NamedTuple):
    macs: int
    params: int
    memory: int
    latency: int | None = None


# --- as they are written ------------------------------------------------------------------------


@pytest.mark.parametrize("text, count", [
    ("4MB", 4_000_000), ("4 mb", 4_000_000), ("4MiB", 4_194_304), ("512KB", 512_000),
    ("1.5KiB", 1536), ("0.1MiB", 104_857), ("2GB", 2 * 10**9), ("1GiB", 2**30), ("96B", 96)])
def test_memory_is_read_with_its_unit(text: str, count: int) -> None:
    assert parse_bytes(text) == count


@pytest.mark.parametrize("text", ["4", "4M", "MB", "-4MB", "4TB", "0KB", "0.5B", "1e99GB", ""])
def test_memory_without_a_clear_unit_is_refused(text: str) -> None:
    with pytest.raises(BudgetError, match="amount of memory"):
        parse_bytes(text)


@pytest.mark.parametrize("text, ends", [
    ("300M", (None, 300_000_000)), ("280M-300M", (280_000_000, 300_000_000)),
    ("280M – 0.3G", (280_000_000, 300_000_000)), ("3e8-4e8", (300_000_000, 400_000_000)),
    ("3000e-1", (None, 300)), ("280-300", (280, 300)), ("5M-5M", (5_000_000, 5_000_000))])
def test_a_range_has_two_ends(text: str, ends: tuple) -> None:
    assert parse_range(text, parse_amount) == ends


@pytest.mark.parametrize("text, word", [
    ("300M-280M", "empty"), ("280-300M", "280M-300M"), ("-300M", "no amount"),
    ("280M-", "no amount"), ("1M-2M-3M", "no amount"), ("a-b", "'a'")])
def test_no_range_is_refused(text: str, word: str) -> None:
    with pytest.raises(BudgetError, match=word):
        parse_range(text, parse_amount)


def test_a_lower_bound_needs_an_upper_one() -> None:
    for bounds in ({"least_macs": 5}, {"least_memory": 5, "memory": 4}):
        with pytest.raises(BudgetError, match="lower bound"):
            Budget(**bounds)


@pytest.mark.parametrize("name", ["macs", "latency", "two words", ""])
def test_a_constraint_has_a_name_of_its_own(name: str) -> None:
    with pytest.raises(BudgetError, match="cannot name a constraint"):
        constraint(name, lambda expansion: 1.0, 2)
    assert constraint("joins", lambda expansion: 1.0, 2).name == "joins"


@pytest.mark.parametrize(("most", "least"), [(0, None), (-1, None), (math.inf, None), (math.nan, None),
                                             (2, 3), (2, -1)])
def test_a_constraint_has_bounds(most: float, least: float | None) -> None:
    with pytest.raises(BudgetError, match="needs a positive upper bound, and no lower one above"):
        constraint("joins", lambda expansion: 1.0, most, least)
    assert constraint("joins", lambda expansion: 1.0, 2, 2).ends == (2, 2)


def test_a_budget_says_what_it_is() -> None:
    budget = Budget.read("280M-300M", "4M", "2MB-4194304B")
    assert str(budget) == \
        "280.0M to 300.0M MACs and 4.00M params and 2.00 MB to 4.19 MB of activations"
    assert budget.text == "280Mto300M-4Mparams-2MBto4194304B"
    assert (str(Budget()), Budget().text) == ("no bound", "")
    assert show_bytes(999) == "999 B"


BOUNDS = st.tuples(st.booleans(), st.integers(1, 10**17), st.integers(1, 10**17)).map(
    lambda b: (None, max(b[1:])) if b[0] else (min(b[1:]), max(b[1:])))


@given(st.tuples(*[st.one_of(st.none(), BOUNDS)] * 4))
def test_a_budget_reads_back_from_its_text(bounds: tuple) -> None:
    names = ("macs", "params", "memory", "latency")
    budget = Budget(**{n: b[1] for n, b in zip(names, bounds, strict=True) if b},
                    **{f"least_{n}": b[0] for n, b in zip(names, bounds, strict=True) if b})
    texts = [None if b is None else exactly(b[1]) if b[0] is None else
             f"{exactly(b[0])}-{exactly(b[1])}" for b in bounds]
    for i, unit in ((2, "B"), (3, "ns")):
        if b := bounds[i]:
            texts[i] = "-".join(f"{end}{unit}" for end in b if end is not None)
    assert Budget.read(*texts) == budget


@given(st.tuples(*[BOUNDS] * 4), st.tuples(*[st.integers(1, 10**17)] * 4))
def test_inside_is_within_every_bound(bounds: tuple, costs: tuple) -> None:
    (a, b), (c, d), (e, f), (g, h) = bounds
    budget, found = Budget(b, d, f, h, a, c, e, g), Costs(*costs)
    inside = all((low or 0) <= cost <= high for (low, high), cost in zip(bounds, costs, strict=True))
    assert budget.fits(found) == inside
    if inside:
        assert budget.miss(found) == 0 and budget.excess(found) <= 1
    assert (budget.excess(found) > 1.0000001) <= (not inside)
    assert (budget.miss(found) > 0) <= (not inside)


def test_a_budget_is_hard_to_the_last_digit() -> None:
    assert not Budget(10**17).fits(Costs(10**17 + 1, 1, 1))     # a float sees no difference
    assert Budget(10**17).fits(Costs(10**17, 1, 1))


# --- proposals are brought inside ---------------------------------------------------------------


class Ends(NamedTuple):
    space: Genotype
    low: Point
    high: Point


@cache
def ends(name: str) -> Ends:
    space = load(name) if name == "digits" else load(name).with_input(64)
    return Ends(space, lowest(space, macs), highest(space, macs, 60_000))


def budgets(name: str) -> dict[str, Budget]:
    """In the middle of the range (geometric and arithmetic), at its lower end, and as a band."""
    _, low, high = ends(name)
    middle, mean = int((low.macs * high.macs) ** 0.5), (low.macs + high.macs) // 2
    if name == "nas-bench-201":     # six edges with three costs each: few totals are possible
        rng = random.Random(1)
        totals = sorted({sample(ends(name).space, rng).macs for _ in range(300)})
        middle, mean = (min(totals, key=lambda m: abs(m - at)) for at in (middle, mean))
    return {"middle": Budget(middle), "minimum": Budget(low.macs * 105 // 100),
            "band": Budget(middle, least_macs=middle * 95 // 100),
            "high band": Budget(mean, least_macs=mean * 95 // 100)}


def brought(name: str, budget: Budget, count: int) -> list[tuple[Point, Point]]:
    """Proposals, and what they were brought to."""
    space, rng = ends(name).space, random.Random(5)
    inside = find_inside(space, budget)
    assert inside is not None and budget.fits(inside)
    proposals = [sample(space, rng) for _ in range(count)]
    return [(p, bring(space, p, budget, rng, inside)) for p in proposals]


# In the spaces that take long, the band alone every day.
@pytest.mark.parametrize(("name", "kind"), [
    pytest.param(name, kind, marks=pytest.mark.slow if kind != "band" and name in ("cell", "hcg", "mixed", "uib")
                 else ()) for name in spaces() for kind in ("middle", "minimum", "band", "high band")])
def test_proposals_end_inside(name: str, kind: str) -> None:
    budget = budgets(name)[kind]
    for proposal, found in brought(name, budget, 2 if name in ("cell", "hcg") else 4):
        assert budget.fits(found)
        if budget.fits(proposal):       # only the width may grow
            assert found.sampled == proposal.sampled and found.macs >= proposal.macs
        assert found.cost == point(ends(name).space, first, found.decisions).cost


def test_what_fits_is_proposed_as_it_was_asked_for() -> None:
    space = load("mobile").with_input(64)
    for seed in range(3):
        at = sample(space, random.Random(seed))
        near = propose(space, Budget(at.macs), random.Random(9), at.decisions)
        assert digest(trace(near)) == digest(at.expansion)
    assert cost(propose(space, "60M", random.Random(1))).macs <= 60_000_000
    with pytest.raises(SearchspaceError, match="no hole is named 'depht'"):
        propose(space, Budget(10**9), random.Random(9), {"depht": 1})


@pytest.mark.campaign
@pytest.mark.parametrize("kind", ["middle", "minimum", "band", "high band"])
@pytest.mark.parametrize("name", spaces())
def test_two_hundred_proposals_end_inside(name: str, kind: str,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    budget = budgets(name)[kind]
    pairs = brought(name, budget, 200)
    share = sum(budget.fits(found) for _, found in pairs) / len(pairs)
    networks = len({digest(found.expansion) for _, found in pairs})
    changed = [sum(p.sampled.get(n, v) != v for n, v in found.sampled.items()) for p, found in pairs]
    with capsys.disabled():
        print(f"\n{name}, {kind}, {budget}: {share:.1%} inside, {networks} networks, "
              f"{sum(changed) / len(changed):.1f} decisions changed")
    assert share >= 0.99


def test_a_band_is_filled_from_below_and_from_above() -> None:
    space, low, high = ends("mobile")
    for start in (low, high):
        for budget in (budgets("mobile")["band"], Budget(low.macs * 3, least_macs=low.macs * 2)):
            found = bring(space, start, budget, random.Random(0), find_inside(space, budget))
            assert budget.fits(found)


def test_bounds_of_three_kinds_hold_together() -> None:
    space, rng = ends("mobile").space, random.Random(2)
    budget = Budget(30_000_000, 3_000_000, 300_000, least_macs=25_000_000, least_params=2_000_000)
    inside = find_inside(space, budget)
    assert inside is not None
    for _ in range(2):
        found = bring(space, sample(space, rng), budget, rng, inside)
        assert 25_000_000 <= found.macs <= 30_000_000
        assert 2_000_000 <= found.params <= 3_000_000
        assert found.memory <= 300_000


def test_a_latency_is_predicted_by_what_is_given() -> None:
    at = sample(ends("mobile").space, random.Random(0))
    assert Budget(latency=7, predict=lambda network: len(network.nodes) and 7).fits(at)
    assert not Budget(latency=7, predict=lambda network: 8).fits(at)
    with pytest.raises(BudgetError, match=r"nothing predicts it: give predict=, .* search.latency.Predictor"):
        Budget(latency=7).fits(at)


def test_memory_alone_is_a_budget() -> None:
    space, rng = ends("mobile").space, random.Random(3)
    for _ in range(5):
        found = bring(space, sample(space, rng), Budget(memory=200_000), rng)
        assert found.memory <= 200_000


@pytest.mark.parametrize("kind", ["middle", "band"])
def test_one_change_is_made_where_one_is_enough(kind: str) -> None:
    """Against all single changes; the space has no holes to solve, so nothing else can move."""
    space, budget, rng = load("digits"), budgets("digits")[kind], random.Random(1)
    seen = {0: 0, 1: 0, 2: 0}
    for _ in range(80):
        drawn = sample(space, rng)
        single = [p for n in drawn.decisions for p in neighbours(space, drawn, n)]
        needed = 0 if budget.fits(drawn) else 1 if any(map(budget.fits, single)) else 2
        found = bring(space, drawn, budget, rng, find_inside(space, budget))
        changed = sum(drawn.decisions.get(n, v) != v for n, v in found.decisions.items())
        seen[needed] += 1
        assert changed == needed if needed < 2 else changed >= 1
    assert all(seen.values())


def test_ranges_are_repaired_past_what_does_not_fit(genotype: Callable[..., Genotype]) -> None:
    """Widths in groups: some ends of the ranges, and some next options, make no network."""
    space, rng = genotype("- conv: {out: !int [8, 40, 4], as: a}\n"
                          "- conv: {out: !int [8, 40, 4], groups: !int [1, 9], as: b}\n"
                          "- conv: {out: !int [8, 40, 4], as: c}\n"), random.Random(1)
    budget = Budget(lowest(space, macs).macs * 2)
    for _ in range(40):
        assert budget.fits(bring(space, sample(space, rng), budget, rng))


def test_solving_looks_at_the_whole_grid(genotype: Callable[..., Genotype]) -> None:
    """Costs that fall as the width rises: 72 channels in 24 groups are cheaper than 64 in 8."""
    space = genotype("args: {w: !solve [64, 80, 8]}\nnet:\n  - conv: {out: =w, k: 1}\n"
                     "  - conv: {out: =w, groups: =divisor(w)}\n")
    by_width = {p.decisions["w"]: p.macs for p in neighbours(space, point(space, first), "w")}
    by_width[64] = point(space, first).macs
    for bound in sorted(by_width.values()):
        wanted = max((m, w) for w, m in by_width.items() if m <= bound)
        assert solve(space, point(space, first), Budget(bound)).macs == wanted[0]
        band = Budget(bound, least_macs=bound)
        assert solve(space, point(space, first), band).macs == bound


def test_costs_that_fall_are_seen_from_every_value(genotype: Callable[..., Genotype]) -> None:
    """Where the solving begins at the last value, which fits, or at the first, which does not."""
    space = genotype("args: {g: !solve [1, 8, 1]}\nnet:\n  - conv: {out: 840, k: 1}\n"
                     "  - conv: {out: 840, groups: =g}\n")
    start = point(space, first)
    points = [start, *neighbours(space, start, "g")]
    for budget in (Budget(sorted(p.macs for p in points)[n]) for n in (0, 3, 6)):
        assert {solve(space, p, budget).macs for p in points} == {budget.macs}


@pytest.mark.parametrize("bound", [4, 16])
def test_the_nearest_value_of_a_range_is_taken(genotype: Callable[..., Genotype], bound: int) -> None:
    """Not the end that is inside too, nor the next one, which is not."""
    space = genotype("- conv: {out: !int [1, 40], k: 1}\n")
    at = point(space, lambda _, hole: hole.labels[-1])
    least = point(space, first).macs
    found = bring(space, at, Budget(least * bound), random.Random(0))
    assert found.macs == least * bound


@pytest.mark.parametrize(("bound", "a", "b"), [(100, 6, 8), (122, 8, 7), (80, 5, 8), (79, 8, 1)])
def test_the_smallest_step_is_taken(genotype: Callable[..., Genotype], bound: int, a: int,
                                    b: int) -> None:
    """From 8·8 + 8·8 MACs a pixel: one option of the first, though three of the second lead inside,
    too; of as many options that which leaves less of the budget."""
    space = genotype("- conv: {out: !choice [1, 5, 6, 8], k: 1, as: a}\n"
                     "- conv: {out: !choice [1, 6, 7, 8], k: 1, as: b}\n")
    at = point(space, lambda _, hole: hole.labels[-1])
    found = bring(space, at, Budget(256 * bound), random.Random(0))
    assert list(found.decisions.values()) == [a, b]


def test_a_grid_as_large_as_allowed_is_walked(genotype: Callable[..., Genotype],
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    space = genotype("args: {a: !solve [1, 3, 1], b: !solve [1, 4, 1]}\n"
                     "net: [conv: {out: =a, k: 1}, conv: {out: =b, k: 1}]\n")
    at = point(space, first)
    monkeypatch.setattr("searchspace.space.solver.MAX_GRID", 12)
    assert len(every_solution(space, at)) == 12
    monkeypatch.setattr("searchspace.space.solver.MAX_GRID", 11)
    with pytest.raises(BudgetError, match="12 combinations; 11 are allowed"):
        every_solution(space, at)


@pytest.mark.parametrize(("net", "tries"), [
    ("[conv: {out: =w, k: 1}, conv: {out: =w, k: 3}]", 5),          # interpolated
    ("[conv: {out: '=1 if w < 300 else w*w', k: 1}]", 14)])         # halved, where that leads nowhere
def test_few_of_four_hundred_values_are_tried(genotype: Callable[..., Genotype], net: str,
                                              tries: int) -> None:
    space = genotype(f"args: {{w: !solve [1, 400, 1]}}\nnet: {net}\n")
    low, high = (point(space, at) for at in (first, lambda _, hole: hole.labels[-1]))
    for step in range(1, 20):
        budget = Budget(low.macs + (high.macs - low.macs) * step // 20)
        assert len(edge(space, low, budget, "w")) <= tries


def test_decisions_are_taken_over_in_random_order() -> None:
    space, low, high = ends("mobile")
    taken = [towards(space, high, low, Budget(low.macs * 3), random.Random(seed)).decisions
             for seed in range(4)]
    assert all(point(space, first, d).macs <= low.macs * 3 for d in taken) and taken[0] not in taken[1:]


def test_a_space_of_solved_holes_alone_is_solved(genotype: Callable[..., Genotype]) -> None:
    space = genotype("args: {w: !solve [4, 12, 4]}\nnet:\n  - conv: {out: =w, k: 1, as: a}\n")
    drawn = point(space, first)
    by_width = [drawn.macs, 2 * drawn.macs, 3 * drawn.macs]
    assert [find_inside(space, Budget(m, least_macs=m)).macs for m in by_width] == by_width
    gap = Budget(by_width[1] - 1, least_macs=by_width[0] + 1)
    assert find_inside(space, gap) is None
    with pytest.raises(BudgetError, match="fits"):
        bring(space, drawn, gap, random.Random(0))


def test_the_cheapest_seed_of_a_graph_is_found(genotype: Callable[..., Genotype]) -> None:
    """Costs of seeds have no order, so that neither the ends nor the next ones lead to it."""
    space = genotype("- wire: {edges: !graph {er: {n: 12, p: 0.4}, seeds: 400}, node: {conv: {out: 8}},"
                     " source: {conv: {out: 8, k: 1}}}\n")
    at = point(space, first)
    params = [p.params for p in [at, *neighbours(space, at, next(iter(at.decisions)))]]
    assert find_inside(space, Budget(params=min(params))).params == min(params) < at.params
    assert find_inside(space, Budget(params=min(params) - 1)) is None


def test_what_fits_again_is_given_back() -> None:
    space, low, high = ends("mobile")
    rng = random.Random(0)
    found = give_back(space, low, high, Budget(low.macs * 3), rng)
    assert low.macs < found.macs <= 3 * low.macs
    assert give_back(space, low, high, Budget(high.macs * 2), rng).sampled == high.sampled


def test_no_way_leads_into_an_impossible_band() -> None:
    space, _, high = ends("nas-bench-macro")
    assert find_inside(space, Budget(high.macs * 3, least_macs=high.macs * 2)) is None
    with pytest.raises(BudgetError, match="fits"):
        bring(space, high, Budget(high.macs * 3, least_macs=high.macs * 2), random.Random(0))


# --- in a search --------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_every_trial_of_a_search_lies_in_the_band(sampler: str, tmp_path: Path) -> None:
    budget = Budget(2_500_000, memory=100_000, least_macs=2_400_000)
    given = Settings("mobile", budget, 32, 0, sampler, 6, 4)
    assert given.study_name == "mobile-2400Kto2500K-100KB-32px-seed0"
    with open_study(given, tmp_path, "s") as study:
        study.run(lambda _: None)
        trials = study.trials()
    assert len({t.identity for t in trials}) == 6
    for t in trials:
        found = point(study.plan.space, first, t.decisions)
        assert 2_400_000 <= found.macs == t.macs <= 2_500_000
        assert found.memory == t.memory <= 100_000


@pytest.mark.parametrize("arguments, words", [
    ([], "give a budget"), (["--budget", "280-300M"], "280M-300M"),
    (["--budget", "3M-2M"], "empty range"), (["--memory", "4"], "with its unit"),
    (["--params", "2MB"], "no amount"), (["--memory", "100B"], "reaches from .* of activations"),
    (["--budget", "200G-300G"], "reaches from .* MACs")])
def test_a_mistaken_budget_is_one_sentence(arguments: list[str], words: str, tmp_path: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    given = [*arguments, "--space", "mobile", "--input", "32", "--studies", str(tmp_path)]
    assert main(given) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1
    assert re.search(words, said)
