"""The papers' counting rules, printed figures, and the rows of the cost table."""

from pathlib import Path

import pytest
from bundled import costs, each_family, expanded, network

from searchspace import Cost, SearchspaceError, cost, load
from searchspace.expansion import trace
from searchspace.notation.metadata import RULES as NAMES
from searchspace.summary import operations, stages
from searchspace.zoo.counting_rules import RULES
from searchspace.zoo.figures import Figure


def counted(rule: str, name: str, **args: object) -> Cost:
    return RULES[rule](trace(load(name, **args)))


def test_every_rule_that_a_header_may_name_exists() -> None:
    assert tuple(RULES) == NAMES


@each_family
def test_the_rule_macs_is_the_cost(names: tuple[str, ...]) -> None:
    for name in names:
        assert RULES["macs"](expanded(name)) == costs()[name], name


@pytest.mark.parametrize(("name", "params"), [
    ("henet@repeat2-cifar10", 507_154), ("henet@repeat3-cifar10", 641_218),
    ("henet@repeat4-cifar10", 775_282), ("henet@repeat2-cifar100", 507_154 + 17_370),
    ("henet@repeat3-cifar100", 641_218 + 17_370), ("henet@repeat4-cifar100", 775_282 + 17_370),
])
def test_henet_counts_parameters_as_if_ungrouped(name: str, params: int) -> None:
    assert counted("henet", name).params == params


def test_henet_charges_the_first_block_of_a_stage_with_twice_its_channels() -> None:
    graph = {node.name: node.cost.macs for node in trace(load("henet")).nodes}
    extra = sum(graph[f"stage{i}.0.mix"] for i in (1, 2, 3))
    assert counted("henet", "henet").macs == cost(load("henet")).macs + extra


@pytest.mark.parametrize(("name", "classes", "macs"), [
    ("hcgnet@a1", 10, 162_259_282), ("hcgnet@a1", 100, 162_296_632),
    ("hcgnet@a3", 100, 1_993_061_080), ("hcgnet@b", 1000, 2_040_802_808),
])
def test_hcgnet_counts_as_its_authors_counter(name: str, classes: int, macs: int) -> None:
    assert counted("hcgnet", name, classes=classes).macs == macs


@pytest.mark.parametrize(("name", "macs"), [
    ("74-g4", 530_360_264), ("74-g8", 275_265_480), ("cifar-182", 512_671_594)])
def test_condensenet_counts_as_its_authors_counter(name: str, macs: int) -> None:
    """Their counter on the network in training, whose classifier has all its inputs still."""
    *_, pruned, classifier = trace(load(f"condensenet@{name}")).nodes
    assert counted("condensenet", f"condensenet@{name}").macs + classifier.cost.macs == macs
    assert pruned.op.kind == "index"


@pytest.mark.parametrize(("width", "macs"), [("1.0", "207.9M"), ("1.2", "285.6M"),
                                             ("1.6", "477.0M"), ("1.8", "590.9M")])
def test_sinet_counts_convolutions_only(width: str, macs: str) -> None:
    assert Figure.read(macs).stands_for(counted("conv", f"sinet@{width}").macs)


# The figures of SqueezeNext's paper, Table 3: its own four networks and SqueezeNet beside them.
@pytest.mark.parametrize(("name", "macs"), [
    ("squeezenext@1.0-23", "282M"), ("squeezenext@1.0-23v5", "228M"), ("squeezenext@2.0-23", "749M"),
    ("squeezenext@2.0-23v5", "708M"), ("squeezenet@1.0-227", "837M")])
def test_squeezenext_counts_biases(name: str, macs: str) -> None:
    assert Figure.read(macs).stands_for(counted("bias", name).macs)


def test_a_bias_is_a_parameter_a_channel_and_counted_once() -> None:
    assert counted("bias", "squeezenext").params == cost(load("squeezenext", bias=True)).params
    assert counted("bias", "squeezenet").params == cost(load("squeezenet")).params


