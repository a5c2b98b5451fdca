"""Shared weights: names, slices, paths, training, checkpoints, and scores."""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from search.data import open_data
from search.data.errors import DataError
from search.errors import ScoreError, TrainingError
from search.library import search
from search.run import main
from search.study import open_study
from search.study.settings import Settings
from search.supernet.names import shared_names
from search.supernet.paths import (
    BAND,
    CostPaths,
    FairPaths,
    is_ordered,
    largest,
    paths_for,
    smallest,
)
from search.supernet.scoring import SupernetScorer
from search.supernet.subnetwork import Subnetwork
from search.supernet.task import SupernetTask
from search.supernet.training import SupernetTraining
from search.supernet.weights import SharedWeights, slices
from search.training.options import TrainOptions
from search.training.recipe import load_recipe
from searchspace import Genotype, SearchspaceError, load, spaces
from searchspace.expansion import trace
from searchspace.notation.holes import Decisions
from searchspace.space.budget import Budget
from searchspace.space.point import first, point, sample
from searchspace.space.solver import find_inside

CPU = torch.device("cpu")
NESTED = """
    name: nested
    args: {c: !choice [4, 8], classes: 10}
    input: [1, 8, 8]
    net:
      - conv: {out: =c, k: !choice [3, 5], as: stem}
      - !choice
        as: body
        plain: {conv: {out: =2*c, k: 3, repeat: !int [1, 3], first: {stride: 2}}}
        thin: {dw: {k: 3, stride: 2}}
      - conv: {out: =2*c, k: 1, as: last}
      - gap:
      - linear: {out: =classes, as: classifier}
    """
WIDE: dict[str, object] = {"c": 8, "stem.conv.k": 5, "body": "plain", "body.plain.repeat": 3}
NARROW = {**WIDE, "c": 4, "stem.conv.k": 3, "body.plain.repeat": 1}
THIN = {"c": 4, "stem.conv.k": 3, "body": "thin"}


@pytest.fixture
def nested(genotype: Callable[..., Genotype]) -> Genotype:
    """A space with holes for a width, a kernel, a depth, and an operation."""
    return genotype(NESTED)


def task(space: Genotype, epochs: int = 4, budget: Budget | None = None, sandwich: bool = False,
         recipe: str = "quick", share: float = 0.8) -> SupernetTask:
    bounds = budget or Budget()
    inside = find_inside(space, bounds)
    assert inside is not None
    return SupernetTask(space, bounds, inside, inside.expansion.input, open_data("digits", None), share,
                        load_recipe(recipe), epochs, 0, sandwich, True)


def subnetwork(space: Genotype, decisions: Decisions) -> Subnetwork:
    return Subnetwork.of(space, decisions, 0, CPU)


def output(network: Subnetwork) -> torch.Tensor:
    torch.manual_seed(7)
    return network.module.train()(torch.randn(8, 1, 8, 8))


def test_a_slice_is_the_middle_of_a_kernel_and_the_first_channels() -> None:
    assert slices(torch.Size((4, 2, 3, 3)), torch.Size((8, 2, 7, 5))) == (
        slice(0, 4), slice(0, 2), slice(2, 5), slice(1, 4))
    assert slices(torch.Size((4, 2)), torch.Size((10, 6))) == (slice(0, 4), slice(0, 2))
    assert slices(torch.Size((4, 1, 1)), torch.Size((8, 1, 1)))[0] == slice(0, 4)


@pytest.mark.parametrize("order", [(WIDE, NARROW), (NARROW, WIDE)], ids=["shrinks", "grows"])
def test_a_step_of_one_network_changes_the_slices_of_the_other(
        nested: Genotype, order: tuple[Decisions, Decisions]) -> None:
    """Kernel, width and depth; in whichever order they are met."""
    weights = SharedWeights()
    wide, narrow = (subnetwork(nested, d) for d in (WIDE, NARROW))
    for decisions in order:
        weights.meet(subnetwork(nested, decisions))
    assert {n.place for n, _ in narrow.weights()} < {n.place for n, _ in wide.weights()}
    weights.load(narrow)
    before = {name: p.detach().clone() for name, p in narrow.weights()}
    weights.load(wide)
    F.cross_entropy(output(wide), torch.arange(8)).backward()
    weights.collect(wide)
    weights.divide()
    with torch.no_grad():
        for tensor in weights.tensors:
            tensor -= 0.1 * tensor.grad
    weights.load(narrow)
    for name, parameter in narrow.weights():
        assert not torch.equal(parameter, before[name]), name
        held = next(p for n, p in wide.weights() if n.place == name.place)
        cut = slices(parameter.shape, held.shape)
        assert torch.equal(parameter, before[name] - 0.1 * held.grad[cut]), name


