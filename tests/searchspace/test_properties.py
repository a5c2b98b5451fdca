"""Laws of the notation, on the bundled files and on random genotypes.

Writing and reading changes nothing, nor does a study's copy; filling a space gives the network that its decisions trace;
holes keep their names and options through files.
"""

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from bundled import each_family, network
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from searchspace import Genotype, GenotypeError, expand, fill, load, spaces, to_yaml
from searchspace.expansion import trace
from searchspace.names import as_name, is_name
from searchspace.limits import current
from searchspace.notation.holes import Hole
from searchspace.notation.reader import parse
from searchspace.notation.tree import Map, Scalar, Seq, Tree
from searchspace.space.frozen import change, freeze, thaw

Write = Callable[..., Path]
Decisions = dict[str, Any]


def drawn(genotype: Genotype, decisions: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
    """The graph with its names, and what was noted."""
    found = trace(genotype, decisions)
    return (found.input, [(n.name, n.op, n.inputs, n.shape, n.cost) for n in found.nodes],
            found.output, found.notes)


def offered(genotype: Genotype) -> list[tuple[Any, ...]]:
    """The holes; those of used files stand at another place once they are written out."""
    return sorted((h.name, h.kind, h.labels, h.each, h.parents) for h in genotype.holes)


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
    assert not decisions or fill(space, {}).document == space.document

    kept = freeze(space)
    thawed = thaw(kept, "<kept>")
    assert freeze(thawed) == kept and change(kept, kept) is None
    assert thawed.document == space.document and offered(thawed) == offered(space)
    assert drawn(thawed, decisions) == drawn(space, decisions)

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


@each_family
def test_a_published_network_reads_back_as_itself(names: tuple[str, ...],
                                                  genotype_file: Write) -> None:
    for name in names:
        again = load(genotype_file(to_yaml(network(name))))
        assert drawn(again) == drawn(network(name)), name
        one, two = expand(network(name)), expand(again)
        assert nx.utils.edges_equal(one.edges, two.edges, directed=True), name
        for node, data in one.nodes.items():
            assert {k: v for k, v in data.items() if k not in ("place",)} == \
                {k: v for k, v in two.nodes[node].items() if k not in ("place",)}, name


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
    body: [dw: {k: =k, as: y}, add: {from: [sum, y], as: s}]
    out: {x: y, sum: s}
"""

# Steps that fit on any tensor of 4·n channels and 2^m rows and give such a one. `$a` to `$d` become
# names of their own; KERNEL, OUT, STRIDE, TIMES and TEST become values, formulas or holes.
STEPS = """
- conv: {out: OUT, k: KERNEL, stride: STRIDE, as: $a}
- conv: {out: OUT, repeat: TIMES, first: {stride: STRIDE}, as: $a}
- conv: {repeat: 2, k: KERNEL, each: {out: [OUT, OUT]}, as: $a}
- dw: {k: !choice [3, 5], repeat: TIMES, each: true, as: $a}
- dw: {k: !choice {a: 3, b: !choice [1, 5]}, repeat: 3, each: true, first: {stride: 2}, as: $a}
- conv: {out: OUT, when: TEST, as: $a}
- unit: {out: OUT, k: KERNEL, as: $a}
- unit: {repeat: TIMES, k: KERNEL, as: $a}
- unit: {inner: !choice {wide: {dw: {stride: STRIDE}}, still: {conv: {out: OUT}}}, as: $a}
- unit: {inner: {dw: {dilation: !choice [1, 2]}}, repeat: TIMES, each: true, as: $a}
- chain: {repeat: TIMES, as: $a}
- chain:

- act: {as: $a}
- conv: {out: OUT, stride: STRIDE, as: $b}
- residual: {from: $a, project: {conv: {k: !choice [1, 3]}}, as: $c}

- act: {as: $a}
- dw: {k: KERNEL, as: $b}
- residual: {from: !choice [$a, $b], as: $c}
- concat: {from: [_, $a, !choice [$b, none]], as: $d}

- add: {of: [{dw: {k: KERNEL, as: $a}}, _, [{act: }, unit: ]], as: $b}

- add: {of: [{dw: {k: 5}}, _], repeat: TIMES, as: $a}

- concat: {of: [{conv: {out: OUT, as: $a}}, [{unit: {out: OUT, as: $b}}, act: ]], as: $c}

- split: {as: [$a, $b]}
- add: {from: [$b, $a], as: $c}
- concat: {from: [$a, $c], as: $d}

- !choice
  as: $a
  conv: {conv: {out: OUT, stride: STRIDE}}
  unit: {unit: {out: OUT, repeat: TIMES}}
  none: {identity: }

- wire: {edges: !graph {ws: {n: 5, k: 2, p: 0.5}, seeds: 4}, node: {dw: {k: KERNEL}}, as: $a}
- wire: {edges: !choice {x: [[0, 1]], y: [[0, 1], [0, 2]]}, node: {dw: }, out: concat, as: $a}
"""
CLUSTERS = [step for part in STEPS.strip("\n").split("\n\n")
            for step in ([part] if "$b" in part or "$a" not in part or "!choice\n" in part
                         else part.split("\n"))]
VALUES = {
    "KERNEL": ["3", "5", "!choice [1, 3]", "!choice {a: 3, b: =2*1 + 1}", "!int [1, 5, 2]"],
    "OUT": ["8", "=cin", "=8*w", "!choice [4, 12]", "!choice {a: =cin, b: !choice [4, 8]}"],
    "STRIDE": ["1", "2", "!int [1, 2]"],
    "TIMES": ["0", "2", "!int [1, 3]", "!choice [0, 2]"],
    "TEST": ["true", "=cin > 8", "!choice [false, true]", "=mode == 'deep'"],
}


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A valid genotype, most often a space."""
    steps = []
    for i, cluster in enumerate(draw(st.lists(st.sampled_from(CLUSTERS), min_size=1, max_size=5))):
        for word, values in VALUES.items():
            while word in cluster:
                cluster = cluster.replace(word, draw(st.sampled_from(values)), 1)
        steps.append(cluster.replace("$", f"s{i}"))
    steps.append("- conv: {out: =4*w, when: =mode == 'deep', k: 1, as: last}")
    width = draw(st.sampled_from(["1", "!solve [1, 3, 1]", "!choice {thin: 1, wide: =1 + 1}"]))
    mode = draw(st.sampled_from(["deep", "!choice [deep, flat]"]))
    return f"use: blocks.yaml\nargs: {{w: {width}, mode: {mode}}}\nnet:\n" + "\n".join(steps)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(text=documents(), seed=st.integers(0, 2**32))
def test_the_laws_hold_in_any_genotype(genotype: Callable[..., Genotype], genotype_file: Write,
                                       text: str, seed: int) -> None:
    check(genotype(text, {"blocks.yaml": BLOCKS}), genotype_file, random.Random(seed))


# --- values through text ------------------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=120) | st.sampled_from(
    ["null", "~", "true", "on", "1e6", "010", "=a", "- a", "a: b", "a #b", " a", "a ", "", "'", '"',
     "a, b", "[a]", "!choice", "&a", "*a", "%", "@", "`", "a:", ":a", "a\\b", "---", "...", "<<", "0x1",
     "=round_to(40*w, 8)", "=cin if x.h > 1 else 2", "1.0", "-", "?", "|", ">", "a\n\nb", "\ufeff"])
