"""What every training-free score must do, whatever it measures; parametrised over the registry."""

import math
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from bundled import NAMES, cheapest
from torch import nn

from search.errors import ScoreError
from search.scores.__main__ import main as list_scores
from search.scores.base import ScoringSubject, TrainingFree, usual_batch
from search.scores.rate import PREDICTED
from search.scores.registry import (
    BASELINES,
    DEFAULT_SCORE,
    RELATIVE,
    SCORES,
    STANDARD,
    find_score,
    names,
)
from search.scores.relative import Relative, Scored, measured
from searchspace import Genotype, SearchspaceError, load, spaces
from searchspace.expansion import trace
from searchspace.notation.holes import Decisions
from searchspace.space.point import point

SINGLE = [s for s in SCORES.values() if s.name not in PREDICTED]     # those refuse most networks
SMALL = {
    "plain": "- conv: {out: 12, stride: 2}\n- conv: {out: 16}\n- conv: {out: 16}\n- gap:\n- linear: {out: 10}",
    "gated": "- conv: {out: 8, act: hswish}\n- se: {r: 4}\n- mbconv: {out: 8, t: 3, k: 3}\n- gap:\n- linear: {out: 10}",
    "unnormalised": "- conv: {out: 8, bn: false, bias: true}\n- conv: {out: 12, bn: false, act: tanh}\n- gap:\n- linear: {out: 10}",
    "branched": ("- conv: {out: 8, as: a}\n- conv: {from: a, out: 8, k: 1, act: relu6, as: b}\n"
                 "- conv: {from: a, out: 8, k: 5, act: gelu, as: c}\n- concat: {from: [b, c]}\n"
                 "- conv: {out: 8, stride: 2}\n- conv: {out: 4, k: 1}\n- linear: {out: 3}"),
}


def subject(genotype: Genotype, seed: int = 1, size: int | None = None, batch: int = 6) -> ScoringSubject:
    decisions = small(genotype, random.Random(seed)) if genotype.is_space else None
    return ScoringSubject(genotype, decisions, size or trace(genotype, decisions).input[-1], batch, 0, seed)


def small(space: Genotype, rng: random.Random) -> Decisions:
    """Random decisions, with the smallest width."""
    return point(space, lambda _, hole: hole.labels[0] if hole.kind == "solve" else
                 rng.choice(hole.labels)).decisions


@pytest.fixture(scope="module", params=SMALL)
def network(request: pytest.FixtureRequest, genotype: Callable[..., Genotype]) -> Genotype:
    return genotype(SMALL[request.param])


@pytest.mark.parametrize("score", SINGLE, ids=lambda s: s.name)
def test_finite_repeatable_and_without_traces(score: TrainingFree, network: Genotype) -> None:
    one = subject(network)
    net, nodes = one.network.train(), one.nodes.eval()
    before = [{k: v.clone() for k, v in m.state_dict().items()} for m in (net, nodes)]
    flags = [[x.training for x in m.modules()] for m in (net, nodes)]
    images, state = one.images.clone(), torch.get_rng_state()
    value = score(one)
    assert math.isfinite(value)
    assert score(one) == value == score(subject(network))
    assert torch.equal(torch.get_rng_state(), state) and torch.equal(one.images, images)
    for m, kept, trained in zip((net, nodes), before, flags, strict=True):
        assert all(torch.equal(v, kept[k]) for k, v in m.state_dict().items())
        assert [x.training for x in m.modules()] == trained
        assert all(p.grad is None and p.requires_grad for p in m.parameters())


@pytest.mark.parametrize("score", SINGLE, ids=lambda s: s.name)
def test_the_record_tells_what_is_looked_at(score: TrainingFree, network: Genotype) -> None:
    """Another draw of weights changes what builds the network (SynFlow: its sizes), another draw
    of images what needs them; nothing else."""
    value = score(subject(network))
    drawn = score(replace(subject(network), weight_seed=7))
    shown = score(replace(subject(network), data_seed=7))
    if not score.uses_torch:
        assert drawn == shown == value
    elif not {"images", "noise"} & set(score.needs):
        assert drawn != value and shown == value
    elif score.name not in ("meco", "swap"):     # these may be at their ends
        assert drawn != value or shown != value
    assert score.source and score.failures.endswith(".") and score.passes
    assert ("gradients" in score.needs) == (score.backward > 0)


