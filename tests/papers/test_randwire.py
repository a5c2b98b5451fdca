"""Randomly wired networks (Xie et al. 2019): their graphs, their stages, and their space."""

from collections.abc import Callable

import networkx as nx
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from searchspace import Genotype, build, cost, fill, load
from searchspace.notation.random_graphs import draw
from searchspace.notation.tree import Map, Scalar


def test_ba_begins_with_m_nodes_without_edges() -> None:
    edges = draw("ba", Map({"n": Scalar(32), "m": Scalar(5)}), seed=3)
    assert len(edges) == 5*(32 - 5)
    assert [sum(b == n for _, b in edges) for n in range(32)] == [0]*5 + [5]*27


@pytest.mark.skipif(not nx.__version__.startswith("3.6"),
                    reason="another networkx may draw other graphs")
@pytest.mark.parametrize("generator", ["ws", "er", "ba"])
def test_networks_are_points_of_the_space(generator: str) -> None:
    network = load(f"randwire-small@{generator}")
    decisions: dict[str, str | int] = {"c": 78}
    for stage in (3, 4, 5):
        decisions |= {f"edges{stage}": generator, f"edges{stage}.{generator}": stage}
    filled = fill(load("randwire"), decisions)
    assert cost(filled) == cost(network)
    for stage in (3, 4, 5):
        name = f"edges{stage}"
        assert filled.document["args"][name] == network.document["args"][name]


def test_a_stage_follows_section_3_2(genotype: Callable[..., Genotype]) -> None:
    net = build(genotype("name: s\ninput: [4, 8, 8]\nnet:\n  - rw_stage: "
                         "{edges: [[0,2], [1,2], [0,3], [2,4], [1,4]], c: 6, as: s}\n")).train()
    w = {name.removeprefix("s.wire."): value for name, value in net.state_dict().items()}
    for name in w:
        if "bn" in name or "join" in name:
            torch.nn.init.normal_(w[name].float(), std=0.5)
    x = torch.randn(3, 4, 8, 8)

    def node(n: int, *inputs: Tensor) -> Tensor:
        """σ-weighted sum, ReLU, separable convolution, batch norm; sources have stride 2."""
        source = n in (0, 1)
        y = inputs[0] if len(inputs) == 1 else sum(
            v.sigmoid()*t for v, t in zip(w[f"{n}.join.weight"], inputs, strict=True))
        own = f"{n}."
        y = F.conv2d(y.relu(), w[own + "dw.conv.weight"], stride=2 if source else 1, padding=1,
                     groups=y.shape[1])
        y = F.conv2d(y, w[own + "conv.conv.weight"])
        return F.batch_norm(y, None, None, w[own + "conv.bn.weight"], w[own + "conv.bn.bias"],
                            training=True)

    a, b = node(0, x), node(1, x)
    c, d = node(2, a, b), node(3, a)
    torch.testing.assert_close(net(x), (d + node(4, c, b)) / 2, rtol=1e-4, atol=1e-5)