MOST = current().number
ATOMS: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-MOST, MOST), WORDS,
    st.floats(-MOST, MOST, allow_nan=False))
NAMES = st.text("abzAZ019_.-", min_size=1, max_size=12).filter(is_name)
KEYS = NAMES | NAMES.map("={}".format)
TREES: st.SearchStrategy[Tree] = st.recursive(
    ATOMS.map(Scalar),
    lambda inner: st.one_of(st.lists(inner, max_size=5).map(lambda items: Seq(tuple(items))),
                            st.dictionaries(KEYS, inner, max_size=5).map(Map)), max_leaves=25)


def kinds(tree: Any) -> Any:
    """A tree with the types of its values: 1, 1.0 and true are equal in Python."""
    if isinstance(tree, Scalar):
        return type(tree.value), repr(tree.value)
    return [kinds(t) for t in (tree.items if isinstance(tree, Seq) else tree.items.values())]


@settings(max_examples=300)
@given(tree=TREES, comment=WORDS)
def test_any_value_survives_writing(tree: Tree, comment: str) -> None:
    plain = load("henet")
    text = to_yaml(plain.replace(plain.document.but(note=tree, blocks=tree)), comment=comment)
    again = parse(text)
    for key in ("note", "blocks"):
        assert again[key] == tree
        assert kinds(again[key]) == kinds(tree)


@settings(max_examples=100)
@given(name=WORDS, value=ATOMS)
def test_any_name_and_argument_survive(genotype_file: Write, name: str, value: Any) -> None:
    assume(value is not None and not str(value).startswith("="))
    plain = load(genotype_file("args: {a: 1}\nblocks: {b: {args: {a: }, body: [act: {when: =a != 0}]}}"
                               "\nnet: [b: {a: =a}]"), a=value)
    again = load(genotype_file(to_yaml(plain.replace(plain.document, name=name))))
    assert again.name == as_name(name)
    assert is_name(again.name) and (again.name == name or not is_name(name))
    assert kinds(again.document["args"]) == kinds(plain.document["args"])
