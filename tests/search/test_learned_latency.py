"""A cost learned from measured networks: features of the graph, made-up devices, the command."""

import random
from pathlib import Path

import numpy as np
import pytest
from distinct_networks import cells, decisions
from scipy.stats import spearmanr

from search.latency.graph_features import graph_features, layer_counts, live
from search.latency.judge import main
from search.latency.learned import LearnedCost
from searchspace import load
from searchspace.expansion import trace

SPACE = load("nas-bench-201", n=1, c=8)
CELLS = random.Random(0).sample(list(cells()), 240)
NETWORKS = [trace(SPACE, decisions(c)) for c in CELLS]
FEATURES = [graph_features(n) for n in NETWORKS]


def cell(*ops: str) -> dict[str, str]:
    return decisions(tuple({"0": "none", "s": "skip_connect", "1": "nor_conv_1x1",
                            "3": "nor_conv_3x3", "p": "avg_pool_3x3"}[o] for o in "".join(ops)))


@pytest.mark.parametrize(("ops", "alive"), [
    ("000300", {"e03"}),            # one edge
    ("300000", set()),              # leads to a node from which nothing goes on
    ("303001", {"e01", "e12", "e23"}),
    ("030301", {"e02", "e03", "e23"}),
    ("000003", {"e23"}),            # a convolution of zeros leads on; it does not see the image
])
def test_what_leads_only_to_zeros_is_not_live(ops: str, alive: set[str]) -> None:
    network = trace(SPACE, cell(ops))
    kept = live(network)
    last = {node.name.split(".")[2] for node, here in zip(network.nodes, kept, strict=True)
            if here and node.name.startswith("stage3.0.e") and node.op.kind == "conv"}
    assert last == alive
    features = graph_features(network)
    assert features.get("live at stage3.e03.conv3", 0) == ("e03" in alive)
    assert features["all MACs"] == network.cost().macs >= features["live MACs"]
    assert features["all depth"] == longest(network)


def longest(network) -> int:
    import networkx as nx
    graph = nx.DiGraph([(j, i) for i, n in enumerate(network.nodes) for j in n.inputs])
    return nx.dag_longest_path_length(graph)


def test_a_repeat_is_a_position_and_a_kind_of_layer_is_counted() -> None:
    twice = trace(load("nas-bench-201", n=2), cell("333333"))
    features = graph_features(twice)
    assert features["all at stage1.e01.conv3"] == 2
    kinds = layer_counts(twice)
    convolutions = [n for k, n in kinds.items() if "3×3" in k and k.endswith(" 64×8×8")]
    assert max(convolutions) == 2 * 6 + 1       # two cells, and one in the reduction
    assert sum(kinds.values()) == len(twice.nodes)


# Devices: the time of each operation, a launch each, of all operations or of the live ones; one
# waits for the longest path.
def total(network, kept) -> float:
    return sum(1e-3 + n.cost.macs / 1e7 + (0.01 if n.op.kind == "pool" else 0)
               for n, here in zip(network.nodes, kept, strict=True) if here)


DEVICES = {
    "sum of all": lambda i: total(NETWORKS[i], [True] * len(NETWORKS[i].nodes)),
    "sum of the live": lambda i: 0.05 + total(NETWORKS[i], live(NETWORKS[i])),
    "a path": lambda i: 0.05 + FEATURES[i].get("live MACs in a row", 0) / 1e6,
}


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_is_learned_from_sixty_networks(device: str) -> None:
    rng = np.random.default_rng(1)
    costs = [DEVICES[device](i) * (1 + 0.01 * rng.standard_normal()) for i in range(len(CELLS))]
    learned = LearnedCost.fit(FEATURES[:60], costs[:60])
    predicted = learned(FEATURES[60:])
    assert np.corrcoef(predicted, costs[60:])[0, 1] > 0.99
    macs = [n.cost().macs for n in NETWORKS[60:]]
    assert spearmanr(predicted, costs[60:]).statistic > spearmanr(macs, costs[60:]).statistic
    again = LearnedCost.fit(FEATURES[:60], costs[:60])
    assert (again(FEATURES[60:]) == predicted).all()
    with pytest.raises(ValueError, match="4 networks"):
        LearnedCost.fit(FEATURES[:3], costs[:3])


def test_the_command_judges_the_columns_of_a_table(tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    space = tmp_path / "small.yaml"
    space.write_text(Path(SPACE.file).read_text().replace("c: 16, n: 5", "c: 8, n: 1"))
    lines = ["arch,ms,broken"]
    for i, c in enumerate(CELLS):
        a, b, d, e, f, g = c
        ms = -1 if i % 7 == 0 else DEVICES["sum of all"](i)
        lines.append(f"|{a}~0|+|{b}~0|{d}~1|+|{e}~0|{f}~1|{g}~2|,{ms},{-1 if i else 2}")
    table = tmp_path / "t.csv"
    table.write_text("\n".join(lines))
    given = ["--space", str(space), "--table", str(table), "--seeds", "1", "--measured", "40"]
    assert main([*given, "--columns", "ms"]) == 0
    out = capsys.readouterr().out
    assert "MACs alone" in out and " 165 " in out and "ms" in out
    assert main(given) == 2
    assert "'broken' is known of 1 network," in capsys.readouterr().err
