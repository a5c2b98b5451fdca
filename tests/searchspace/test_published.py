"""Every bundled network against its paper, its reference implementation, torch and fvcore."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from searchspace import build, cost, load, published
from searchspace.building.verify import verify
from searchspace.expansion import trace
from searchspace.notation.sources import GENOTYPES
from searchspace.zoo.figures import Figure, comparisons, standing

# Structures from public code or a drawn graph, for which nobody printed a count.
NO_FIGURES = ("darts@nasnet-cifar", "pnasnet@large-1001", "randwire-small@ba", "randwire-small@er")

# How the weights were trained whose accuracies the genotypes list.
RECIPES = ("bvlc", "densenet-torch", "henet", "imgclsmob", "megvii", "senet-caffe", "sinet", "slim",
           "timm-a1", "timm-a2", "timm-a3", "torchvision-v1", "torchvision-v2")

# Data sets and their classes. SINet's Tables 3 and 4 count hosts of 1,000 classes and train them, with
# 100, on CIFAR-100.
DATA = {"imagenet": (1000,), "cifar100": (100, 1000), "svhn": (10,)}

each_network = pytest.mark.parametrize("name", published())
MACS = {name: cost(load(name)).macs for name in published()}
# With real numbers these take long: they are run without, and the largest are not counted by fvcore.
LARGE = tuple(name for name in published() if MACS[name] >= 1e9)
LARGEST = tuple(name for name in published() if MACS[name] >= 3e9)
# What takes about a second a network is done for the cheapest of each family; for the others it
# stands behind the marker.
CHEAPEST = {name.partition("@")[0]: name for name in sorted(published(), key=MACS.get, reverse=True)}


def costly(names: Iterable[str]) -> list[Any]:
    return [pytest.param(name, marks=() if name in CHEAPEST.values() else pytest.mark.slow)
            for name in names]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """A worker of the test run has one core; more threads only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@each_network
def test_exact_counts_are_met_to_the_last_digit(name: str) -> None:
    genotype = load(name)
    exact = genotype.header.exact
    if exact is None:
        pytest.skip("only the paper's rounded figures are known")
    assert cost(genotype).params == exact.params
    assert cost(genotype).macs == exact.macs
    assert standing(genotype.header, cost(genotype)) in ("exact", genotype.header.status)


@each_network
def test_every_network_has_a_source_and_figures_to_meet(name: str) -> None:
    header = load(name).header
    assert header.source
    assert bool(header.published or header.exact) is (name not in NO_FIGURES)
    if header.published:
        assert comparisons(header, trace(load(name))) or header.published.top1
        assert header.published.table
    if header.exact:
        assert header.exact.of


@each_network
def test_published_figures_are_met_or_the_note_names_them(name: str) -> None:
    """By the paper's own rule; a calibrated network explains in its note that it misses some."""
    genotype = load(name)
    header = genotype.header
    for figure in comparisons(header, trace(genotype)):
        if header.status == "calibrated":
            assert header.note
            assert abs(figure.difference) < 6
        elif not figure.met:
            assert header.note
            digits, unit = re.fullmatch(r"([0-9.]+)(\w)", figure.printed).groups()
            assert f"{digits} {unit}" in header.note, (
                f"{name}: {figure.printed} {figure.what} are published, {figure.ours:,} counted")


@pytest.mark.parametrize("name", costly(n for n in published() if n not in LARGEST))
def test_torch_and_fvcore_see_the_same(name: str) -> None:
    checks = verify(load(name))
    assert len(checks) == 4
    assert [c for c in checks if not c.agrees] == []


@pytest.mark.parametrize("name", costly(LARGE))
def test_torch_sees_the_same_without_numbers(name: str) -> None:
    checks = verify(load(name), numbers=False)
    assert len(checks) == 3
    assert [c for c in checks if not c.agrees] == []


@pytest.mark.parametrize("name", costly(published()))
def test_it_runs_forward_and_backward(name: str) -> None:
    """Scores for two images at the network's input size, and a gradient for every parameter."""
    device = "meta" if name in LARGE else "cpu"
    genotype = load(name)
    expansion = trace(genotype)
    torch.manual_seed(0)
    with torch.device(device):
        network = build(genotype).train()
        scores = network(torch.randn(2, *expansion.input))
    assert tuple(scores.shape) == (2, expansion.nodes[expansion.output].shape[0])
    assert device == "meta" or bool(scores.isfinite().all())
    scores.square().sum().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("file", sorted(p.stem for p in GENOTYPES.rglob("*.yaml")))
def test_accuracies_say_what_they_are_of(file: str) -> None:
    for name in (n for n in published() if n.partition("@")[0] == file):
        found = load(name).header.accuracies
        for a in found:
            assert trace(load(name)).nodes[-1].shape[0] in DATA[a.data]
            assert a.recipe in RECIPES and a.of
            assert 0 < a.top1 < 100
        assert len({(a.data, a.recipe, a.size) for a in found}) == len(found)


def test_the_readme_counts_what_is_bundled() -> None:
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split())
    found = Counter(standing(load(name).header, cost(load(name))) for name in published())
    assert f"{len(published())} networks of {len({n.partition('@')[0] for n in published()})} families" \
        in readme
    assert f"{found['exact']} equal the counts of a public implementation" in readme
    assert f"of {found['published only']} only the paper's rounded figures are known" in readme
    assert f"{found['calibrated']} are *calibrated*" in readme
    assert f"{found['unsettled']} *unsettled*" in readme
    assert f"{found['']} have no published figures" in readme
    assert sum(found.values()) == sum(found[kind] for kind in (
        "exact", "published only", "calibrated", "unsettled", ""))


def test_an_unmet_figure_would_be_seen() -> None:
    assert not Figure.read("3.4M").stands_for(cost(load("mobilenet-v2")).params)


# What an implementation may do otherwise at equal counts; a note names each, or says that nothing differs.
UNSEEN = ("eps", "momentum", "padding", "pooling", "order")
IMPLEMENTATIONS = ("timm", "torchvision", "pytorchcv")
# Older files whose notes do not say it yet: none is to be added.
UNSAID = ("alexnet", "cbam-resnet", "darts", "densenet-cifar", "dpn", "googlenet", "inception-v3",
          "nasnet-a", "pnasnet", "preresnet-cifar", "resnet-cifar", "se-resnet", "shufflenet-v1",
          "shufflenet-v1-ports", "sknet", "sparsenet", "squeezenet", "squeezenext", "vgg",
          "wide-resnet", "xception")


@each_network
def test_the_note_says_what_differs_from_an_implementation_at_equal_counts(name: str) -> None:
    header = load(name).header
    words = header.exact.of.split() if header.exact else ()
    if not set(IMPLEMENTATIONS).intersection(words) or name.partition("@")[0] in UNSAID:
        pytest.skip("no public implementation is named, or it is a debt")
    assert [word for word in UNSEEN if word not in header.note] == []