@pytest.mark.parametrize(("r", "thousands"), [(2, 357), (3, 515), (4, 674), (5, 833)])
def test_henet_counts_the_shufflenets_beside_it_as_ungrouped_too(r: int, thousands: int) -> None:
    ten = counted("henet", "shufflenet-henet", r=r)
    assert ten.params // 1000 == thousands
    assert counted("henet", "shufflenet-henet", r=r, classes=100).params - ten.params == 17_370
    assert ten.macs == cost(load("shufflenet-henet", r=r)).macs     # no unit has twice its channels


@pytest.mark.parametrize(("g", "printed"), [(1, "143M"), (2, "140M"), (3, "137M"), (4, "133M"),
                                            (8, "137M")])
def test_shufflenet_counts_convolutions_only_in_its_table_1(g: int, printed: str) -> None:
    assert Figure.read(printed).stands_for(counted("conv", "shufflenet-v1", g=g).macs)


@pytest.mark.parametrize(("text", "count", "stands"), [
    ("3.4M", 3_400_000, True), ("3.4M", 3_449_999, True), ("3.4M", 3_499_999, True),
    ("3.4M", 3_500_000, False), ("3.4M", 3_349_999, False), ("3.4M", 3_350_000, True),
    ("0.16G", 162_259_282, True), ("0.50G", 503_415_834, True), ("0.50G", 515_000_000, False),
    ("300M", 300_774_272, True), ("300M", 301_000_000, False), ("792K", 792_652, True),
])
def test_a_figure_stands_for_what_rounds_or_is_cut_off_to_it(text: str, count: int,
                                                            stands: bool) -> None:
    assert Figure.read(text).stands_for(count) is stands


def test_the_difference_is_in_percent_of_the_figure() -> None:
    assert Figure.read("200M").difference(210_000_000) == pytest.approx(5)
    assert Figure.read("200M").difference(190_000_000) == pytest.approx(-5)


@pytest.mark.parametrize("text", ["", "many", "3.4 X", "-3M", "0M"])
def test_what_is_no_figure_is_refused(text: str) -> None:
    with pytest.raises(SearchspaceError, match="amount"):
        Figure.read(text)


@each_family
def test_table_rows_add_up_and_end_where_the_network_ends(names: tuple[str, ...]) -> None:
    for name in names:
        expansion = expanded(name)
        for rows in (stages(network(name), expansion), operations(expansion)):
            assert sum((row.cost for row in rows), Cost()) == expansion.cost(), name
            live = [row for row in rows if row.shape is not None]
            assert live[-1].shape == expansion.nodes[expansion.output].shape, name
            assert len({row.name for row in rows}) == len(rows), name


def test_repeats_of_one_kind_share_a_row() -> None:
    genotype = load("mobilenet-v2")
    rows = {row.name: row for row in stages(genotype, trace(genotype))}
    assert rows["stage4.1–3"].times == 3
    assert rows["stage4.0"].times == 1
    henet = load("henet")
    assert {row.name: row.times for row in stages(henet, trace(henet))}["stage1"] == 3


def test_a_shortcut_that_falls_away_is_in_sight() -> None:
    genotype = load("mobilenet-v2")
    remarks = {row.name: "; ".join(row.remarks) for row in stages(genotype, trace(genotype))}
    assert "no shortcut: 16×112×112 is not 24×56×56" in remarks["stage2.0"]
    assert remarks["stage2.1"] == ""
    noted = {row.name for row in operations(trace(genotype)) if row.remarks}
    assert {"stage1.0.residual", "stage2.0.residual"} <= noted


def test_an_operation_that_leads_nowhere_and_a_split_have_their_rows(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("name: n\ninput: [4, 8, 8]\nnet:\n  - split: {as: [a, b]}\n"
                    "  - conv: {from: a, out: 8, as: dead}\n  - conv: {from: b, out: 8}\n",
                    encoding="utf-8")
    rows = {row.name: row for row in stages(load(file), trace(load(file)))}
    assert list(rows) == ["split", "dead", "conv"]
    assert rows["dead"].shape is None
    assert rows["dead"].remarks == ("leads nowhere and is left out",)
