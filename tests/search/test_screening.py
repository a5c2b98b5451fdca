"""Screening: what is looked at is inside the budget, what is proposed is best and not alike."""

import csv
import random
from pathlib import Path

import pytest

from search import search
from search.errors import ScoreError, StudyError
from search.objectives.score import of_graph
from search.objectives.usual import PREDICTED, usual_score
from search.results.final_comparison import verdict
from search.samplers import SamplingTask, screening
from search.samplers.screening import APART, Screening
from search.scores.registry import DEFAULT_SCORE, SCORES, is_quick
from search.study.plan import Plan
from search.study.settings import Settings
from searchspace import Genotype, load
from searchspace.identity import identity
from searchspace.space.budget import Budget
from searchspace.space.descent import lowest
from searchspace.space.fill import free
from searchspace.space.known_networks import known_networks
from searchspace.space.point import first, point
from searchspace.space.solver import bring

BUDGET = Budget(300_000_000)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "LOOKED", 400)
    monkeypatch.setattr(screening, "RANDOM", 60)


def screened(space: str, score: str, budget: Budget, seed: int = 0) -> Screening:
    genotype = load(space)
    return Screening(SamplingTask(free(genotype), budget, quick=of_graph(genotype, score), seed=seed,
                                  widths=widths(genotype)))


def widths(space: Genotype) -> tuple[str, ...]:
    return tuple(hole.name for hole in space.holes if hole.kind == "solve")


@pytest.mark.parametrize(("space", "score", "budget"), [
    ("mobile", PREDICTED, BUDGET), ("si", "depth", Budget(50_000_000)),
    pytest.param("mixed", PREDICTED, BUDGET, marks=pytest.mark.slow),
    ("digits", "params", Budget(100_000)), ("he", "macs", Budget(20_000_000, least_macs=10_000_000)),
])
def test_all_that_is_ranked_is_inside_and_the_best_come_first(space: str, score: str,
                                                             budget: Budget) -> None:
    sampler = screened(space, score, budget)
    rate = of_graph(load(space), score)
    ranked = sampler.ranking
    assert ranked and sampler.looked <= 400 and all(map(budget.fits, ranked))
    assert rate(ranked[0]) == max(map(rate, ranked))
    assert [p.decisions for p in ranked] == [
        p.decisions for p in screened(space, score, budget).ranking]


def test_the_first_proposals_differ_in_cost_and_in_some_decisions() -> None:
    ranked = screened("mobile", PREDICTED, BUDGET).ranking[:15]
    assert len({p.cost for p in ranked}) == len(ranked)
    for i, one in enumerate(ranked):
        assert all(sum(one.decisions.get(n) != v for n, v in other.decisions.items()) >= APART
                   for other in ranked[:i])


def test_screening_finds_better_than_chance_and_no_worse_than_what_it_starts_with() -> None:
    space, rate = load("mobile"), of_graph(load("mobile"), PREDICTED)
    low = lowest(space, lambda p: p.macs)
    known = [bring(space, point(space, first, k.decisions), BUDGET, random.Random(0), low)
             for k in known_networks(space)]
    task = SamplingTask(free(space), BUDGET, quick=rate, start=tuple(known), widths=widths(space))
    best = rate(Screening(task).ranking[0])
    assert best >= max(map(rate, known))
    random_ones = screened("mobile", PREDICTED, BUDGET)
    at_random = [rate(p) for p in random_ones._first(random.Random(1))]
    assert best > max(at_random)


def test_the_default_score_is_a_predicted_accuracy_where_there_is_one() -> None:
    assert usual_score(load("mobile"))[0] == PREDICTED
    for other, why in ((load("mobile").with_input(96), "pixels"), (load("mobile", classes=10), "classes"),
                       (load("digits"), "pixels")):
        score, reason = usual_score(other)
        assert score == DEFAULT_SCORE and why in reason


def test_a_search_compares_predicted_with_published_accuracies(tmp_path: Path) -> None:
    found = search("mobile", "300M", trials=8, folder=tmp_path / "s")
    results = found.outcome.results
    assert all(r.prediction and len(r.scores) == 1 for r in results)
    mine = [r for r in results if r.entry.trial is not None]
    known = [r for r in results if r.entry.trial is None]
    assert {"mobilenet-v3", "hardcore-nas"} <= {r.entry.name.partition("@")[0] for r in known}
    assert {r.entry.published for r in known if r.entry.name == "mobilenet-v3@1.0"} == {("paper", 75.2)}
    best = max(mine, key=lambda r: r.mean)
    assert best.prediction and best.mean == pytest.approx(best.prediction.lower)
    rival = max(r.prediction.value for r in known if r.prediction and not r.entry.over)
    told = verdict(results, Settings("mobile", BUDGET, 224, 0, "auto", 8, 32, score=PREDICTED))
    assert ("is above the prediction of every published" in told) is (best.prediction.lower > rival)
    with (tmp_path / "s" / "finals.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(float(row["predicted_top1"]) > 50 for row in rows)
    space = load("mobile")
    assert len({identity(space, t.decisions) for t in found.outcome.trials}) == 8
    more = search("mobile", "300M", trials=10, folder=tmp_path / "s")
    assert [t.identity for t in more.outcome.trials[:8]] == [t.identity for t in found.outcome.trials]


def test_screening_serves_other_objectives(tmp_path: Path) -> None:
    found = search("digits", "100K", "table", trials=12, input=8, screen="params", folder=tmp_path)
    rate = of_graph(load("digits"), "params")
    tried = [rate(point(load("digits"), first, t.decisions)) for t in found.outcome.trials]
    assert tried[0] == max(tried) and tried[:5] == sorted(tried[:5], reverse=True)


def test_what_cannot_screen_is_told() -> None:
    assert [name for name in SCORES if is_quick(name)] == [
        name for name in SCORES if not SCORES[name].needs and not SCORES[name].uses_torch]
    given = Settings("mobile", BUDGET, 224, 0, "auto", 8, 32, screen="naswot")
    with pytest.raises(ScoreError, match="naswot looks at more than the graph"):
        Plan.of(given).task  # noqa: B018 - the property does the work
    with pytest.raises(StudyError, match="--screen is for the sampler screening, not gp"):
        Plan.of(Settings("mobile", BUDGET, 224, 0, "gp", 8, 32, screen="top1"))
    with pytest.raises(StudyError, match="--screen NAME"):
        screening.make(SamplingTask(load("digits"), BUDGET))