def test_what_was_there_stays_where_a_tensor_grows(nested: Genotype) -> None:
    weights, narrow = SharedWeights(), subnetwork(nested, NARROW)
    weights.meet(narrow)
    said = output(narrow)
    changes = weights.meet(subnetwork(nested, WIDE))
    assert len(changes.grown) > 5 and not changes.copied
    assert all(tensor.shape != before for tensor, before in changes.grown)
    for _, parameter in narrow.weights():
        torch.nn.init.zeros_(parameter)
    weights.load(narrow)
    assert torch.equal(output(narrow), said)
    assert {t.shape for t in weights.tensors} == {a.shape for a in weights.averages}


def test_contexts_begin_as_copies_and_then_differ(nested: Genotype) -> None:
    """The classifier comes behind convolutions in one network, and a depthwise one in the other."""
    weights = SharedWeights()
    plain, thin = subnetwork(nested, NARROW), subnetwork(nested, THIN)
    names = [network.names for network in (plain, thin)]
    one, other = (network["classifier.linear.weight"] for network in names)
    assert one.place == other.place and one.full != other.full
    assert names[0]["stem.conv.weight"] == names[1]["stem.conv.weight"]     # the image comes in
    for network in (plain, thin):
        weights.meet(network)
    together = len(weights.tensors)
    weights.load(plain)
    said = output(plain)
    weights.apart = True
    assert len(weights.meet(plain).copied) == len(weights.tensors) - together > 0
    weights.meet(thin)
    weights.load(plain)
    assert torch.equal(output(plain), said)
    F.cross_entropy(output(thin), torch.arange(8)).backward()
    weights.collect(thin)
    moved = {name for name, number in weights.numbers.items()
             if weights.tensors[number].grad is not None}
    assert other.full in moved and one.full not in moved


def test_a_context_that_was_never_met_has_the_weights_of_its_place(nested: Genotype) -> None:
    weights = SharedWeights()
    weights.meet(subnetwork(nested, WIDE))
    weights.apart = True
    weights.meet(subnetwork(nested, WIDE))
    other = subnetwork(nested, {**WIDE, "body.plain.repeat": 2})
    weights.load(other)
    with pytest.raises(ScoreError, match=r"no network that was trained had body\S*dw"):
        weights.load(subnetwork(nested, THIN))
    smaller = SharedWeights()
    smaller.meet(subnetwork(nested, THIN))
    with pytest.raises(ScoreError, match="had so large a stem"):
        smaller.load(subnetwork(nested, {**THIN, "c": 8}))


def test_each_option_is_dealt_once_a_round(nested: Genotype) -> None:
    paths = FairPaths(nested, 3)
    drawn = [paths() for _ in range(24)]
    for start in range(0, 24, 2):
        pair = drawn[start:start + 2]
        for hole in ("c", "stem.conv.k", "body"):
            assert len({at.decisions[hole] for at in pair}) == 2
    depths = [at.decisions["body.plain.repeat"] for at in drawn if at.decisions["body"] == "plain"]
    assert Counter(depths) == {1: 4, 2: 4, 3: 4}
    assert depths[:3] != depths[3:6] or depths[3:6] != depths[6:9]
    again = FairPaths(nested, 3, dict(paths.dealt))
    assert [again().decisions for _ in range(5)] == [paths().decisions for _ in range(5)]


def test_paths_of_drawn_costs_are_inside_and_spread(nested: Genotype) -> None:
    everything = Budget("1G")
    at = find_inside(nested, everything)
    assert at is not None and isinstance(paths_for(nested, everything, at, 0), FairPaths)
    space = load("digits")
    budget = Budget("200K", least_macs=20_000)
    inside = find_inside(space, budget)
    assert inside is not None
    paths = paths_for(space, budget, inside, 0)
    assert isinstance(paths, CostPaths)
    macs = sorted(paths().macs for _ in range(60))
    assert all(20_000 <= m <= 200_000 for m in macs)
    assert sum(m > 110_000 for m in macs) > 15 and sum(m < 110_000 for m in macs) > 15
    assert 0 < BAND < 1


