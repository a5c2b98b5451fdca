"""Scores by ranks and standardised ones, and what a search makes of them."""

import math
import random
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from search.errors import ScoreError
from search.objectives.reference import reference
from search.objectives.score import training_free
from search.run import main
from search.scores.base import ScoringSubject
from search.scores.rank_aggregation import Combination, Scale
from search.scores.registry import SCORES, find_score
from search.scores.relative import Scored, measured
from search.scores.size_features import family_shares, size_features
from search.scores.standardised import Standard
from searchspace import load
from searchspace.expansion import trace
from searchspace.identity import identity
from searchspace.space.budget import Budget
from searchspace.space.point import first, point, sample

PAIR = Combination("pair", "pair", "a test", (SCORES["macs"], SCORES["depth"]), "mean", "None.")


def networks(count: int) -> list[Scored]:
    space, rng = load("digits"), random.Random(5)
    found = [sample(space, rng).decisions for _ in range(count)]
    return [measured(PAIR.parts, ScoringSubject(space, d, 8, 4, 0, 0)) for d in found]


@pytest.mark.parametrize("values", [
    [3.0, 1.0, 2.0, 8.0], [0.0, 0.0, 0.0, 5.0, 5.0, -2.0], [1e12, 1e12 + 1, 7.0], [4.0] * 9])
def test_positions_are_ranks_inside_and_grow_beyond(values: list[float]) -> None:
    scale = Scale.of(values)
    ranks = stats.rankdata(values) / (len(values) + 1)
    assert [scale(v) for v in values] == pytest.approx(ranks.tolist())
    low, high, reach = min(values), max(values), scale.reach
    at = [low - 1e6 * reach, low - 5 * reach, low - reach, low, high, high + reach, high + 9 * reach]
    found = [scale(x) for x in at]
    assert found == sorted(set(found)) or low == high
    assert found[0] > 0 and scale(high + reach) == pytest.approx(scale(high) + 1)


def test_between_knots_a_position_is_interpolated() -> None:
    scale = Scale.of([0.0, 10.0, 20.0])
    assert scale(15.0) == pytest.approx((0.5 + 0.75) / 2)


def test_rules_and_weights() -> None:
    known = networks(12)
    macs, depth = ([n.values[name] for n in known] for name in ("macs", "depth"))
    a, b = (stats.rankdata(v) / 13 for v in (macs, depth))
    rate = PAIR.among(known)
    assert [rate(n) for n in known] == pytest.approx(((a + b) / 2).tolist())
    log = Combination("log", "log", "a test", PAIR.parts, "log", "None.", (1.0, 3.0)).among(known)
    assert [log(n) for n in known] == pytest.approx(((np.log(a) + 3 * np.log(b)) / 4).tolist())


def test_a_network_that_a_part_cannot_rate_is_no_reference_for_it() -> None:
    known = networks(12)
    lacking = [known[0]._replace(values={"depth": known[0].values["depth"]}), *known[1:]]
    assert PAIR.among(lacking)(known[5]) != PAIR.among(known)(known[5])
    with pytest.raises(ScoreError, match="by macs, which could score only 7"):
        PAIR.among([*(n._replace(values={"depth": 1.0}) for n in known[:5]), *known[5:]])


def test_the_reference_is_fixed_and_inside() -> None:
    space, budget = load("mobile").with_input(32), Budget(8_000_000)
    found = reference(space, budget, 5)
    assert found == reference(space, budget, 5) and len(found) == 5
    assert all(budget.fits(point(space, first, d)) and identity(space, d) == k
               for k, d in found.items())
    assert list(found) == list(reference(space, budget, 7))[:5]
    small = load("nas-bench-macro")
    assert 0 < len(reference(small, Budget(12_000_000))) < 48


