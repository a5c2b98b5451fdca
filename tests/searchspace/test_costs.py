"""Costs without lists of nodes are those of the expanded network; the solver's few tries find what
all tries find."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from bundled import each_network, network

from searchspace import Genotype, GenotypeError, load, spaces
from searchspace.cost import peak
from searchspace.expansion import Expansion, Network, run, trace
from searchspace.expansion.fragment import Asked, Fragment
from searchspace.expansion.memo import MEMO, Fork, Known, Memo
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.space import solver
from searchspace.space.budget import Budget
from searchspace.space.point import Point, first, point, sample

Load = Callable[..., Genotype]
SOLVED = [name for name in spaces() if any(hole.kind == "solve" for hole in load(name).holes)]


def same_as_expanded(genotype: Genotype, decisions: dict[str, Atom] | None = None) -> Expansion:
    """Whether costs and nodes are those of the named expansion, which recalls nothing."""
    found, whole = run(genotype, decisions), trace(genotype, decisions)
    assert found.cost() == whole.cost()
    assert found.size == len(whole.nodes)
    nodes = found.expansion()
    assert (nodes.input, nodes.output) == (whole.input, whole.output)
    assert [node[1:5] for node in nodes.nodes] == [node[1:5] for node in whole.nodes]
    assert peak(nodes).bytes == peak(whole).bytes
    return whole


@each_network
def test_costs_are_those_of_the_expanded_network(name: str) -> None:
    genotype = network(name)
    for _ in range(2):                  # as it is made, and as it is recalled
        same_as_expanded(genotype)


@pytest.mark.parametrize("name", spaces())
def test_costs_of_random_points_are_those_of_the_expanded_network(name: str) -> None:
    space, rng = load(name), random.Random(11)
    drawn = [sample(space, rng) for _ in range(6)]
    for at in drawn:
        for changed in (at.decisions, nudged(at, rng)):
            decisions = point(space, lambda _, hole: hole.labels[0], changed).decisions
            same_as_expanded(space, decisions)


def nudged(at: Point, rng: random.Random) -> dict[str, Atom]:
    """The decisions of a point with three redrawn."""
    names = rng.sample(list(at.decisions), min(3, len(at.decisions)))
    return at.decisions | {name: rng.choice(at.holes[name].labels) for name in names}


def test_what_was_forgotten_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is kept is counted, forks too."""
    monkeypatch.setattr("searchspace.expansion.memo.MAX_KEPT", 200)
    space, rng, whole = load("mixed"), random.Random(1), 0
    at = sample(space, rng)
    MEMO.clear()
    for _ in range(20):
        same_as_expanded(space, point(space, first, nudged(at, rng)).decisions)
        whole = max(whole, MEMO.count)
        assert _kept(MEMO.young) <= MEMO.count <= 200 and _kept(MEMO.old) <= 220
    assert whole > MEMO.count       # it was full
    MEMO.clear()


