"""Predicted accuracy: features, families, distances, the bundled calibration, refusals."""

import random
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import ScoreError
from search.predictors.artefact import BUNDLED, bundled, fingerprint, read, write
from search.predictors.families import family
from search.predictors.features import FEATURES, PROFILE, position, vector
from search.predictors.fit import fit
from search.predictors.layer_statistics import digest
from search.predictors.neighbourhood import Neighbourhood
from search.predictors.prediction import Predictor
from search.predictors.published_accuracies import Measurements, published_accuracies
from search.predictors.regression import Choice
from search.predictors.spread import fit_spread
from searchspace import load
from searchspace.expansion import trace
from searchspace.space.point import sample

CHOICE = Choice(("log_macs", "log_params", "log_depth"), 1e-2)


@pytest.fixture(scope="module")
def known() -> Measurements:
    return published_accuracies()


def values(name: str) -> dict[str, float]:
    return dict(zip(FEATURES, vector(digest(trace(load(name)))), strict=True))


def test_features_say_what_their_names_say() -> None:
    plain, gated = values("mobilenet-v2"), values("mobilenet-v3@1.0")
    assert 2 ** plain["log_macs"] == pytest.approx(300_774_272)
    assert 2 ** plain["log_params"] == pytest.approx(3_504_872)
    assert 2 ** plain["log_input"] == pytest.approx(224)
    assert plain["gates"] == plain["gated"] == 0 and gated["gated"] == 1
    assert plain["kernel"] == pytest.approx(np.log2(3)) and gated["kernel"] > np.log2(3.1)
    assert 2 ** plain["last_width"] == pytest.approx(1280)
    assert plain["head"] == pytest.approx(1_281_000 / 3_504_872)
    assert sum(plain[f"macs_at_{level}"] for level in range(1, 6)) == pytest.approx(1)
    assert plain["smooth"] == 0 < gated["smooth"]
    assert values("densenet@121")["concatenations"] > 0.4 > plain["concatenations"]
    assert values("resnet@18")["dense"] > 0.9 > 0.1 > plain["dense"]
    assert set(PROFILE) < set(FEATURES) and all(f.reason and f.unit for f in FEATURES.values())


@pytest.mark.parametrize(("network", "name"), [
    ("se-resnet@50", "resnet"), ("wide-resnet-imagenet@18-2", "resnet"),
    ("shufflenet-v1-megvii@1.0-g3", "shufflenet-v1"), ("mobilenet-v3-small@1.0", "mobilenet-v3"),
    ("sinet-mobilenet-v2", "mobilenet-v2"), ("sinet@1.0", "sinet")])
def test_families_are_bases_and_papers(network: str, name: str) -> None:
    assert family(network) == family(name)


def test_mobilenets_are_not_one_family() -> None:
    assert len({family(f"mobilenet-v{n}@1.0") for n in (1, 2, 3)}) == 3


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(["mobile", "mixed", "si", "he"]))
def test_predictions_stay_inside_their_bounds(seed: int, space: str) -> None:
    expansion = sample(load(space), random.Random(seed)).expansion
    predictor = bundled()
    try:
        said = predictor(expansion)
    except ScoreError as error:
        assert "too far" in str(error) or "classes" in str(error) or "pixels" in str(error)
        return
    best = predictor.calibration.best_below(np.array([expansion.cost().macs]))[0]
    assert 0 <= said.lower < said.value <= best + 3.01 * said.spread and said.value < 100
    assert said.distance <= predictor.calibration.reach
    assert len({one.network for one in said.nearest}) == 3
    assert predictor(expansion) == said


@pytest.mark.parametrize(("network", "reason"), [
    ("resnet-cifar@20", "192 to 256 pixels, not 32×32"), ("mobilenet-v2@1.0-96", "pixels"),
    ("efficientnet@b7", "pixels")])
def test_it_refuses_what_it_does_not_know(network: str, reason: str) -> None:
    with pytest.raises(ScoreError, match=reason):
        bundled()(trace(load(network)))


def test_it_refuses_other_classes() -> None:
    with pytest.raises(ScoreError, match="1,000 classes, not 10"):
        bundled()(trace(load("mobilenet-v2", classes=10)))


def test_known_networks_are_their_own_nearest() -> None:
    said = bundled()(trace(load("mobilenet-v2@1.0")))
    assert said.nearest[0].network == "mobilenet-v2@1.0" and said.nearest[0].distance < 0.01
    assert said.nearest[0].top1 == 72 and abs(said.value - 72) < 2 * said.spread


def test_the_spread_widens_with_distance() -> None:
    rng = np.random.default_rng(0)
    apart = rng.uniform(0.1, 1, 400)
    spread = fit_spread(rng.normal(0, 0.02 + 0.1 * apart), apart, np.ones(400))
    assert spread.slope > 0.05
    inside = np.abs(rng.normal(0, 0.02 + 0.1 * apart)) < spread(apart)
    assert 0.7 < inside.mean() < 0.9


def test_what_runs_together_makes_its_absence_far(known: Measurements) -> None:
    near = Neighbourhood.of(PROFILE, known.of_features(PROFILE))
    usual = np.array([vector(digest(trace(load("mobilenet-v2@1.0"))))])[:, [
        position(name) for name in PROFILE]]
    more, both = usual.copy(), usual.copy()
    more[0, PROFILE.index("log_params")] += 1
    both[0, PROFILE.index("log_params")] += 1
    both[0, PROFILE.index("log_macs")] += 1
    both[0, PROFILE.index("log_activations")] += 0.5
    assert near.distance(usual)[0] < near.distance(both)[0] < near.distance(more)[0]


def test_the_bundled_calibration_is_not_stale(known: Measurements) -> None:
    assert read(BUNDLED)[1] == fingerprint(known), "run: python -m search.predictors calibrate"


@pytest.mark.slow
def test_calibration_is_reproducible(known: Measurements, tmp_path: object) -> None:
    fresh, kept = fit(known), bundled().calibration
    assert fresh.mean.design.features == kept.mean.design.features
    assert fresh(known.x).value == pytest.approx(kept(known.x).value, abs=0.01)
    assert fresh(known.x).lower == pytest.approx(kept(known.x).lower, abs=0.01)


def test_a_file_gives_what_was_written(known: Measurements, tmp_path) -> None:  # type: ignore[no-untyped-def]
    fitted = Predictor(bundled().scope, fit(known, (CHOICE,)))
    write(fitted, known, tmp_path / "own.json")
    again, of = read(tmp_path / "own.json")
    assert of == fingerprint(known) and again.scope == fitted.scope
    assert again.calibration(known.x).value == pytest.approx(
        fitted.calibration(known.x).value, abs=0.01)


def test_prediction_is_quick() -> None:
    """Printed is no use here: a millisecond is the promise, and ten are a fault on any machine."""
    predictor, expansion = bundled(), trace(load("mobilenet-v2"))
    predictor(expansion)
    start = time.process_time()
    for _ in range(50):
        predictor(expansion)
    assert (time.process_time() - start) / 50 < 0.01


def test_predicting_imports_neither_torch_nor_scikit_learn() -> None:
    code = ("import sys; from search.predictors.artefact import bundled; from searchspace import load; "
            "from searchspace.expansion import trace; bundled()(trace(load('mobilenet-v2'))); "
            "sys.exit(str({'torch', 'sklearn', 'scipy', 'optuna'} & set(sys.modules) or ''))")
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=False)
    assert done.stderr.strip() == "", done.stderr