def test_the_largest_and_the_smallest_have_the_same_choices(nested: Genotype) -> None:
    at = point(nested, first, {"body": "plain", "c": 4, "body.plain.repeat": 2})
    assert [is_ordered(at.holes[n]) for n in ("c", "stem.conv.k", "body", "body.plain.repeat")] == [
        True, True, False, True]
    assert largest(nested, at).decisions == {**WIDE} and smallest(nested, at).decisions == {**NARROW}


@pytest.mark.parametrize(("sandwich", "recipe"), [(False, "quick"), (True, "quick"), (False, "sinet-cifar")])
def test_it_resumes_as_if_it_had_not_been_interrupted(nested: Genotype, sandwich: bool, recipe: str,
                                                      tmp_path: Path) -> None:
    """At every epoch, before and after contexts have weights of their own; with both optimisers."""
    wanted = task(nested, 3, sandwich=sandwich, recipe=recipe)
    whole = SupernetTraining(replace(wanted), CPU)
    whole.run(3)
    whole.save(tmp_path / "whole")
    for _ in range(3):
        part = SupernetTraining(replace(wanted), CPU)
        part.resume(tmp_path / "parts")
        part.run(part.epoch + 1)
        part.save(tmp_path / "parts")
    ours, theirs = (load_file(tmp_path / name) for name in ("parts", "whole"))
    assert ours.keys() == theirs.keys() and whole.weights.apart
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert [(r.epoch, r.loss, r.rate) for r in part.curve] == [
        (r.epoch, r.loss, r.rate) for r in whole.curve]


def test_networks_learn_together_and_are_ranked(nested: Genotype, tmp_path: Path) -> None:
    wanted = task(nested, 10, share=0.5)
    rate = {**wanted.recipe.optimiser_settings, "lr": 0.03}     # so that few steps are enough
    wanted = replace(wanted, recipe=replace(wanted.recipe, optimiser_settings=rate))
    training = SupernetTraining(wanted, CPU)
    training.run(10)
    training.save(tmp_path / "file")
    assert training.curve[-1].loss < 0.7 * training.curve[0].loss
    scorer = SupernetScorer(wanted, tmp_path / "file", CPU)
    values = [scorer(d) for d in (WIDE, NARROW, THIN)]
    assert values == [scorer(d) for d in (WIDE, NARROW, THIN)]
    assert values[0].loss < values[2].loss and values[0].accuracy > 50


@pytest.mark.parametrize("damage", ["bytes", "names", "shape", "another", "short"])
def test_a_damaged_file_is_told_in_a_sentence(nested: Genotype, damage: str, tmp_path: Path) -> None:
    wanted, file = task(nested, 2), tmp_path / "weights.safetensors"
    training = SupernetTraining(wanted, CPU)
    training.run(1)
    training.save(file)
    about = {"what": dict(wanted.what), "apart": False, "names": ["a"], "dealt": {}, "scaler": {},
             "curve": []}
    tensor = torch.zeros(3)
    if damage == "bytes":
        file.write_bytes(file.read_bytes()[:-100])
    elif damage == "names":
        save_file({"0.weight": tensor}, file, {"supernet": json.dumps(about)})
    elif damage == "shape":
        save_file({"0.weight": tensor, "0.average": torch.zeros(4)}, file, {"supernet": json.dumps(about)})
    elif damage == "another":
        wanted = replace(wanted, seed=1)
    with pytest.raises(DataError, match="another training" if damage == "another" else
                       "not trained to their end" if damage == "short" else "damaged") as told:
        SupernetScorer(wanted, file, CPU)
    assert str(file) in str(told.value) and "\n" not in str(told.value)


def test_a_training_that_diverges_is_told(nested: Genotype) -> None:
    wanted = task(nested, 2, recipe="sinet-cifar")
    settings = {**wanted.recipe.optimiser_settings, "lr": 1e30}
    training = SupernetTraining(replace(wanted, recipe=replace(wanted.recipe, crop=None, flip=False,
                                                               optimiser_settings=settings)), CPU)
    with pytest.raises(TrainingError, match="shared weights diverged"):
        training.run(2)


OPTIONS = TrainOptions("digits", validation=0.8, supernet=4, contexts=True, device="cpu")


