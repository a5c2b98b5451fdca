"""Spaces: every point is a valid network, the published ones are inside, budgets are met."""

import random

import pytest

from searchspace import BudgetError, cost, expand, fill, load, published, spaces, to_yaml
from searchspace.budget import Budget, macs, parse_amount, show_amount
from searchspace.expand import trace
from searchspace.solve import bring
from searchspace.space import highest, lowest, neighbours, point, sample

# The published networks of each space's family: decisions, arguments and input size that give them.


def mobile(variant: str) -> dict:
    stages = {2: 2, 3: 3, 4: 4, 5: 3, 6: 3, 7: 1}
    width = {"w2": 2, "r2": 1}.get(variant) or float(variant.partition("-")[0])
    return {"w": width, "stage1.stage.k": 3} | {
        f"stage{i}.stage.{hole}": value for i, n in stages.items()
        for hole, value in (("m", 1), ("n", n), ("k", 3), ("t", 6))}


def si(variant: str) -> dict:
    rows = {1: (3, 1, 1), 2: (5, 4, 3), 3: (5, 4, 6), 4: (3, 4, 6), 5: (5, 4, 6)}
    return {"w": float(variant), "d": 768} | {
        f"b{i}.si_stage.{hole}": value for i, (k, n, t) in rows.items()
        for hole, value in (("k", k), ("n", n), ("t", t))}


def he(variant: str) -> dict:
    repeat = int(variant[len("repeat")])
    mids = {1: 1, 2: 1, 3: 0.5}
    return {"w": 1, "stem.conv.stride": 1} | {
        f"stage{i}.stage.{hole}": value for i, mid in mids.items()
        for hole, value in (("n", repeat), ("mid", mid))}


def hcg(variant: str) -> dict:
    rows = {"a1": ((12, 24, 36, 8), (8, 8, 8, 0)), "a2": ((24, 36, 64, 8), (8, 8, 8, 0)),
            "a3": ((36, 48, 80, 8), (12, 12, 12, 0)), "b": ((32, 48, 64, 96), (3, 6, 12, 8)),
            "c": ((48, 56, 72, 112), (6, 12, 18, 14))}
    k, n = rows[variant]
    return {"w": 1, "imagenet": variant in "bc"} | {f"k{i}": v for i, v in enumerate(k, 1)} | {
        f"n{i}": v for i, v in enumerate(n, 1)}


def cell(variant: str) -> dict:
    normal = ("h1 sep5 h0 sep3", "h0 sep5 h0 sep3", "h1 avg3 h0 skip", "h0 avg3 h0 avg3",
              "h1 sep3 h1 skip")
    reduction = ("h1 sep5 h0 sep7", "h1 max3 h0 sep7", "h1 avg3 h0 sep5", "b3 skip b2 avg3",
                 "b2 sep3 h1 max3")
    made: dict = {"mobile": {"c": 44, "n": 4, "stem": 32, "imagenet": True},
                  "cifar": {"c": 32, "n": 6, "stem": 96, "imagenet": False}}[variant]
    made |= {"nasnet_normal.y.concat.from.0": "h0", "nasnet_reduction.y.concat.from.0": "b3"}
    for name, rows in (("nasnet_normal", normal), ("nasnet_reduction", reduction)):
        for i, row in enumerate(rows, 2):
            a, op_a, b, op_b = row.split()
            made |= {f"{name}.l{i}.pick.from": a, f"{name}.l{i}.pick.op": op_a,
                     f"{name}.r{i}.pick.from": b, f"{name}.r{i}.pick.op": op_b}
    return made


FAMILIES = {"mobilenet-v2": ("mobile", mobile), "sinet": ("si", si), "henet": ("he", he),
            "hcgnet": ("hcg", hcg), "nasnet-a": ("cell", cell)}
INSIDE = [name for name in published() if name.partition("@")[0] in FAMILIES
          and name not in ("mobilenet-v2@d4",)          # more repeats than the space has
          and not (name.startswith("nasnet-a@") and "-" in name.removeprefix("nasnet-a@"))
          and name != "nasnet-a@large" and not name.endswith("-100")]