def test_standardised_scores_hold_no_size_and_no_family() -> None:
    """On networks that were no reference, what was taken away stays away."""
    space, rng = load("mixed").with_input(32), random.Random(1)
    known = [measured([SCORES["deepmad"]], ScoringSubject(space, sample(space, rng).decisions, 32, 4, 0, 0))
             for _ in range(160)]
    rate = Standard.of(SCORES["deepmad"]).among(known[:80])
    others = known[80:]
    raw = [n.values["deepmad"] for n in others]
    mine = [rate(n) for n in others]
    families = sorted({f for n in known for f in family_shares(n.expansion)})
    for columns in (np.array([size_features(n.expansion) for n in others]),
                    np.array([[family_shares(n.expansion).get(f, 0.0) for f in families]
                              for n in others])):
        def explained(values: list[float], x: np.ndarray = columns) -> float:
            ranks = stats.rankdata(values)
            x = np.column_stack([np.ones(len(x)), x])
            left = ranks - x @ np.linalg.lstsq(x, ranks, rcond=None)[0]
            return 1 - left.var() / ranks.var()

        assert explained(mine) < 0.35 < 1.5 * explained(raw)
    assert np.std(mine) == pytest.approx(1, abs=0.5)


def test_a_score_that_is_size_alone_has_no_standardised_form() -> None:
    space = load("mobile").with_input(32)
    known = [measured([SCORES["macs"]], ScoringSubject(space, sample(space, random.Random(i)).decisions,
                                                32, 4, 0, 0)) for i in range(1)]
    with pytest.raises(ScoreError, match="says nothing beyond size"):
        Standard.of(SCORES["macs"]).among(known * 10)


def test_the_families_of_a_network_share_its_macs() -> None:
    space = load("mixed")
    at = point(space, lambda name, hole: "he" if name in ("stage1", "stage2", "stage3") else
               "si" if name in ("stage4", "stage5") else hole.labels[0])
    found = family_shares(trace(space, at.decisions))
    assert set(found) == {"he_stage", "si_stage", "plain_head"} and 0.5 < sum(found.values()) < 1


SEARCH = ["--budget", "150K", "--space", "digits", "--input", "8", "--batch", "8", "--trials", "8",
          "--sampler", "random"]


def search(folder: Path, *more: str) -> int:
    return main([*SEARCH, "--studies", str(folder), "--study", "s", *more])


def rows(folder: Path) -> list[str]:
    lines = (folder / "s" / "trials.csv").read_text().splitlines()
    time = lines[0].split(",").index("seconds")
    return [",".join(c for i, c in enumerate(line.split(",")) if i != time) for line in lines]


def test_a_combined_score_is_continued_as_if_never_interrupted(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert search(tmp_path / "whole", "--score", "deepmad-standard") == 0
    assert "DeepMAD entropy, standardised" in (told := capsys.readouterr().out) and "compared with 48" in told
    assert search(tmp_path / "parts", "--score", "deepmad-standard", "--trials", "3") == 0
    assert search(tmp_path / "parts", "--score", "deepmad-standard") == 0
    assert rows(tmp_path / "whole") == rows(tmp_path / "parts")
    with sqlite3.connect(tmp_path / "whole" / "s" / "study.db") as db:
        kinds = dict(db.execute("SELECT score, count(*) FROM arch_evaluation GROUP BY score"))
    assert set(kinds) == {"deepmad", "deepmad-standard"}
    assert kinds["deepmad-standard"] >= 8 and kinds["deepmad"] >= kinds["deepmad-standard"] + 30


def test_a_study_keeps_its_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert search(tmp_path, "--score", "snip", "--trials", "2") == 0
    assert "The score (SNIP)" in capsys.readouterr().out
    assert "SNIP" in (tmp_path / "s" / "best.yaml").read_text()
    assert search(tmp_path, "--score", "zico", "--trials", "2") == 2
    assert "made with score = snip, not zico" in capsys.readouterr().err
    assert search(tmp_path / "other", "--score", "snipp") == 2
    assert "did you mean 'snip'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["zico", "az-nas", "swap-standard"])
def test_any_score_is_a_prior(name: str) -> None:
    space, budget = load("digits"), Budget(150_000)
    score = training_free(space, 8, 8, 0, name, lambda: reference(space, budget, 12))
    at = [sample(space, random.Random(i)).decisions for i in range(3)]
    values = [score(d) for d in at]
    assert all(map(math.isfinite, values)) and values == [score(d) for d in at]
    assert find_score(name).name == name
