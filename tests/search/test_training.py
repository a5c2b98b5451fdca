"""The training loop: repeatable, resumable, told apart, and failing with a reason."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from search.data import DataError, Files, Stored, open_data
from search.errors import RecipeError, TrainingError
from search.training.augment import Mixup, make_augment
from search.training.batches import IMAGENET, Batches, Cut, moments
from search.training.device import choose_device, half, repeatable
from search.training.loop import Training, TrainingTask
from search.training.recipe import Recipe, load_recipe
from searchspace import build, load

CPU = torch.device("cpu")
QUICK = load_recipe("quick")
# One of everything that draws random numbers or keeps a state.
RICH = dataclasses.replace(
    QUICK, crop=1, flip=True, mixup=0.4, label_smoothing=0.1, dropout=0.3, ema=0.9,
    optimiser="sgd", optimiser_settings={"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-4,
                                         "nesterov": True})
RECIPES = {"quick": QUICK, "rich": RICH, "swa": dataclasses.replace(QUICK, swa=0.5),
           "sgdr": dataclasses.replace(QUICK, schedule="sgdr", warmup=0,
                                       schedule_settings={"first": 2, "times": 2})}


def task(recipe: Recipe = QUICK, epochs: int = 4, seed: int = 0, size: int = 8, **what: object) -> TrainingTask:
    fitted, held = open_data("digits").split(0.2, 0)
    return TrainingTask(recipe, epochs, fitted.take(range(256)), held.take(range(100)), (1, size, size),
                seed, dict(what))


def network() -> nn.Module:
    torch.manual_seed(7)
    return build(load("digits").replace(load("digits").document), DECISIONS)


DECISIONS = {"c": 8, "early": True, "stage1": "plain", "stage1.plain.k": 3, "stage2": "plain",
             "stage2.plain.k": 3}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_resuming_equals_not_stopping(recipe: Recipe, tmp_path: Path) -> None:
    if recipe.needs_kornia:
        pytest.importorskip("kornia")
    whole = Training(network(), task(recipe), CPU)
    whole.run(4)
    first = Training(network(), task(recipe), CPU)
    first.run(2, lambda row: first.save(tmp_path / "c.pt"))
    torch.rand(100)                         # whatever the process does in between
    second = Training(network(), task(recipe), CPU)
    assert second.resume(tmp_path / "c.pt") and second.epoch == 2
    second.run(4)
    ours, theirs = second.weights(), whole.weights()
    assert ours.keys() == theirs.keys() == network().state_dict().keys()
    assert all(torch.equal(ours[k], theirs[k]) for k in ours)
    assert [dataclasses.replace(r, seconds=0) for r in second.curve] == \
        [dataclasses.replace(r, seconds=0) for r in whole.curve]
    assert second.accuracy(open_data("digits").test) == whole.accuracy(open_data("digits").test)


def test_training_learns_and_leaves_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    net = network()
    torch.set_rng_state(state)
    training = Training(net, task(dataclasses.replace(QUICK, batch=16), epochs=10), CPU)
    training.run(10)
    assert torch.equal(torch.get_rng_state(), state)
    assert training.curve[-1].loss < 0.7 * training.curve[0].loss
    assert training.curve[-1].validated is not None and training.curve[-1].validated > 50
    assert training.right(open_data("digits").test).count(1) / 9 == pytest.approx(
        training.accuracy(open_data("digits").test))


def test_seeds_differ() -> None:
    curves = []
    for seed in (0, 0, 1):
        training = Training(network(), task(seed=seed), CPU)
        training.run(1)
        curves.append(training.curve[0].loss)
    assert curves[0] == curves[1] != curves[2]


def test_a_training_that_diverges_says_so() -> None:
    wild = dataclasses.replace(QUICK, optimiser="sgd", warmup=0, optimiser_settings={"lr": 1e30})
    with pytest.raises(TrainingError, match=r"diverged: the loss is (nan|inf) in epoch 1"):
        Training(network(), task(wild), CPU).run(4)


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory"),
                                   RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate")])
def test_memory_that_runs_out_says_so(error: Exception) -> None:
    class Large(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise error
    with pytest.raises(TrainingError, match="out of memory on cpu with batches of 64"):
        Training(Large(64, 10), task(), CPU).run(1)
    with pytest.raises(TrainingError, match="RuntimeError: mat1 and mat2 shapes"):    # another error is not taken for it
        Training(nn.Linear(3, 10), task(), CPU).run(1)


def test_a_checkpoint_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "new" / "c.pt"
    training = Training(network(), task(epochs=2), CPU)
    assert not training.resume(file)
    training.run(1)
    training.save(file)
    whole = file.read_bytes()

    def breaks(*_: object) -> None:
        raise OSError("no space left")
    monkeypatch.setattr(torch, "save", breaks)
    with pytest.raises(OSError, match="no space"):
        training.save(file)
    assert file.read_bytes() == whole and [p.name for p in file.parent.iterdir()] == ["c.pt"]
    for damage in (b"", whole[:100], whole[:-100], b"nonsense"):
        file.write_bytes(damage)
        with pytest.raises(DataError, match="no checkpoint, or damaged"):
            training.resume(file)


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    training = Training(network(), task(epochs=2, seed=0, recipe_name="a"), CPU)
    training.run(1)
    training.save(tmp_path / "c.pt")
    other = Training(network(), task(epochs=2, seed=0, recipe_name="b"), CPU)
    with pytest.raises(DataError, match="its recipe_name is a, not b"):
        other.resume(tmp_path / "c.pt")


def batches(edge: int, size: int, channels: int = 1, **kw: object) -> Batches:
    pixels = np.random.default_rng(0).integers(0, 256, (6, channels, edge, edge), np.uint8)
    images = Stored(pixels, np.arange(6))
    return Batches(images, (3, size, size), CPU, moments(images), Cut(**kw))


def test_batches_are_standardised_in_the_order_asked_for() -> None:
    made = batches(8, 8, 3)
    (x, y), (z, _) = made([3, 1, 0, 2, 4, 5], 4)
    assert x.shape == (4, 3, 8, 8) and z.shape[0] == 2 and y.tolist() == [3, 1, 0, 2]
    everything = torch.cat([x, z])
    assert everything.mean((0, 2, 3)).abs().max() < 1e-5
    assert everything.std((0, 2, 3), correction=0).sub(1).abs().max() < 1e-5


def test_sizes() -> None:
    assert batches(8, 16).__call__([0], 1).__next__()[0].shape == (1, 3, 16, 16)
    assert next(batches(32, 8)([0], 1))[0].shape == (1, 3, 8, 8)
    # 32 pixels for a network of 31: the middle is cut, or all left to the recipe's crop
    cut, = (x for x, _ in batches(32, 31)([0], 1))
    whole, = (x for x, _ in batches(32, 31, whole=True)([0], 1))
    assert torch.equal(cut, whole[..., :31, :31]) and whole.shape[-1] == 32
    grey, = (x for x, _ in batches(8, 8)([0], 1))
    assert torch.equal(grey[:, 0], grey[:, 2])
    one = Batches(batches(8, 8, 3).images, (1, 8, 8), CPU, IMAGENET)       # colours become grey
    assert next(one([0], 1))[0].shape == (1, 1, 8, 8)


def test_files_give_the_same_batches_again_and_again(tmp_path: Path) -> None:
    for i in range(9):
        Image.fromarray(np.random.default_rng(i).integers(0, 256, (30, 40, 3), np.uint8)).save(
            tmp_path / f"{i}.png")
    images = Files(tuple(sorted(tmp_path.iterdir())), np.arange(9))
    made = Batches(images, (3, 16, 16), CPU, moments(images), Cut((0.2, 1.0)))
    order = [8, 1, 3, 4, 5, 0, 2, 7, 6]
    runs = [torch.cat([x for x, _ in made(order, 2, seed)]) for seed in (1, 1, 2, None, None)]
    assert torch.equal(runs[0], runs[1]) and torch.equal(runs[3], runs[4])
    assert not torch.equal(runs[0], runs[2]) and not torch.equal(runs[0], runs[3])
    assert torch.cat([y for _, y in made(order, 2)]).tolist() == order


def test_a_training_on_files(tmp_path: Path) -> None:
    for i in range(8):
        Image.fromarray(np.full((20, 24, 3), 40 * (i % 2) + 100, np.uint8)).save(tmp_path / f"{i}.png")
    images = Files(tuple(sorted(tmp_path.iterdir())), np.arange(8) % 2)
    recipe = dataclasses.replace(QUICK, batch=4, scale=(0.5, 1.0))
    pytest.importorskip("kornia")
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    training = Training(net, TrainingTask(recipe, 20, images, images, (3, 8, 8), 0), CPU)
    training.run(20)
    assert training.curve[-1].validated == 100


def test_augmentation_crops_what_is_larger_and_flips() -> None:
    pytest.importorskip("kornia")
    torch.manual_seed(0)
    x = torch.arange(32 * 32.0).view(1, 1, 32, 32).repeat(64, 3, 1, 1)
    out = make_augment(dataclasses.replace(QUICK, crop=4), 31, True)(x)
    assert out.shape == (64, 3, 31, 31) and len({float(o.sum()) for o in out}) > 8
    flipped = make_augment(dataclasses.replace(QUICK, flip=True), 32, True)(x)
    turned = [torch.equal(f, a.flip(-1)) for f, a in zip(flipped, x, strict=True)]
    assert 10 < sum(turned) < 54
    assert all(t or torch.equal(f, a) for t, f, a in zip(turned, flipped, x, strict=True))


def test_without_kornia_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "kornia", None)
    monkeypatch.setitem(__import__("sys").modules, "kornia.augmentation", None)
    with pytest.raises(RecipeError, match=r"kornia.*pip install .*\[train\]'.*quick"):
        make_augment(RICH, 8, True)
    x = torch.ones(2, 1, 8, 8)
    assert make_augment(QUICK, 8, True)(x) is x


def test_mixup_mixes_images_and_their_losses() -> None:
    torch.manual_seed(0)
    x, y = torch.eye(4).view(4, 1, 2, 2), torch.arange(4)
    mixed, loss = Mixup(1.0)(x, y, 0.0)
    share = mixed.flatten(1).max(1).values
    assert torch.allclose(mixed.sum((1, 2, 3)), torch.ones(4))
    # A network that answers with the mixture itself loses what its entropy is.
    expected = -(mixed.flatten(1) * mixed.flatten(1).clamp(1e-9).log()).sum(1).mean()
    assert loss(mixed.flatten(1).clamp(1e-9).log()) == pytest.approx(float(expected), abs=1e-5)
    assert share.min() >= 0.5


@pytest.mark.parametrize(("wanted", "message"), [
    ("gpu", "no device 'gpu'"), ("meta", "no training on 'meta'"), ("cuda:99", "there is no cuda:99")])
def test_devices_that_are_not_there(wanted: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        choose_device(wanted)


def test_workers_share_the_gpus_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_device("cpu", 5) == CPU and half(CPU) is None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [choose_device("auto", w).index for w in range(5)] == [0, 1, 0, 1, 0]
    assert choose_device("cuda:1", 0).index == 1
    with repeatable(CPU):
        assert not torch.are_deterministic_algorithms_enabled()
