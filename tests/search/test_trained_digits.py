"""The study of a search that trains: its rivals, its intervals, the page that it writes."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from search.data import open_data
from search.data.base import Images, Stored
from searchspace import cost, load

FOLDER = Path(__file__).parents[2] / "studies" / "trained-digits"


def script(name: str) -> ModuleType:
    """A module of the study, which is no package."""
    sys.path.insert(0, str(FOLDER))
    found = importlib.util.spec_from_file_location(f"trained_digits_{name}", FOLDER / f"{name}.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_rivals_are_as_wide_as_the_budget_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    rivals = script("rivals")
    names = ["mobilenet-v2@1.0", "mobilenet-v2@0.5", "mobilenet-v2@1.4", "henet@repeat3-cifar10",
             "wide-resnet@28-10"]
    monkeypatch.setattr(rivals, "published", lambda: names)
    found, lacking = rivals.rivals(2_000_000, 16, 10)
    assert list(found) == ["mobilenet-v2@1.0", "mobilenet-v2@0.5", "mobilenet-v2@1.4"][:len(found)]
    assert {*found, *lacking} == set(names) and "henet@repeat3-cifar10" in lacking
    assert "wide-resnet@28-10" in lacking
    whole = cost(load("mobilenet-v2@0.5", classes=10).with_input(16))
    assert cost(found["mobilenet-v2@0.5"]) == whole          # fits as it is
    narrowed = cost(found["mobilenet-v2@1.0"]).macs
    assert 1_700_000 < narrowed <= 2_000_000 < cost(load("mobilenet-v2@1.0", classes=10)
                                                    .with_input(16)).macs


def test_a_training_is_rated_on_images_it_is_not_fitted_to() -> None:
    repeats, data = script("repeats"), open_data("digits")

    def bytes_of(images: Images) -> set[bytes]:
        assert isinstance(images, Stored)
        return {x.tobytes() for x in images.pixels}

    folds = []
    for part in ("search", "test", *(f"fold {k}" for k in range(repeats.FOLDS))):
        fitted, held = repeats.Repeat("", 0, part, "quick", 6, 16, 0.2).images(data)
        assert not bytes_of(fitted) & bytes_of(held)
        assert part == "test" or bytes_of(fitted) | bytes_of(held) == bytes_of(data.train)
        folds += sorted(bytes_of(held)) * part.startswith("fold")
    assert sorted(folds) == sorted(x for x in bytes_of(data.train))     # each once


def test_a_training_that_was_done_is_not_done_again(monkeypatch: pytest.MonkeyPatch,
                                                    tmp_path: Path) -> None:
    repeats = script("repeats")
    made = [repeats.Repeat("name: a", seed, "test", "quick", 6, 16, 0.2) for seed in range(3)]
    (tmp_path / "kept").write_text(f"{made[0].key} [1, 0]\n{made[1].key} [0, 0]\n")
    monkeypatch.setattr(repeats, "ProcessPoolExecutor", None)
    train = repeats.Repeats(tmp_path / "kept", 1)
    assert list(train([made[1], made[0], made[1]])) == [[0, 0], [1, 0], [0, 0]]
    with pytest.raises(TypeError):      # this one has to be trained
        train(made)


def test_intervals() -> None:
    study = script("study")
    low, high = study.interval(np.array([1.0, 2.0, 3.0]), 0.95)
    assert (low, high) == (pytest.approx(2 - 4.303 / 3 ** 0.5, abs=0.002),
                           pytest.approx(2 + 4.303 / 3 ** 0.5, abs=0.002))
    rng = np.random.default_rng(0)
    a, b = rng.random((12, 400)) < 0.9, rng.random((12, 400)) < 0.8
    low, high = study.bootstrap(a.astype(int), b.astype(int))
    assert low < 100 * (a.mean() - b.mean()) < high and low > 5 and high < 15


def test_the_page_tells_wins_and_losses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    study = script("study")
    monkeypatch.setattr(study, "HERE", tmp_path)
    result = {
        "command": "c", "search": "s", "search_minutes": 1.0, "search_cpu_minutes": 2.0, "found": "trial 3",
        "found_macs": 5, "budget": 6, "rivals_by_validation": {"a@1": 1.0, "b@1": 2.0}, "not_brought": 3,
        "rivals_cross_validated": {"a@1": 97.0, "b@1": 96.0},
        "found_cross_validated": {"trial 3": 96.5}, "rivals_macs": {"a@1": 4, "b@1": 3},
        "test_accuracy": {"found": [97.0, 98.0], "a@1": [96.0, 96.5], "b@1": [99.0, 99.5]},
        "differences": {n: {"mean": m, "interval_95": [m - 1, m + 1], "interval_bonferroni": [m - 2, m + 2],
                            "bootstrap_seeds_and_images": [m - 3, m + 3]}
                        for n, m in (("a@1", 1.25), ("b@1", -2.5))}}
    (tmp_path / "results.json").write_text(json.dumps(result))
    monkeypatch.setattr(sys, "argv", ["study.py", "--describe"])
    assert study.main() == 0
    page = (tmp_path / "README.md").read_text()
    assert "**better** by the 95 %" in page
    assert "| a@1 | +1.25 | +0.25 … +2.25 | -0.75 … +3.25 | -1.75 … +4.25 | not told apart |" in page
    assert "| -5.50 … +0.50 | worse |" in page and "| found | 5 | 97.50 ± 0.71 |" in page


@pytest.mark.skipif(not (FOLDER / "results.json").is_file(), reason="the study was not run yet")
def test_the_committed_page_is_that_of_the_committed_results(monkeypatch: pytest.MonkeyPatch,
                                                             tmp_path: Path) -> None:
    study = script("study")
    monkeypatch.setattr(study, "HERE", tmp_path)
    study.describe(json.loads((FOLDER / "results.json").read_text()))
    assert (tmp_path / "README.md").read_text() == (FOLDER / "README.md").read_text()
    found = load(FOLDER / "found.yaml")
    result = json.loads((FOLDER / "results.json").read_text())
    assert cost(found).macs == result["found_macs"] <= result["budget"]
