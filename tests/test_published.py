"""Every bundled network against its paper, its reference implementation, torch and fvcore."""

import re
from collections.abc import Iterator

import pytest
import torch

from searchspace import build, cost, load, published
from searchspace.expand import trace
from searchspace.figures import Figure
from searchspace.table import comparisons, standing
from searchspace.verify import verify

each_network = pytest.mark.parametrize("name", published())
SMALL = tuple(name for name in published() if cost(load(name)).macs < 350e6)


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
def test_every_network_has_published_figures_and_a_source(name: str) -> None:
    header = load(name).header
    assert header.source
    assert comparisons(header, trace(load(name)))
    assert header.published is not None
    assert header.published.table


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
            digits, unit = re.fullmatch(r"([0-9.]+)(\w)", figure.printed).groups()
            assert f"{digits} {unit}" in header.note, (
                f"{name}: {figure.printed} {figure.what} are published, {figure.ours:,} counted")


@each_network
def test_torch_and_fvcore_see_the_same(name: str) -> None:
    checks = verify(load(name))
    assert len(checks) == 4
    assert [c for c in checks if not c.agrees] == []


@each_network
def test_it_computes_finite_scores(name: str) -> None:
    genotype = load(name)
    expansion = trace(genotype)
    small = name in SMALL
    with torch.device("cpu" if small else "meta"):
        torch.manual_seed(0)
        network = build(genotype).eval()
        with torch.no_grad():
            scores = network(torch.randn(2, *expansion.input))
    assert tuple(scores.shape) == (2, expansion.nodes[expansion.output].shape[0])
    assert not small or bool(scores.isfinite().all())


@pytest.mark.parametrize("name", SMALL)
def test_every_parameter_gets_a_gradient(name: str) -> None:
    torch.manual_seed(0)
    genotype = load(name)
    network = build(genotype).train()
    network(torch.randn(2, *trace(genotype).input)).square().sum().backward()
    without = [n for n, p in network.named_parameters() if p.grad is None]
    assert without == []


@pytest.mark.parametrize(("name", "args", "params", "macs"), [
    ("hcgnet@a1", {"classes": 100}, 1_102_651, 154_269_036),
    ("hcgnet@a3", {"classes": 100}, 11_363_647, 1_956_425_676),
])
def test_other_arguments_meet_their_reference_too(name: str, args: dict[str, int], params: int,
                                                  macs: int) -> None:
    found = cost(load(name, **args))
    assert (found.params, found.macs) == (params, macs)


def test_an_unmet_figure_would_be_seen() -> None:
    assert not Figure.read("3.4M").stands_for(cost(load("mobilenet-v2")).params)
