"""Laws of the notation, on the bundled files and on random genotypes.

Writing and reading changes nothing, nor does a study's copy; filling a space gives the network that its decisions trace;
holes keep their names and options through files.
"""

import dataclasses
import importlib
import pkgutil
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from bundled import each_network, network
from grammar import BLOCKS, documents
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from searchspace import Genotype, GenotypeError, expand, fill, load, spaces, to_yaml
from searchspace.expansion import trace
from searchspace.identifiers import as_name, is_name
from searchspace.notation.holes import Hole
from searchspace.notation.reader import parse
from searchspace.notation.tree import Map, Scalar, Seq, Tagged, Tree
from searchspace.safety.limits import current
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


@each_network
def test_a_published_network_reads_back_as_itself(name: str, genotype_file: Write) -> None:
    again = load(genotype_file(to_yaml(network(name))))
    assert drawn(again) == drawn(network(name)) and again.header == network(name).header
    one, two = expand(network(name)), expand(again)
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


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
@pytest.mark.parametrize("name", spaces())
def test_the_laws_hold_in_a_space(name: str, seed: int, genotype_file: Write) -> None:
    check(load(name), genotype_file, random.Random(f"{name} {seed}"))


# --- random genotypes ---------------------------------------------------------------------------

@settings(max_examples=75, suppress_health_check=[HealthCheck.too_slow])
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


@settings(max_examples=150)
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


def test_what_is_read_and_expanded_cannot_be_changed() -> None:
    """Trees, programs, expansions, points are shared and remembered."""
    found = []
    for room in ("notation", "compiler", "expansion", "space"):
        for module in pkgutil.iter_modules(importlib.import_module(f"searchspace.{room}").__path__):
            for made in vars(importlib.import_module(f"searchspace.{room}.{module.name}")).values():
                if isinstance(made, type) and dataclasses.is_dataclass(made):
                    found.append(made)
                    assert made.__dataclass_params__.frozen, made       # type: ignore[attr-defined]
    assert len(found) > 30
    for made in (Scalar, Seq, Map, Tagged, Hole):
        assert "__slots__" in vars(made), f"{made} can get further attributes"
