"""NAS-Bench-201's space: the benchmark's counts, and its networks told apart by an oracle of text."""

import random

import distinct_networks
import pytest
import torch
from distinct_networks import cells, decisions, exact_text

from searchspace import build, cost, load
from searchspace.building.verify import verify
from searchspace.expansion import trace
from searchspace.identity import digest

SPACE = load("nas-bench-201")
# The benchmark's FLOPs are multiply-adds, and count the classifier's bias.
BIAS = 10


def cell(text: str) -> tuple[str, ...]:
    """A cell from its edges 01, 02, 12, 03, 13, 23 by short names."""
    names = {"0": "none", "s": "skip_connect", "1": "nor_conv_1x1", "3": "nor_conv_3x3",
             "p": "avg_pool_3x3"}
    return tuple(names[c] for c in text)


def test_the_holes_are_the_six_edges() -> None:
    assert [hole.name for hole in SPACE.holes] == list(decisions(cell("000000")))
    assert {hole.labels for hole in SPACE.holes} == {distinct_networks.OPERATIONS}


@pytest.mark.parametrize(("name", "classes", "params", "flops"), [
    ("000000", 10, 73_306, 7_783_050), ("333333", 10, 1_531_546, 220_119_690),
    ("000000", 100, 79_156, 7_788_900), ("333333", 100, 1_537_396, 220_125_540)])
def test_the_least_and_the_greatest_cost_are_the_benchmarks(
        name: str, classes: int, params: int, flops: int) -> None:
    found = cost(load("nas-bench-201", classes=classes), decisions(cell(name)))
    assert found.params == params
    assert found.macs + BIAS * classes // 10 == flops


def test_what_leads_nowhere_counts_as_in_the_benchmark() -> None:
    """The figure is the API's for this cell, as an issue about it quotes it."""
    assert cost(SPACE, decisions(cell("s03p33"))).params == 802_426
    assert cost(SPACE, decisions(cell("300000"))).params > cost(SPACE, decisions(cell("0" * 6))).params


@pytest.mark.parametrize("name", ["000000", "30s1p0", "33p1s3"])
def test_networks_are_built_as_they_are_counted(name: str) -> None:
    made = decisions(cell(name))
    assert all(check.agrees for check in verify(load("nas-bench-201", n=1), made))
    net = build(SPACE, made).eval()
    images = torch.randn(2, 3, 32, 32)
    assert (net(images)[0] == net(images)[1]).all() == (name == "000000")    # zeros see nothing


def test_identity_agrees_with_the_text_on_some() -> None:
    """One cell a stage and few channels, where the whole space is compared by the benchmark."""
    small, some = load("nas-bench-201", n=1, c=4), random.Random(0).sample(list(cells()), 1200)
    pairs = {(exact_text(c), digest(trace(small, decisions(c), named=False))) for c in some}
    assert len({text for text, _ in pairs}) == len({name for _, name in pairs}) == len(pairs) < 1100


@pytest.mark.slow
def test_all_networks_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert distinct_networks.main() == 0
    shown = capsys.readouterr().out
    assert " 6,466  as the authors" in shown and " 5,485  identities" in shown
    assert "7,783,040 to 220,119,680 MACs, 73,306 to 1,531,546 params" in shown
