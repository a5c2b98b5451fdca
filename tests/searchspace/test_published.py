"""Every bundled network against its paper, its reference implementation, torch and fvcore."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import bundled
import pytest
import torch
from bundled import each_family, expanded, network

from searchspace import build
from searchspace.building.verify import verify
from searchspace.zoo.figures import Figure, comparisons, standing

# Structures from public code or a drawn graph, for which nobody printed a count.
NO_FIGURES = ("darts@nasnet-cifar", "pnasnet@large-1001", "randwire-small@ba", "randwire-small@er")

# How the weights were trained whose accuracies the genotypes list.
RECIPES = ("bvlc", "densenet-torch", "henet", "imgclsmob", "megvii", "modern", "paper",
           "senet-caffe", "sinet", "slim", "timm-a1", "timm-a2", "timm-a3", "torchvision-v1", "torchvision-v2")

# Data sets and their classes. SINet's Tables 3 and 4 count hosts of 1,000 classes and train them, with
# 100, on CIFAR-100.
DATA = {"imagenet": (1000,), "cifar100": (100, 1000), "svhn": (10,)}

MACS = {name: cost.macs for name, cost in bundled.costs().items()}
# With real numbers these take long: they are run without, and the largest are not counted by fvcore.
LARGE = tuple(name for name in bundled.NAMES if MACS[name] >= 1e9)
LARGEST = tuple(name for name in bundled.NAMES if MACS[name] >= 3e9)
# What takes seconds a network is done every day for these, which have every operation between them;
# for the others it stands behind the marker.
EVERYDAY = ("shufflenet-henet@repeat2-cifar10", "mobilenet-v3-small@0.75", "shiftnet@C",
            "shufflenet-v2@0.5", "randwire-small@ws", "condensenet@cifar-86", "hcgnet@a1",
            "alexnet@grouped", "googlenet@torchvision", "cbam-resnet@50", "convnext-v2@atto",
            "hgnet-v2@b0", "ghostnet-v2@1.0")


def costly(names: Iterable[str]) -> list[Any]:
    return [pytest.param(name, marks=() if name in EVERYDAY else pytest.mark.slow)
            for name in names]


def test_everyday_networks_have_every_operation() -> None:
    def kinds(names: Iterable[str]) -> set[str]:
        return {node.op.kind for name in names for node in expanded(name).nodes}

    assert kinds(EVERYDAY) == kinds(bundled.NAMES)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """A worker of the test run has one core; more threads only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@each_family
def test_exact_counts_are_met_to_the_last_digit(names: tuple[str, ...]) -> None:
    for name in names:
        header, counted = network(name).header, bundled.costs()[name]
        if header.exact is not None:    # else only the paper's rounded figures are known
            assert (counted.params, counted.macs) == (header.exact.params, header.exact.macs), name
            assert standing(header, counted) in ("exact", header.status), name


@each_family
def test_every_network_has_a_source_and_figures_to_meet(names: tuple[str, ...]) -> None:
    for name in names:
        header = network(name).header
        assert header.source, name
        assert bool(header.published or header.exact) is (name not in NO_FIGURES), name
        if header.published:
            assert comparisons(header, expanded(name)) or header.published.top1, name
            assert header.published.table, name
        if header.exact:
            assert header.exact.of, name


@each_family
def test_published_figures_are_met_or_the_note_names_them(names: tuple[str, ...]) -> None:
    """By the paper's own rule; a calibrated network explains in its note that it misses some."""
    for name in names:
        header = network(name).header
        for figure in comparisons(header, expanded(name)):
            if header.status == "calibrated":
                assert header.note, name
                assert abs(figure.difference) < 6, name
            elif not figure.met:
                assert header.note, name
                digits, unit = re.fullmatch(r"([0-9.]+)(\w)", figure.printed).groups()
                assert f"{digits} {unit}" in header.note, (
                    f"{name}: {figure.printed} {figure.what} are published, {figure.ours:,} counted")


@pytest.mark.parametrize("name", costly(n for n in bundled.NAMES if n not in LARGEST))
def test_torch_and_fvcore_see_the_same(name: str) -> None:
    checks = verify(network(name))
    assert len(checks) == 4
    assert [c for c in checks if not c.agrees] == []


@pytest.mark.parametrize("name", costly([*LARGEST, "googlenet@torchvision"]))
def test_torch_sees_the_same_without_numbers(name: str) -> None:
    checks = verify(network(name), numbers=False)
    assert len(checks) == 3
    assert [c for c in checks if not c.agrees] == []


@pytest.mark.parametrize("name", costly(bundled.NAMES))
def test_it_runs_forward_and_backward(name: str) -> None:
    """Scores for two images at the network's input size, and a gradient for every parameter."""
    device = "meta" if name in LARGE else "cpu"
    expansion = expanded(name)
    torch.manual_seed(0)
    with torch.device(device):
        module = build(network(name)).train()
        scores = module(torch.randn(2, *expansion.input))
    assert tuple(scores.shape) == (2, expansion.nodes[expansion.output].shape[0])
    assert device == "meta" or bool(scores.isfinite().all())
    scores.square().sum().backward()
    assert [n for n, p in module.named_parameters() if p.grad is None] == []


@each_family
def test_accuracies_say_what_they_are_of(names: tuple[str, ...]) -> None:
    for name in names:
        found = network(name).header.accuracies
        for a in found:
            assert expanded(name).nodes[-1].shape[0] in DATA[a.data], name
            assert a.recipe in RECIPES and a.of, name
            assert 0 < a.top1 < 100, name
        assert len({(a.data, a.recipe, a.size) for a in found}) == len(found), name


def test_the_readme_counts_what_is_bundled() -> None:
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split())
    found = Counter(standing(network(name).header, counted)
                    for name, counted in bundled.costs().items())
    assert f"{len(bundled.NAMES)} networks of {len(bundled.FAMILIES)} families" in readme
    assert f"{found['exact']} equal the counts of a public implementation" in readme
    assert f"of {found['published only']} only the paper's rounded figures are known" in readme
    assert f"{found['calibrated']} are *calibrated*" in readme
    assert f"{found['unsettled']} *unsettled*" in readme
    assert f"{found['']} have no published figures" in readme
    assert sum(found.values()) == sum(found[kind] for kind in (
        "exact", "published only", "calibrated", "unsettled", ""))


def test_an_unmet_figure_would_be_seen() -> None:
    assert not Figure.read("3.4M").stands_for(bundled.costs()["mobilenet-v2@1.0"].params)


# What an implementation may do otherwise at equal counts; a note names each, or says that nothing differs.
UNSEEN = ("eps", "momentum", "padding", "pooling", "order")
IMPLEMENTATIONS = ("timm", "torchvision", "pytorchcv")


@each_family
def test_the_note_says_what_differs_from_an_implementation_at_equal_counts(
        names: tuple[str, ...]) -> None:
    for name in names:
        header = network(name).header
        words = header.exact.of.split() if header.exact else ()
        if set(IMPLEMENTATIONS).intersection(words):
            assert [word for word in UNSEEN if word not in header.note] == [], name