@pytest.mark.parametrize("name", INSIDE)
def test_a_published_network_is_a_point_of_its_familys_space(name: str) -> None:
    family, _, variant = name.partition("@")
    space_name, decisions = FAMILIES[family]
    network = trace(load(name))
    classes = network.nodes[-1].shape[0]
    space = load(space_name, classes=classes).with_input(network.input[1])
    found = trace(space, decisions(variant))
    assert found.cost() == network.cost()
    assert [(n.op.kind, n.shape, n.cost) for n in found.nodes] == \
        [(n.op.kind, n.shape, n.cost) for n in network.nodes]


@pytest.mark.parametrize("name", spaces())
def test_every_point_of_a_space_is_a_network(name: str) -> None:
    space, rng = load(name), random.Random(7)
    for _ in range(15):
        drawn = point(space, lambda _, hole: rng.choice(hole.labels))
        assert cost(space, drawn.decisions) == drawn.cost
        filled = fill(space, drawn.decisions)
        assert not filled.is_space
        assert cost(filled) == drawn.cost


@pytest.mark.parametrize("name", spaces())
def test_a_filled_space_reads_back_as_the_same_graph(name: str, tmp_path) -> None:
    space = load(name)
    drawn = sample(space, random.Random(3))
    path = tmp_path / "filled.yaml"
    path.write_text(to_yaml(fill(space, drawn.decisions)), encoding="utf-8")
    again, direct = expand(load(path)), expand(space, drawn.decisions)
    assert list(again) == list(direct)
    for node in again:
        for key in ("op", "inputs", "shape", "macs", "params"):
            assert again.nodes[node][key] == direct.nodes[node][key]


@pytest.mark.parametrize("name", spaces())
def test_proposals_are_brought_to_the_budget(name: str) -> None:
    space = load(name).with_input(64)
    low, high = lowest(space, macs), highest(space, macs)
    middle = int((low.cost.macs * high.cost.macs) ** 0.5)
    for bound in (middle, int(low.cost.macs * 1.05)):
        budget, rng = Budget(bound), random.Random(bound)
        for _ in range(3):
            proposal = sample(space, rng)
            found = bring(space, proposal, budget, rng, low)
            assert found.cost.macs <= bound
            assert cost(space, found.decisions) == found.cost
            if budget.fits(proposal.cost):
                assert found.sampled == proposal.sampled
                assert found.cost.macs >= proposal.cost.macs


def test_the_solver_takes_the_greatest_width_that_fits_on_the_whole_grid() -> None:
    space, rng = load("he"), random.Random(5)
    drawn = sample(space, rng)
    budget = Budget(300_000_000)
    found = bring(space, drawn, budget, rng)
    widths = [p for p in neighbours(space, found, "w") if budget.fits(p.cost)]
    assert all(p.cost.macs <= found.cost.macs for p in widths)


def test_two_bounds_hold_together() -> None:
    space, rng = load("mobile"), random.Random(2)
    budget = Budget(300_000_000, 2_000_000)
    for _ in range(5):
        found = bring(space, sample(space, rng), budget, rng)
        assert found.cost.macs <= 300_000_000
        assert found.cost.params <= 2_000_000


def test_a_budget_below_the_space_is_refused() -> None:
    space, rng = load("mobile"), random.Random(2)
    with pytest.raises(BudgetError, match="fits"):
        bring(space, sample(space, rng), Budget(1_000_000), rng)


@pytest.mark.parametrize("text", ["300M", "0.3G", "3e8", "300_000_000", "300000K", " 300m "])
def test_amounts_mean_the_same(text: str) -> None:
    assert parse_amount(text) == 300_000_000


@pytest.mark.parametrize("text", ["", "0", "-3M", "3 apples", "1e99", "0.5", "M", "3MM", "nan", "1e",
                                  "1.0000001K", "٣M"])
def test_no_amounts_are_refused(text: str) -> None:
    with pytest.raises(BudgetError, match="amount"):
        parse_amount(text)


def test_amounts_for_people() -> None:
    assert [show_amount(n) for n in (999, 507_154, 3_504_872, 300_774_272, 2_002_776_044)] == \
        ["999", "507.2K", "3.50M", "300.8M", "2.00G"]