def test_the_memory_forgets_when_it_is_full_and_keeps_one_of_equals(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searchspace.expansion.memo.MAX_KEPT", 3)
    hole = load("digits").holes[0]
    made = [Fragment([], 0, (None, {}), Asked(("h",), (hole,), (label,))) for label in (1, 1, 2)]
    memo = Memo()
    for key, fragment in enumerate(made[:2]):
        memo.put((key,), fragment)
    memo.put((0,), made[1])
    assert memo.young == {(0,): made[1], (1,): made[1]} and memo.count == 3 and not memo.old
    memo.put((2,), made[0])
    assert not memo.young and len(memo.old) == 3 and memo.count == 0
    memo.put((2,), made[0])
    memo.put((2,), made[2])         # another decision: both are kept
    assert [memo.find((2,), lambda *_, d=d: d) for d in (1, 2, 3)] == [made[0], made[2], None]


def _kept(branches: dict[Any, Known]) -> int:
    """How many forks and fragments are remembered."""
    return sum(1 + (_kept(known.after) if isinstance(known, Fork) else 0)
               for known in branches.values())


PICKY = """
    blocks:
      part: {args: {g: }, body: [conv: {out: 12, groups: =g}, dw: {k: !choice [1, 3, 40], pad: 0}]}
    net:
      - conv: {out: !choice [12, 24], as: stem}
      - part: {g: !choice [1, 4, 5], repeat: !choice [1, 2]}
      - conv: {from: !choice [_, stem], out: 4, as: unused, when: !choice [true, false]}
      - split: {as: [a, b], sizes: [2, 2]}
      - add: {from: [a, b]}
"""


def test_what_does_not_fit_fails_alike(genotype: Load) -> None:
    """Shapes, groups and names that fit only under some decisions: the same sentence or costs."""
    space, rng, said = genotype(PICKY), random.Random(2), set()
    for _ in range(200):
        made: dict[str, Atom] = {}

        def decide(name: str, hole: Hole, made: dict[str, Atom] = made) -> Atom:
            made[name] = rng.choice(hole.labels)
            return made[name]

        found = outcome(run, space, decide)
        assert outcome(trace, space, made) == found
        said.add(str(found).partition(":")[2])
    assert len(said) > 5


def outcome(expand: Callable[..., Network | Expansion], space: Genotype,
            decisions: object) -> object:
    """The costs, or why there are none; trace raises for holes that are asked and not decided."""
    try:
        return expand(space, decisions).cost()
    except GenotypeError as error:
        return str(error)


def test_repeats_that_are_alike_are_what_they_would_be(genotype: Load) -> None:
    same_as_expanded(genotype("""
        blocks:
          b: {args: {n: , k: 1}, body: [conv: {out: =n, k: =k}, act: ]}
          dense: {args: {n: }, body: [conv: {out: =n, as: y}, concat: {from: [x, y]}]}
          pair:
            in: {x: , s: x}
            body: [conv: {out: 8, as: y}, add: {from: [s, y], as: t}]
            out: {x: y, s: t}
        net:
          - b: {n: 8, repeat: 4}
          - b: {n: 8, repeat: 5, first: {n: 4}}
          - b: {n: =cin, repeat: 4}
          - b: {n: 8, repeat: 4, of: [{conv: {out: 8}}]}
          - b: {n: 8, repeat: 4, each: {k: [1, 1, 3, 1]}}
          - dense: {n: 4, repeat: 4}
          - conv: {out: 8}
          - pair: {repeat: 4}
          - conv: {out: 4}
    """))


def test_values_that_are_equal_but_not_the_same_are_told_apart(genotype: Load) -> None:
    space = genotype("""
        args: {a: !choice {whole: 1, yes: true, broken: 1.5}}
        blocks: {b: {args: {n: }, body: [conv: {out: =2*n}]}}
        net: [b: {n: =a}, b: {n: =a, as: second}]
    """)
    for label in ("whole", "yes", "broken", "whole", "yes"):
        assert outcome(run, space, {"a": label}) == outcome(trace, space, {"a": label})


def agree(space: Genotype, count: int, rng: random.Random) -> None:
    """The solver and all values of the solved hole give the same networks."""
    for _ in range(count):
        at = sample(space, rng)
        every = solver.every_solution(space, at)
        for _ in range(8):
            budget = bounded(rng.choice(every), rng)
            assert solver.solve(space, at, budget).decisions == \
                solver.best(every, budget).decisions, (at.decisions, str(budget))


def bounded(near: Point, rng: random.Random) -> Budget:
    """One, two or three bounds near the costs of a point, some of them ranges."""
    bounds: dict[str, int] = {}
    for name in rng.sample(["macs", "params", "memory"], rng.choice((1, 1, 2, 3))):
        bounds[name] = int(getattr(near, name) * rng.uniform(0.9, 1.1)) + 1
        if rng.random() < 0.3:
            bounds[f"least_{name}"] = int(bounds[name] * rng.uniform(0.7, 1))
    return Budget(**bounds)


@pytest.mark.parametrize("name", SOLVED)
def test_the_solver_finds_what_trying_everything_finds(name: str) -> None:
    agree(load(name), {"hcg": 1, "cell": 1, "randwire": 1}.get(name, 4), random.Random(4))


@pytest.mark.slow
@pytest.mark.parametrize("name", SOLVED)
def test_the_solver_finds_what_trying_everything_finds_on_thousands(name: str) -> None:
    agree(load(name), 40 if name in ("hcg", "cell", "randwire") else 400, random.Random(5))


def test_a_solved_hole_that_costs_do_not_rise_with_is_looked_at_closely(genotype: Load) -> None:
    space = genotype("""
        blocks: {b: {args: {c: , g: =divisor(c)}, body: [conv: {out: =c, k: 1}, conv: {out: =c,
                 groups: =g}]}}
        args: {w: !solve [8, 240, 8]}
        net: [b: {c: =w}, b: {c: =w}, gap: , linear: {out: 10}]
    """)
    agree(space, 10, random.Random(6))
    assert point(space, lambda _, hole: hole.labels[3]).network.uneven > 0.5


def test_a_solved_hole_that_costs_fall_with_is_tried_in_all_options(genotype: Load) -> None:
    agree(genotype("""
        args: {w: !solve [1, 20, 1]}
        net: [conv: {out: =ceil(240/w)}, gap: , linear: {out: 10}]
    """), 10, random.Random(9))


@pytest.mark.parametrize("grid", ["[-2, 3, 1]", "[0, 4, 0.5]", "[1, 1, 1]"])
def test_a_solved_hole_may_have_any_options(grid: str, genotype: Load) -> None:
    space = genotype(f"args: {{w: !solve {grid}}}\nnet: [conv: {{out: '=8 + 4*ceil(w)'}}, gap: ]")
    agree(space, 4, random.Random(7))


@pytest.mark.parametrize("name", spaces())
def test_what_is_remembered_changes_no_random_draw(name: str) -> None:
    """Holes are asked in the same order whether steps are run or recalled."""
    space, drawn = load(name), []
    for forget in (True, False, True):
        if forget:
            MEMO.clear()
        rng = random.Random(8)
        drawn.append([list(sample(space, rng).decisions.items()) for _ in range(5)])
    assert drawn[0] == drawn[1] == drawn[2]