class Written(nn.Module):
    """A non-linearity of a class that no score can know."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


FUNCTIONS: dict[type[nn.Module], list[Callable[[torch.Tensor], torch.Tensor]]] = {
    nn.ReLU: [F.relu, lambda x: F.relu(x, inplace=True), torch.ops.aten.relu.default],
    nn.ReLU6: [F.relu6, lambda x: F.hardtanh(x, 0, 6), F.relu6],
    nn.Hardswish: [F.hardswish, lambda x: F.hardswish(x, inplace=True), F.hardswish],
    nn.Sigmoid: [torch.sigmoid, lambda x: x.sigmoid_(), torch.special.expit],
    nn.Hardsigmoid: [F.hardsigmoid] * 3, nn.Tanh: [torch.tanh, lambda x: x.tanh_(), torch.tanh],
    nn.GELU: [F.gelu] * 3,
}


@pytest.mark.parametrize("way", range(3), ids=["function", "in place", "operator"])
@pytest.mark.parametrize("score", [s for s in SINGLE if s.uses_torch], ids=lambda s: s.name)
def test_how_a_non_linearity_is_written_does_not_matter(score: TrainingFree, way: int,
                                                        network: Genotype) -> None:
    expected, other = score(subject(network)), subject(network)
    swapped = 0
    for root in (other.network, other.nodes):
        for module in list(root.modules()):
            for name, child in list(module.named_children()):
                if type(child) in FUNCTIONS:
                    setattr(module, name, Written(FUNCTIONS[type(child)][way]))
                    swapped += 1
    assert swapped >= 4
    assert score(other) == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("space", [
    pytest.param(name, marks=() if name in ("digits", "he", "si") else pytest.mark.slow)
    for name in spaces()])
def test_finite_on_every_space(space: str) -> None:
    """One random network a space, narrow, for small images."""
    size = {"he": 63, "digits": 8}.get(space, 32)
    one = subject(load(space).with_input(size), 3, batch=4)
    for score in SINGLE:
        assert math.isfinite(score(one)), score.name


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.slow if name in cheapest() else pytest.mark.campaign)
    for name in NAMES])
def test_finite_on_every_bundled_network(name: str) -> None:
    genotype = load(name)
    for size in (32, 64, 96, 224):          # some are too deep for small images
        try:
            at = genotype.with_input(size) if genotype_size(genotype) > size else genotype
            one = subject(at, batch=4)
            one.expansion.cost()
            break
        except SearchspaceError:
            continue
    for score in SINGLE:
        assert math.isfinite(score(one)), score.name


def genotype_size(genotype: Genotype) -> int:
    return trace(genotype).input[-1]


def reference(space: Genotype, score: Relative, count: int) -> list[Scored]:
    return [measured(score.parts, subject(space, seed, batch=4)) for seed in range(count)]


@pytest.mark.parametrize("score", [*RELATIVE.values(), STANDARD["naswot-standard"]], ids=lambda s: s.name)
def test_relative_scores_are_finite_and_need_a_reference(score: Relative) -> None:
    space = load("digits")
    known = reference(space, score, 14)
    rate = score.among(known)
    assert all(math.isfinite(rate(network)) for network in known)
    assert len({rate(network) for network in known}) > 10
    with pytest.raises(ScoreError, match="only 5"):
        score.among(known[:5])


def test_small_images_are_many() -> None:
    assert [usual_batch(size) for size in (8, 32, 48, 64, 224)] == [128, 128, 56, 32, 32]


def test_names_lead_to_scores() -> None:
    assert DEFAULT_SCORE in names() and set(BASELINES) < set(SCORES)
    assert all(find_score(name).name == name for name in names())
    with pytest.raises(SearchspaceError, match=r"no score 'naswott'.*naswot"):
        find_score("naswott")


def test_the_list_shows_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert list_scores([]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in SCORES) and "blend" in shown
    assert list_scores(["blend", "zico-standard"]) == 0
    assert "arXiv 2301.11300" in capsys.readouterr().out
    assert list_scores(["nothing"]) == 2
    assert "no score" in capsys.readouterr().err
