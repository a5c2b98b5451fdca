"""Spaces: every point is a valid network, the published ones are inside, budgets are met."""

import itertools
import random

import pytest

from searchspace import BudgetError, cost, expand, fill, load, published, spaces, to_yaml
from searchspace.expansion import trace
from searchspace.identity import digest
from searchspace.load import variants
from searchspace.notation.sources import GENOTYPES
from searchspace.space.budget import Budget, parse_amount, show_amount
from searchspace.space.fill import free
from searchspace.space.known_networks import known_networks
from searchspace.space.point import first, neighbours, point, sample
from searchspace.space.solver import bring

NAMED = {f"{space}@{name}": name for space in spaces()
         for name in variants(GENOTYPES / "spaces" / f"{space}.yaml")}
PUBLISHED = {name.replace("@", "-"): name for name in published()}


@pytest.mark.parametrize("name", [n for n, network in NAMED.items() if network in PUBLISHED])
def test_a_variant_of_a_space_is_the_published_network(name: str) -> None:
    theirs = load(PUBLISHED[NAMED[name]])
    network = trace(theirs)
    variant = trace(load(name))
    space = load(name.partition("@")[0], classes=network.nodes[-1].shape[0])
    known = {k.name: k.decisions for k in known_networks(space)}[NAMED[name]]
    inside = trace(space.with_input(network.input[1]), known)
    for found in (variant, inside):
        assert found.cost() == network.cost()
        assert [(n.op.kind, n.shape, n.cost) for n in found.nodes] == \
            [(n.op.kind, n.shape, n.cost) for n in network.nodes]
        assert digest(found) == digest(network)


@pytest.mark.parametrize("name", [n for n, network in NAMED.items() if network not in PUBLISHED])
def test_a_variant_that_no_paper_has_says_what_it_is_like(name: str) -> None:
    network = load(name)
    assert NAMED[name].endswith("-like")
    assert network.header.note
    assert {hole.kind for hole in network.holes} == {"solve"}     # brought to any budget
    decisions = {k.name: k.decisions for k in known_networks(load(name.partition("@")[0]))}
    assert point(load(name.partition("@")[0]), first, decisions[NAMED[name]]).cost.macs > 0


@pytest.mark.parametrize("name", spaces())
def test_a_space_of_free_widths_has_the_same_holes(name: str) -> None:
    space = load(name)
    freed = free(space)
    kinds = {"solve": "int"}
    assert [(h.name, h.kind, h.labels) for h in freed.holes] == [
        (h.name, kinds.get(h.kind, h.kind), h.labels) for h in space.holes]


def test_every_published_network_of_a_spaces_family_is_inside() -> None:
    inside = {PUBLISHED[name] for name in NAMED.values() if name in PUBLISHED}
    families = ("sinet@", "henet@", "hcgnet@", "randwire-small@")     # other classes are no point
    assert {n for n in published() if n.startswith(families) and not n.endswith("-100")} <= inside
    # The other widths have the same decisions but one, which a search solves.
    assert {n for n in inside if n.startswith("mobilenet-v2@")} == {"mobilenet-v2@1.0",
                                                                    "mobilenet-v2@1.4"}
    assert "efficientnet@b0" in inside
    assert {n for n in inside if n.startswith("nasnet-a@")} == {"nasnet-a@mobile", "nasnet-a@cifar"}


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
def test_what_is_recalled_is_what_would_be_made(name: str) -> None:
    space, rng = load(name), random.Random(9)
    drawn = sample(space, rng)
    near = [p for hole in drawn.sampled for p in itertools.islice(neighbours(space, drawn, hole), 2)]
    for at in [drawn, *near, sample(space, rng)]:
        quick, whole = trace(space, at.decisions, named=False), trace(space, at.decisions)
        assert (quick.input, quick.output) == (whole.input, whole.output)
        assert [n[1:5] for n in quick.nodes] == [n[1:5] for n in whole.nodes]


def test_what_is_recalled_depends_on_arguments_shapes_and_tensors(genotype) -> None:
    space = genotype("""
        blocks:
          b: {in: {x: , y: x}, args: {c: 4, on: }, body: [conv: {out: =c, when: =on == 1},
              add: {from: [_, y], when: =cin == y.c}, act: {fn: relu}]}
          w: {args: {f: }, body: [=f: {out: 8}]}
        net:
          - conv: {out: 4, as: p}
          - dw: {as: q}
          - b: {from: [p, q], on: 1, as: r}
          - b: {from: [p, p], on: 1, as: s}
          - b: {from: [p, q], on: 2, as: t}
          - b: {from: [q, p], on: 1, c: 8, as: u}
          - w: {f: {conv: {k: 3}}, as: v}
          - w: {f: {conv: {k: !choice [1, 5]}}, as: x1}
          - concat: {from: [r, s, t, u, v, x1]}
    """)
    hole, = space.holes
    for label in (1, 5, 1):
        quick, whole = (trace(space, {hole.name: label}, named=n) for n in (False, True))
        assert [n[1:5] for n in quick.nodes] == [n[1:5] for n in whole.nodes]
        assert quick.cost() == whole.cost() == cost(space, {hole.name: label})


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


def test_the_solver_takes_the_greatest_width_that_fits_on_the_whole_grid() -> None:
    space, rng = load("he"), random.Random(5)
    drawn = sample(space, rng)
    budget = Budget(300_000_000)
    found = bring(space, drawn, budget, rng)
    widths = [p for p in neighbours(space, found, "w") if budget.fits(p)]
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