def values(folder: Path, trials: int, told: list[str] | None = None) -> list[float | None]:
    given = Settings("digits", Budget.read("60K"), 8, 0, "random", trials, 32, 10, ("supernet",),
                     warm_start=False, train=OPTIONS)
    with open_study(given, folder, "s") as study:
        study.prepare(told.append if told is not None else lambda text: None)
        study.run(lambda done: None)
        return [t.value for t in study.trials()]


def test_a_search_is_continued_with_the_weights_it_has(tmp_path: Path) -> None:
    first, again = [], []
    begun, ended = values(tmp_path / "one", 2, first), values(tmp_path / "one", 4, again)
    with torch.no_grad(), torch.device("meta"):         # as callers may set them
        assert ended == values(tmp_path / "two", 4) and ended[:2] == begun
    assert len({value for value in ended if value is not None}) > 1
    assert [text.partition(",")[0] for text in first] == [
        f"training shared weights: epoch {n} of 4" for n in range(1, 5)] and not again
    files = {p.name for p in (tmp_path / "one" / "supernet").iterdir()}
    assert {"weights.safetensors"} <= files <= {"weights.safetensors", "lock"}


def test_a_training_that_is_stopped_is_gone_on_with(tmp_path: Path) -> None:
    """By Ctrl-C between two epochs, say."""
    given = Settings("digits", Budget.read("60K"), 8, 0, "random", 1, 32, 10, ("supernet",),
                     warm_start=False, train=OPTIONS)
    for wanted in (["1", "2"], ["3", "4"]):
        with open_study(given, tmp_path, "s") as study:
            told: list[str] = []
            study.prepare(told.append, lambda told=told, wanted=wanted: len(told) == len(wanted))
            assert [text.split()[4] for text in told] == wanted


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--budget", "60K", "--space", "digits", "--studies", str(tmp_path), "--objective",
                 "supernet", "--data", "digits", "--supernet-epochs", "1", "--train-device", "cpu",
                 "--trials", "2", "--no-warm-start", "--sampler", "random", "--sandwich",
                 "--validation", "0.8"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "shared weights: recipe quick, 1 epoch of 179 images of digits" in out
    assert "sandwich" in out and "shared loss" in out


@pytest.mark.parametrize(("more", "message"), [
    (["--objective", "supernet"], "--objective supernet needs --data: digits"),
    (["--objective", "supernet", "--data", "digits", "--epochs", "3"],
     "--epochs is for --objective train only"),
    (["--objective", "train", "--data", "digits", "--supernet-epochs", "3"],
     "--supernet-epochs is for --objective supernet only"),
    (["--sandwich"], "--sandwich is for --objective supernet only"),
])
def test_mistakes_are_one_sentence(more: list[str], message: str, tmp_path: Path,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--budget", "100K", "--space", "digits", "--studies", str(tmp_path), *more]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1


def test_networks_with_too_few_outputs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SearchspaceError, match="have 4 outputs, and digits has 10 classes"):
        search("digits", "60K", "supernet", 1, train=OPTIONS, folder=tmp_path, classes=4)


@pytest.mark.slow
@pytest.mark.parametrize("name", spaces())
def test_all_bundled_spaces_have_names_for_their_weights(name: str) -> None:
    """All weights of random networks are named, and once; networks share most of their places."""
    space, rng = load(name), random.Random(0)
    places: Counter[str] = Counter()
    for _ in range(8):
        expansion = trace(space, sample(space, rng).decisions)
        names = [n for n, node in zip(shared_names(expansion), expansion.nodes, strict=True)
                 if node.cost.params]
        assert len({n.full for n in names}) == len(names)
        places.update({n.place for n in names})
    assert sum(count > 1 for count in places.values()) > len(places) / 8


@pytest.mark.slow
@pytest.mark.parametrize("name", spaces())
def test_all_bundled_spaces_share_weights(name: str) -> None:
    """Small images; what one network met, the next one grows, and both compute."""
    space, rng = load(name, classes=10).with_input(32), random.Random(1)
    weights = SharedWeights()
    networks = [subnetwork(space, sample(space, rng).decisions) for _ in range(2)]
    for apart in (False, True):
        weights.apart = apart
        for network in networks:
            weights.meet(network)
        for network in networks:
            weights.load(network, averaged=True)
