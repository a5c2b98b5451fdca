"""Recipes: the bundled ones say what their papers do, others are refused with a hint."""

from pathlib import Path

import pytest
import torch

from search.errors import RecipeError
from search.training.optim import make_average, make_optimiser, make_schedule, set_dropout
from search.training.recipe import RECIPES, load_recipe, read_recipe, recipes
from searchspace import SearchspaceError

GOOD = """
name: mine
epochs: 4
batch: 8
optimiser: {sgd: {rate: 0.1, momentum: 0.9, nesterov: true, decay: 0.001}}
schedule: {cosine: {}}
"""


def rates(name: str, steps: int, epochs: int) -> list[float]:
    """The learning rate of each step."""
    recipe = load_recipe(name)
    optimiser = make_optimiser(recipe, torch.nn.Linear(1, 1))
    schedule = make_schedule(recipe, optimiser, steps, epochs)
    found = []
    for _ in range(steps * epochs):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return found


@pytest.mark.parametrize("name", recipes())
def test_bundled_recipes_read_and_train(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name and recipe.source and recipe.digest() == load_recipe(name).digest()
    found = rates(name, 4, 3)
    assert all(0 <= r <= recipe.optimiser_settings["lr"] * 1.0001 for r in found)


def test_sinet_on_cifar() -> None:
    found = rates("sinet-cifar", 2, 150)
    assert found[:160] == pytest.approx([0.01] * 160) and found[160:] == pytest.approx([0.001] * 140)
    assert load_recipe("sinet-cifar").optimiser_settings["momentum"] == 0.9


def test_sinet_on_imagenet() -> None:
    assert rates("sinet-imagenet", 2, 300)[::2] == pytest.approx([0.045 * 0.98 ** e for e in range(300)])


def test_henet_counts_iterations() -> None:
    recipe = load_recipe("henet-cifar")
    steps = 351         # of 45,000 images
    assert recipe.unit == "iterations" and recipe.epochs(steps) == 186 and recipe.crop == 4
    found = rates("henet-cifar", steps, 186)
    late = [next(i for i, r in enumerate(found) if r < 0.1 * f) for f in (0.5, 0.05)]
    total = steps * 186
    assert late == [pytest.approx(t / 65_000 * total, abs=1) for t in (32_000, 48_000)]
    assert recipe.optimiser_settings["nesterov"]


def test_hcgnet_restarts() -> None:
    found = rates("hcgnet-cifar", 1, 1270)
    restarts = [i for i in range(1, 1270) if found[i] > found[i - 1]]
    assert restarts == [10, 30, 70, 150, 310, 630]
    assert load_recipe("hcgnet-cifar").mixup == 1
    large = load_recipe("hcgnet-imagenet")
    assert (large.mixup, large.label_smoothing, large.dropout) == (0.4, 0.1, 0.1)


def test_a_shorter_training_goes_through_the_whole_schedule() -> None:
    assert rates("sinet-cifar", 10, 15)[79:81] == pytest.approx([0.01, 0.001])
    assert rates("sinet-imagenet", 100, 3)[-1] == pytest.approx(0.045 * 0.98 ** 299)


def test_warm_up_rises_to_the_rate() -> None:
    found = rates("quick", 24, 12)
    assert found[0] < found[12] < found[23] <= max(found) == pytest.approx(0.003)
    assert found[-1] < 0.001 * max(found) and found[24:] == sorted(found[24:], reverse=True)


@pytest.mark.parametrize(("before", "after", "message"), [
    ("epochs: 4", "epoch: 4", "did you mean 'epochs'"),
    ("momentum", "momentun", "did you mean 'momentum'"),
    ("{sgd:", "{sdg:", "did you mean 'sgd'"),
    ("{cosine: {}}", "{cosinus: {}}", "did you mean 'cosine'"),
    ("{cosine: {}}", "{step: {every: 3}}", "factor is missing"),
    ("{cosine: {}}", "{multistep: {at: [3, 2], factor: 0.1}}", "growing times"),
    ("{cosine: {}}", "{cosine: {}, constant: {}}", "schedule is one of"),
    ("batch: 8", "batch: 8.5", "batch is a whole number"),
    ("batch: 8", "batch: true", "batch is a whole number"),
    ("rate: 0.1", "rate: fast", "rate is a number from"),
    ("momentum: 0.9, ", "", "nesterov needs a momentum"),
    ("epochs: 4", "epochs: 4\niterations: 5", "epochs or iterations"),
    ("epochs: 4", "epochs: 4\naugment: {flipp: true}", "did you mean 'flip'"),
    ("epochs: 4", "epochs: 4\naugment: {crop: {pad: 4}, resized_crop: {scale: [0.1, 1]}}", "one of them"),
    ("epochs: 4", "epochs: 4\naugment: {resized_crop: {scale: [0.5, 0.1]}}", "two shares"),
    ("epochs: 4", "epochs: 4\naverage: {ema: 0.9, swa: 0.5}", "one of them"),
    ("epochs: 4", "epochs: 4\nlabel_smoothing: 1.5", "label_smoothing is a number"),
])
def test_faults_are_told_with_their_place(before: str, after: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    assert before in GOOD
    file.write_text(GOOD.replace(before, after, 1))
    with pytest.raises(SearchspaceError, match=message) as told:
        load_recipe(str(file))
    assert "mine.yaml:" in str(told.value)


def test_names(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="did you mean 'quick'"):
        load_recipe("quik")
    with pytest.raises(RecipeError, match="there is no recipe"):
        load_recipe(str(tmp_path / "no.yaml"))
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD)
    mine = load_recipe(str(file))
    file.write_text(GOOD.replace("mine", "yours"))
    assert mine.digest() == read_recipe(file).digest() != load_recipe("quick").digest()
    assert {p.stem for p in RECIPES.iterdir()} == set(recipes())


def test_dropout_is_set_or_put_before_the_last_layer() -> None:
    has = torch.nn.Sequential(torch.nn.Dropout(0.2), torch.nn.Linear(4, 2))
    set_dropout(has, 0.5)
    assert has[0].p == 0.5
    lacks = torch.nn.Sequential(torch.nn.Linear(50, 50), torch.nn.Linear(50, 2))
    set_dropout(lacks, 0.9)
    x = torch.ones(1, 50)
    assert not torch.equal(lacks(x), lacks(x)) and torch.equal(lacks.eval()(x), lacks(x))
    assert list(lacks.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


@pytest.mark.parametrize("kind", ["ema", "swa"])
def test_averages_are_torchs(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"{GOOD}average: {{{kind}: 0.5}}\n")
    network = torch.nn.Linear(1, 1, bias=False)
    average = make_average(read_recipe(file), network)
    assert average is not None
    for value in (0.0, 1.0, 4.0):
        torch.nn.init.constant_(network.weight, value)
        average.update_parameters(network)
    assert average.module.weight.item() == pytest.approx({"ema": 2.25, "swa": 5 / 3}[kind])
