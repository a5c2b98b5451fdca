"""Laws of the notation, on the bundled files and on random genotypes.

Writing and reading changes nothing; filling a space gives the network that its decisions trace;
holes keep their names and options through files.
"""

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from hypothesis import strategies as st

from searchspace import Genotype, GenotypeError, expand, fill, load, published, spaces, to_yaml
from searchspace.expand import trace
from searchspace.holes import Hole

Write = Callable[..., Path]
Decisions = dict[str, Any]


def drawn(genotype: Genotype, decisions: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
    """The graph with its names, and what was noted."""
    found = trace(genotype, decisions)
    return (found.input, [(n.name, n.op, n.inputs, n.shape, n.cost) for n in found.nodes],
            found.output, found.notes)


def offered(genotype: Genotype) -> list[tuple[Any, ...]]:
    return [(h.name, h.kind, h.labels, h.each, h.parents) for h in genotype.holes]


def sample(genotype: Genotype, rng: random.Random) -> Decisions:
    """Random decisions about the holes that one random network reaches."""
    made: Decisions = {}

    def decide(name: str, hole: Hole) -> Any:
        assert name not in made, f"{name} is asked for twice"
        made[name] = rng.choice(hole.labels)
        return made[name]
    trace(genotype, decide)
    return made


def by_name(genotype: Genotype, salt: int) -> Decisions:
    """Decisions that depend on nothing but the holes' names."""
    made: Decisions = {}

    def decide(name: str, hole: Hole) -> Any:
        made[name] = random.Random(f"{salt} {name}").choice(hole.labels)
        return made[name]
    trace(genotype, decide)
    return made


def check(space: Genotype, write: Write, rng: random.Random) -> None:
    """The laws, for one space and one random network of it."""
    decisions = sample(space, rng)
    filled = fill(space, decisions)
    assert not filled.is_space
    assert drawn(filled) == drawn(space, decisions)
    assert drawn(load(write(to_yaml(filled)))) == drawn(filled)
    assert to_yaml(load(write(to_yaml(filled)))) == to_yaml(filled)
    assert fill(space, {}).document == space.document

    some = {n: v for n, v in decisions.items() if rng.random() < 0.5}
    try:
        part = fill(space, some)
    except GenotypeError as error:      # `each: true` is decided for all repeats or for none
        assert "decided together" in str(error) or "how many repeats" in str(error)
        return
    again = load(write(to_yaml(part)))
    assert offered(again) == offered(part)
    rest = by_name(part, rng.randrange(99))
    assert drawn(again, rest) == drawn(part, rest) == drawn(fill(again, rest))


# --- the bundled files --------------------------------------------------------------------------


@pytest.mark.parametrize("name", published())
def test_a_published_network_reads_back_as_itself(name: str, genotype_file: Write) -> None:
    network = load(name)
    again = load(genotype_file(to_yaml(network)))
    assert drawn(again) == drawn(network)
    one, two = expand(network), expand(again)
    assert nx.utils.edges_equal(one.edges, two.edges, directed=True)
    for node, data in one.nodes.items():
        assert {k: v for k, v in data.items() if k not in ("place",)} == \
            {k: v for k, v in two.nodes[node].items() if k not in ("place",)}


@pytest.mark.parametrize("name", spaces())
def test_a_space_reads_back_as_itself(name: str, genotype_file: Write) -> None:
    space = load(name)
    again = load(genotype_file(to_yaml(space)))
    assert offered(again) == offered(space)
    decisions = by_name(space, 0)
    assert drawn(again, decisions) == drawn(space, decisions)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", spaces())
def test_the_laws_hold_in_a_space(name: str, seed: int, genotype_file: Write) -> None:
    check(load(name), genotype_file, random.Random(f"{name} {seed}"))


# --- random genotypes ---------------------------------------------------------------------------

BLOCKS = """
blocks:
  unit:
    args: {out: =cin, k: 3, inner: {dw: }}
    body: [=inner: {k: =k}, conv: {out: =out, k: 1, act: none}, residual: {from: x}]
  chain:
    in: {x: , sum: x}
    args: {k: !choice [1, 3]}
    body: [dw: {k: =k, as: y}, residual: {from: sum, as: s}]
    out: {x: y, sum: s}
"""


@st.composite
def networks(draw: st.DrawFn) -> str:
    """A valid genotype: channels stay multiples of 4, sizes powers of 2, whatever is decided."""
    names: list[str] = []

    def pick(*options: str) -> str:
        return draw(st.sampled_from(options))

    def value(*options: str) -> str:
        kind = pick("plain", "plain", "choice", "labels", "nested")
        listed = ", ".join(options)
        return {"plain": options[0], "choice": f"!choice [{listed}]",
                "labels": f"!choice {{a: {options[0]}, b: {options[-1]}}}",
                "nested": f"!choice {{few: {options[0]}, many: !choice [{listed}]}}"}[kind]

    def name() -> str:
        names.append(f"s{len(names)}")
        return names[-1]

    def repeats() -> str:
        kind = pick("", "", "often", "each", "listed", "first")
        often = value("2", "1", "0") if kind != "each" else pick("2", "!int [1, 3]", "=3", "0")
        return {"": "", "often": f", repeat: {often}, k: {value('3', '1')}",
                "each": f", repeat: {often}, each: true, k: !choice [1, 3]",
                "listed": ", repeat: 2, each: {k: [3, 1]}",
                "first": f", repeat: {often}, first: {{k: {value('5', '3')}}}"}[kind]

    def simple(stride: str = "1") -> str:
        return pick("act: {}", f"dw: {{k: {value('3', '5')}}}", "unit: {}",
                    f"conv: {{out: {value('8', '4', '=cin', '=floor(cin/8)*4 + 4')}, "
                    f"stride: {stride}}}", f"unit: {{inner: {{dw: {{stride: {stride}}}}}}}")

    def step(depth: int) -> list[str]:
        kind = pick("conv", "dw", "simple", "residual", "branches", "concat", "split", "choice",
                    "wire", "chain", "loose", "when", "from")
        own = name()
        if kind == "conv":
            return [f"- conv: {{out: {value('8', '12')}, stride: {value('1', '2')}"
                    f"{repeats()}, as: {own}}}"]
        if kind == "dw":
            return [f"- dw: {{as: {own}{repeats()}}}"]
        if kind == "residual":
            project = pick("", ", project: {conv: {k: 1, act: none}}",
                           ", project: {conv: {k: !choice [1, 3]}}")
            return [f"- act: {{as: {own}}}", f"- {simple(value('1', '2'))}"[:-1] + ", ".join(["}"]),
                    f"- residual: {{from: {own}{project}, as: {name()}}}"]
        if kind == "branches":
            return [f"- add: {{of: [{{dw: {{k: {value('3', '5')}}}}}, _, [{{act: }}, unit: ]], "
                    f"as: {own}}}"]
        if kind == "concat":
            return [f"- concat: {{of: [{{{simple()}}}, [{{{simple()}}}, act: ]], as: {own}}}"]
        if kind == "split":
            return [f"- split: {{as: [{own}, {name()}]}}",
                    f"- concat: {{from: [{names[-1]}, {own}, {value(own, names[-1])}, "
                    f"{value('none', own)}], as: {name()}}}"]
        if kind == "choice":
            return ["- !choice", f"  as: {own}", f"  a: {{{simple()}}}",
                    f"  b: {{{simple(value('1', '2'))}}}", "  c: {unit: {out: =2*cin}}"]
        if kind == "wire":
            edges = pick("[[0, 1], [0, 2], [1, 2]]", "!graph {ws: {n: 5, k: 2, p: 0.5}, seeds: 4}",
                         "!choice {x: [[0, 1]], y: [[0, 1], [1, 2]]}")
            return [f"- wire: {{edges: {edges}, node: {{dw: {{k: {value('3', '1')}}}}}, "
                    f"join: {value('add', 'wsum')}, as: {own}}}"]
        if kind == "chain":
            return [f"- chain: {{repeat: {value('2', '1')}, as: {own}}}", "- chain:"]
        if kind == "loose":
            return [f"- act: {{as: {own}}}", f"- dw: {{from: {own}, as: {name()}}}",
                    f"- act: {{from: {own}, as: {name()}}}",
                    f"- concat: {{from: [{names[-1]}, {names[-2]}], as: {name()}}}"]
        if kind == "when":
            test = pick("=cin > 8", "=_.h > 4", "!choice [true, false]", "=mode == 'deep'")
            return [f"- dw: {{when: {test}, as: {own}}}"]
        if kind == "from":
            return [f"- act: {{as: {own}}}", f"- dw: {{as: {name()}}}",
                    f"- act: {{from: !choice [{own}, {names[-1]}], as: {name()}}}"]
        return [f"- {simple()}"[:-1] + "}"]

    lines = [line for _ in range(draw(st.integers(1, 5))) for line in step(0)]
    # holes in unnamed steps need names
    body = "\n".join(f"  {line}" for line in lines)
    text = f"net:\n{body}\n  - conv: {{out: =4*w, k: 1, as: last}}"
    blocks = {"unit", "chain"} & set(text.replace(":", " ").replace("{", " ").split())
    library = "" if not blocks else "".join(
        BLOCKS[:9] if False else part for part in _blocks(blocks))
    args = f"args: {{w: {value('1', '2')}" + (", mode: !choice [deep, flat]" if "mode" in text
                                              else "") + "}"
    return f"{args}\n{library}{text}"


def _blocks(names: set[str]) -> list[str]:
    head, *rest = BLOCKS.strip("\n").split("\n  unit:")
    unit, chain = rest[0].split("\n  chain:")
    made = [head]
    if "unit" in names:
        made.append("\n  unit:" + unit)
    if "chain" in names:
        made.append("\n  chain:" + chain)
    return ["".join(made).rstrip("\n") + "\n"]
