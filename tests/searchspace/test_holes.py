"""Holes: what each kind offers, how they are named, where one decision reaches, and filling."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from searchspace import Genotype, GenotypeError, UnknownNameError, cost, fill, load, to_yaml
from searchspace.expansion import trace
from searchspace.notation.holes import Hole
from searchspace.notation.random_graphs import draw
from searchspace.notation.tree import Map, Scalar

Read = Callable[..., Genotype]
Write = Callable[..., Path]


def offered(genotype: Genotype) -> dict[str, tuple[Any, ...]]:
    return {h.name: h.labels for h in genotype.holes}


def drawn(genotype: Genotype, decisions: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
    found = trace(genotype, decisions)
    return found.input, [(n.name, n.op, n.inputs, n.shape) for n in found.nodes], found.output


# --- kinds --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hole", "labels"), [
    ("!choice [3, 5]", (3, 5)),
    ("!choice [relu, 1.5, true, =cin]", ("relu", 1.5, True, "=cin")),
    ("!choice {small: 3, large: =2*cin}", ("small", "large")),
    ("!choice {no: , yes: 3}", ("no", "yes")),
    ("!choice {3: 3, true: 5}", ("3", "true")),                  # labels are words
    ("!choice {a: !choice [1, 2], b: 5}", ("a", "b")),
    ("!int [2, 4]", (2, 3, 4)), ("!int [2, 8, 3]", (2, 5, 8)), ("!int [2, 9, 3]", (2, 5, 8)),
    ("!int [3, 3]", (3,)), ("!int [-1, 1]", (-1, 0, 1)),
    ("!solve [0.25, 0.4, 0.05]", (0.25, 0.3, 0.35, 0.4)),        # calculated exactly
    ("!solve [1, 2, 0.5]", (1, 1.5, 2)),
    ("!graph {ws: {n: 5, k: 2, p: 0.5}, seeds: 3}", (0, 1, 2)),
    ("!graph {ws: {n: 5, k: 2, p: 0.5}, seeds: 1}", (0,)),
])
def test_what_a_hole_offers(genotype: Read, hole: str, labels: tuple[Any, ...]) -> None:
    found = genotype(f"args: {{v: {hole}}}\nblocks: {{b: {{args: {{v: }}, "
                     "body: [act: {when: =v != 0}]}}\nnet: [b: {v: =v}]").holes[0]
    assert found.name == "v" and found.labels == labels
    assert [type(v) for v in found.labels] == [type(v) for v in labels]
    assert found.kind == hole[1:hole.index(" ")]


@pytest.mark.parametrize(("hole", "words"), [
    ("!choice []", "!choice has no options"), ("!choice {}", "!choice has no options"),
    ("!choice [3, 3]", "option 3 stands here twice"),
    ("!choice [1, 1.0]", "option 1.0 cannot be told from another one"),
    ("!choice [1, true]", "option True cannot be told from another one"),
    ("!choice [3, null]", "an empty option; label it"),
    ("!choice [[3, 1], [1, 3]]", "options that are no plain values need labels"),
    ("!choice 3", "!choice takes a list or a mapping, not '3'"),
    ("!chioce [3, 5]", "tag !chioce is not allowed; did you mean 'choice'"),
    ("!solve [1e-30, 16, 8]", "!solve has a value of more digits than a number keeps, near 8.0"),
    ("!int [4, 2]", "!int needs low ≤ high"), ("!int [1, 2.5]", "!int takes whole numbers"),
    ("!int [1]", "!int takes [low, high] or [low, high, step]"),
    ("!int [1, x]", "!int takes [low, high]"), ("!int {low: 1}", "!int takes [low, high]"),
    ("!int [1, true]", "!int takes [low, high]"), ("!int [1, 2, 0]", "a positive step"),
    ("!int [1, 100000]", "at most 10,000 values"),
    ("!solve [1, 2]", "!solve takes [low, high, step]"),
    ("!solve [0, 1, 0.00001]", "at most 10,000 values"),
    ("!graph [3]", "!graph takes one of ws, er, ba"),
    ("!graph {xx: {n: 3}}", "!graph takes one of ws, er, ba"),
    ("!graph {ws: {n: 5}}", "ws needs n, k, p"), ("!graph {ws: {n: 5, k: 2, q: 1}}", "ws takes n, k, p"),
    ("!graph {ba: {n: 5, m: 9}}", "ba: "), ("!graph {er: {n: 9, p: 0}}", "no connected graph"),
    ("!graph {er: {n: 9, p: 1}, seeds: 0}", "seeds is a whole number from 1"),
    ("!graph {er: {n: 100000, p: 1}}", "n from 2 to 1000"),
])
def test_what_is_no_hole(genotype: Read, hole: str, words: str) -> None:
    with pytest.raises(GenotypeError) as caught:
        genotype(f"args: {{v: {hole}}}\nnet: [conv: {{out: =v}}]")
    assert words in str(caught.value), str(caught.value)


@pytest.mark.parametrize(("text", "words"), [
    ("name: n\ninput: [3, !choice [8, 16], 8]\nnet: [gap: ]", "make it an argument of the network"),
    ("name: !choice [a, b]\ninput: [3, 8, 8]\nnet: [gap: ]", "a genotype needs a name"),
    ("- conv: {out: 3, as: !choice [a, b]}", "as takes names"),
    ("- conv: {out: 3, repeat: 2, first: !choice {a: 1}}", "first takes the parameters to change"),
    ("- conv: {out: 3, repeat: 2, each: !choice [true]}", "each is `true`, or lists"),
    ("- add: {of: !choice [a, b]}", "of takes a list of branches"),
    ("blocks: {b: {in: {x: !choice [a]}, body: [act: ]}}\nnet: [b: ]", "can fall back"),
    ("- !choice {a: {act: }, b: {gap: }}", "needs a name: !choice {as: NAME"),
    ("- !choice [act, gap]", "a choice between steps is written !choice {label: step"),
    ("- !int [1, 2]", "a choice between steps is written"),
    ("- !choice {as: q}", "!choice has no options"),
    ("- !choice {as: q, a: 3}", "option 'a' is no step, but 3"),
    ("- !choice {as: q, a: {act: {as: r}}}", "'as' stands beside the labels"),
    ("- !choice {as: q, a: {act: {from: r}}}", "'from' stands beside the labels"),
    ("- conv: {out: !choice [3, 5]}\n- conv: {out: 8}", "one of several unnamed 'conv' steps"),
    ("blocks: {conv3: {args: {k: !choice [1, 3]}, body: [dw: {k: =k}]}}\n"
     "net: [conv3: {k: !choice [1, 3]}]", "two holes are named 'conv3.k' (the other at"),
])
def test_where_no_hole_can_stand(genotype: Read, text: str, words: str) -> None:
    with pytest.raises(GenotypeError) as caught:
        genotype(text)
    assert words in str(caught.value), str(caught.value)


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "names"), [
    ("- conv: {out: !choice [4, 8]}", ["conv.out"]),
    ("- conv: {out: !choice [4, 8], k: !choice [1, 3], as: stem}", ["stem.conv.out", "stem.conv.k"]),
    ("- conv: {out: 4, repeat: !int [1, 2], first: {stride: !choice [1, 2]}}",
     ["conv.repeat", "conv.first.stride"]),
    ("- conv: {out: 4, repeat: 2, k: !choice [1, 3], each: true}", ["conv.k"]),
    ("- act: {as: a}\n- dw: {as: b}\n- conv: {out: 4, from: !choice [a, b]}", ["conv.from"]),
    ("- act: {as: a}\n- concat: {from: [a, !choice [a, none]]}", ["concat.from.1"]),
    ("- conv: {out: 4, k: [!choice [1, 3], 3]}", ["conv.k.0"]),
    ("- conv: {out: 4, when: !choice [true, false]}", ["conv.when"]),
    ("- add: {as: s, of: [{dw: {k: !choice [3, 5]}}, [{conv: {out: !choice [8], as: c}}]]}",
     ["s.add.dw.k", "s.add.c.conv.out"]),
    ("args: {w: !solve [1, 2, 1]}\nnet: [conv: {out: =w}]", ["w"]),
    ("blocks: {b: {args: {k: !choice [3, 5]}, body: [dw: {k: =k}, conv: {out: !choice [4, 8], as: c}]}}"
     "\nnet: [b: ]", ["b.k", "b.c.conv.out"]),
    ("- !choice {as: s, a: {conv: {out: !choice [4, 8]}}, b: {dw: {k: !choice [3, 5]}}}",
     ["s", "s.a.out", "s.b.k"]),
    ("- conv: {out: !choice {small: !choice [1, 2], large: 9}, as: c}", ["c.conv.out",
                                                                         "c.conv.out.small"]),
    ("- act: {as: a}\n- conv: {out: 4}\n- residual: {from: a, project: {conv: {k: !choice [1, 3]}}}",
     ["residual.project.conv.k"]),
    ("blocks: {b: {args: {f: }, body: [=f: {out: !choice [4, 8]}]}}\nnet: [b: {f: {conv: }}]",
     ["b.f.out"]),
])
def test_a_hole_is_named_by_its_path(genotype: Read, text: str, names: list[str]) -> None:
    assert list(offered(genotype(text))) == names


def test_a_name_survives_an_inserted_step(genotype: Read) -> None:
    before = "- conv: {out: !choice [4, 8], as: stem}\n- dw: {k: !choice [3, 5], as: mix}"
    after = before.replace("\n", "\n- act:\n- conv: {out: 3}\n")
    assert offered(genotype(before)) == offered(genotype(after))


def test_a_conditional_hole_knows_its_parents(genotype: Read) -> None:
    space = genotype("- !choice\n  as: s\n  a: {conv: {out: !choice {x: !int [1, 3], y: 9}}}\n"
                     "  b: {act: }")
    assert {h.name: h.parents for h in space.holes} == {
        "s": (), "s.a.out": (("s", "a"),), "s.a.out.x": (("s", "a"), ("s.a.out", "x"))}


# --- how far a decision reaches -----------------------------------------------------------------


def asked(genotype: Genotype, pick: int = 0) -> list[str]:
    """The names asked for while expanding, in order."""
    names: list[str] = []

    def decide(name: str, hole: Hole) -> Any:
        names.append(name)
        return hole.labels[pick]
    trace(genotype, decide)
    return names


@pytest.mark.parametrize(("text", "names"), [
    ("blocks: {b: {body: [dw: {k: !choice [3, 5]}]}}\nnet: [b: , b: {repeat: 3}, b: ]", ["b.dw.k"]),
    ("blocks: {b: {args: {k: }, body: [dw: {k: =k}]}}\n"
     "net: [b: {k: !choice [3, 5], as: s1}, b: {k: !choice [3, 5], as: s2}]", ["s1.b.k", "s2.b.k"]),
    ("- dw: {k: !choice [3, 5], repeat: 3}", ["dw.k"]),
    ("- dw: {k: !choice [3, 5], repeat: 3, each: true}", ["dw.k.0", "dw.k.1", "dw.k.2"]),
    ("- dw: {k: !choice [3, 5], repeat: !int [2, 3], each: true}", ["dw.repeat", "dw.k.0", "dw.k.1"]),
    ("- dw: {k: !choice [3, 5], repeat: 3, each: true, first: {k: 7}}", ["dw.k.1", "dw.k.2"]),
    ("- !choice {as: s, a: {dw: {k: !choice [3, 5]}}, b: {conv: {out: !choice [4, 8]}}}",
     ["s", "s.a.k"]),                                   # what is not reached is not asked for
    ("- dw: {k: !choice [3, 5], when: !choice [false, true]}", ["dw.when"]),
    ("- conv: {out: 8, as: c}\n- residual: {from: c, project: {conv: {k: !choice [1, 3]}}}", []),
    ("blocks: {b: {args: {k: }, body: [dw: {k: =k, repeat: 2}]}}\n"
     "net: [b: {k: !choice [3, 5], repeat: 2, each: true}]", ["b.k.0", "b.k.1"]),
    ("blocks: {b: {args: {f: }, body: [=f: , =f: ]}}\n"
     "net: [b: {f: {dw: {k: !choice [3, 5]}}, repeat: 2, each: true}]", ["b.f.dw.k.0", "b.f.dw.k.1"]),
    ("args: {w: !solve [4, 8, 4]}\nnet: [conv: {out: =w}, conv: {out: =w}]", ["w"]),
])
def test_each_place_is_asked_for_once(genotype: Read, text: str, names: list[str]) -> None:
    assert asked(genotype(text)) == names


def test_a_decision_reaches_exactly_its_places(genotype: Read) -> None:
    space = genotype("blocks: {b: {args: {n: }, body: [dw: {k: !choice [3, 5], as: shared},\n"
                     "  dw: {k: =n, as: staged}, dw: {k: !choice [3, 5], repeat: 2, each: true, "
                     "as: own}]}}\n"
                     "net: [b: {n: !choice [3, 5], as: s1}, b: {n: !choice [3, 5], as: s2}]")
    found = trace(space, {"b.shared.dw.k": 5, "s1.b.n": 3, "s2.b.n": 5, "b.own.dw.k.0": 3,
                          "b.own.dw.k.1": 5})
    assert [n.op.k for n in found.nodes] == [5, 3, 3, 5, 5, 5, 3, 5]


# --- whole steps, graphs ------------------------------------------------------------------------

STEPS = """
- act: {as: a}
- dw: {as: b}
- !choice
  as: s
  from: [a, b]
  sum: {add: }
  both: {concat: }
  deep: {wide: {out: !choice [4, 8]}}
- conv: {from: s, out: 2}
"""
BLOCKS = "blocks: {wide: {in: {x: , y: }, args: {out: }, body: " \
         "[concat: {from: [x, y]}, conv: {out: =out}]}}\nnet:"


@pytest.mark.parametrize(("decisions", "long"), [
    ({"s": "sum"}, "- act: {as: a}\n- dw: {as: b}\n- add: {from: [a, b], as: s}\n- conv: {out: 2}"),
    ({"s": "both"},
     "- act: {as: a}\n- dw: {as: b}\n- concat: {from: [a, b], as: s}\n- conv: {out: 2}"),
    ({"s": "deep", "s.deep.out": 8},
     f"{BLOCKS}\n- act: {{as: a}}\n- dw: {{as: b}}\n- wide: {{from: [a, b], out: 8, as: s}}\n"
     "- conv: {out: 2}"),
])
def test_a_choice_of_steps_has_its_name_and_inputs_beside_it(genotype: Read, decisions: dict,
                                                             long: str) -> None:
    space = genotype(BLOCKS + STEPS)
    assert drawn(space, decisions) == drawn(fill(space, decisions)) == drawn(genotype(long))


GRAPH = "- wire: {edges: !graph {ws: {n: 12, k: 4, p: 0.75}, seeds: 20}, node: {dw: }, as: g}"


def test_a_drawn_graph_is_written_out(genotype: Read) -> None:
    space = genotype(GRAPH)
    filled = fill(space, {"g.wire.edges": 7})
    assert drawn(filled) == drawn(space, {"g.wire.edges": 7})
    assert "!graph" not in to_yaml(filled) and "- [0, " in to_yaml(filled)
    assert drawn(filled) != drawn(space, {"g.wire.edges": 8})


@pytest.mark.parametrize(("generator", "parameters"), [
    ("ws", {"n": 10, "k": 4, "p": 0.5}), ("er", {"n": 10, "p": 0.4}), ("ba", {"n": 10, "m": 3})])
def test_a_seed_draws_one_connected_acyclic_graph(generator: str, parameters: dict) -> None:
    given = Map({k: Scalar(v) for k, v in parameters.items()})
    edges = draw(generator, given, seed=3)
    assert edges == draw(generator, given, seed=3) != draw(generator, given, seed=4)
    assert all(0 <= a < b < 10 for a, b in edges) and len(set(edges)) == len(edges)
    reached = {0}
    for _ in range(10):
        reached |= {n for e in edges for n in e if reached & set(e)}
    assert reached == set(range(10))


# --- filling ------------------------------------------------------------------------------------

SPACE = """
args: {w: !solve [1, 2, 0.5], spare: 3}
blocks:
  unit: {args: {k: !choice [3, 5]}, body: [dw: {k: =k}]}
  other: {args: {n: }, body: [conv: {out: =n}]}
net:
  - conv: {out: =8*w, k: !choice {small: !choice [1, 3], large: 5}, as: stem}
  - unit: {repeat: !int [1, 3], as: units}
  - dw: {k: !choice [3, 5], stride: !choice [1, 2], repeat: 2, each: true, first: {stride: 2}, as: down}
  - !choice
    as: head
    a: {other: {n: !int [2, 4]}}
    b: {other: {n: =spare}}
    c: {gap: }
"""
FULL = {"w": 1.5, "stem.conv.k": "small", "stem.conv.k.small": 3, "unit.k": 5, "units.unit.repeat": 2,
        "down.dw.k.0": 3, "down.dw.k.1": 5, "down.dw.stride.1": 1, "head": "a", "head.a.n": 4}


def test_a_full_fill_is_the_traced_network(genotype: Read, genotype_file: Write) -> None:
    space = genotype(SPACE)
    filled = fill(space, FULL)
    assert not filled.is_space and space.is_space
    assert drawn(filled) == drawn(space, FULL) == drawn(load(genotype_file(to_yaml(filled))))
    assert "each: {k: [3, 5], stride: [2, 1]}" in to_yaml(filled)
    assert "first" not in to_yaml(filled) and "spare" not in to_yaml(filled)


@pytest.mark.parametrize(("decided", "left"), [
    ([], ["w", "unit.k", "stem.conv.k", "stem.conv.k.small", "units.unit.repeat", "down.dw.k",
          "down.dw.stride", "head", "head.a.n"]),
    (["w", "unit.k"], ["stem.conv.k", "stem.conv.k.small", "units.unit.repeat", "down.dw.k",
                       "down.dw.stride", "head", "head.a.n"]),
    (["w", "unit.k", "units.unit.repeat", "down.dw.k.0", "down.dw.k.1", "down.dw.stride.1"],
     ["stem.conv.k", "stem.conv.k.small", "head", "head.a.n"]),
    (["head", "w", "stem.conv.k"],                      # an inner hole moves up to its place
     ["unit.k", "stem.conv.k", "units.unit.repeat", "down.dw.k", "down.dw.stride", "head.other.n"]),
    (["head.a.n", "stem.conv.k.small"],                 # inside a choice that stays open
     ["w", "unit.k", "stem.conv.k", "units.unit.repeat", "down.dw.k", "down.dw.stride", "head"]),
    (["w", "stem.conv.k", "stem.conv.k.small", "head", "head.a.n", "units.unit.repeat"],
     ["unit.k", "down.dw.k", "down.dw.stride"]),
])
def test_a_partial_fill_leaves_the_other_holes(genotype: Read, genotype_file: Write,
                                               decided: list[str], left: list[str]) -> None:
    space = genotype(SPACE)
    part = fill(space, {name: FULL[name] for name in decided})
    assert list(offered(part)) == left
    again = load(genotype_file(to_yaml(part)))
    assert offered(again) == offered(part)
    assert {h.name: h.parents for h in again.holes} == {h.name: h.parents for h in part.holes}
    moved = {"stem.conv.k.small": "stem.conv.k", "head.a.n": "head.other.n"} \
        if "head" in decided and "head.a.n" not in decided else {}
    rest = {moved.get(name, name): label for name, label in FULL.items() if name not in decided}
    assert drawn(fill(part, rest)) == drawn(fill(again, rest)) == drawn(space, FULL)


@pytest.mark.parametrize(("decisions", "words"), [
    ({"unit.kk": 3}, "no hole is named 'unit.kk'; did you mean 'unit.k'"),
    ({"down.dw.k": 3}, "no hole is named 'down.dw.k'"),           # it is decided per repeat
    ({"down.dw.k.x": 3}, "no hole is named 'down.dw.k.x'; did you mean 'down.dw.k'"),
    ({"unit.k": 4}, "hole 'unit.k' has no option 4; known: 3, 5"),
    ({"unit.k": "5"}, "hole 'unit.k' has no option '5'"),
    ({"unit.k": True}, "hole 'unit.k' has no option True"),
    ({"unit.k": None}, "hole 'unit.k' has no option None"),
    ({"head": "d"}, "hole 'head' has no option 'd'; known: a, b, c"),
    ({"down.dw.k.0": 3}, "decided together, for every repeat: down.dw.k.1 is open"),
    ({"down.dw.k.0": 3, "down.dw.k.1": 3}, "for every repeat: down.dw.stride.1 is open"),
])
@pytest.mark.parametrize("use", [fill, trace], ids=["fill", "trace"])
def test_a_wrong_decision_is_told(genotype: Read, decisions: dict, words: str, use: Callable) -> None:
    space = genotype(SPACE)
    if use is trace and "for every repeat" in words:
        words = "is open; decide it (options: "     # a trace wants them all anyway
    elif use is trace:
        decisions = FULL | decisions
    with pytest.raises((GenotypeError, UnknownNameError)) as caught:
        use(space, decisions)
    assert words in str(caught.value), str(caught.value)


def test_a_repeat_that_is_open_cannot_have_decided_repeats(genotype: Read) -> None:
    space = genotype("- dw: {k: !choice [3, 5], repeat: !int [1, 2], each: true}")
    with pytest.raises(GenotypeError, match=r"'dw\.repeat' says how many repeats there are"):
        fill(space, {"dw.k.0": 3})
    assert list(offered(fill(space, {"dw.repeat": 2}))) == ["dw.k"]


def test_repeats_by_formula_share_their_decisions(genotype: Read, genotype_file: Write) -> None:
    space = genotype("blocks: {b: {args: {n: }, body: [dw: {k: !choice [3, 5], repeat: =n, "
                     "each: true}]}}\nnet: [b: {n: 3}, b: {n: 1}]")
    decisions = {"b.dw.k.0": 5, "b.dw.k.1": 3, "b.dw.k.2": 5}
    assert [n.op.k for n in trace(space, decisions).nodes] == [5, 3, 5, 5]
    filled = fill(space, decisions)
    assert drawn(filled) == drawn(space, decisions) == drawn(load(genotype_file(to_yaml(filled))))


def test_an_open_hole_in_a_network_is_told_with_its_options(genotype: Read) -> None:
    with pytest.raises(GenotypeError) as caught:
        cost(genotype("- conv: {out: !int [1, 9], as: stem}"))
    assert "net.yaml:4 (net[0].conv.out): hole 'stem.conv.out' is open; decide it (options: " \
           "1, 2, 3, …, 9)" in str(caught.value)


@pytest.mark.parametrize(("repeat", "label", "left"), [
    ("!int [1, 3]", 2, "repeat: 2, each: {k: [3, 5]}"),
    ("!int [1, 3]", 3, "repeat: 3, each: {k: [3, 5, 7]}"),
    ("!int [0, 3]", 0, "repeat: 0, each: {k: [3, 5, 7]}"),
    ("!choice {short: 1, long: 3}", "short", "repeat: 1, each: {k: [3]}"),
    ("!solve [1, 3, 1]", 2, "repeat: 2, each: {k: [3, 5]}")])
def test_values_of_repeats_that_were_decided_against_go(
        genotype: Read, repeat: str, label: int | str, left: str) -> None:
    space = genotype(f"- conv: {{out: 8}}\n- dw: {{repeat: {repeat}, each: {{k: [3, 5, 7]}}, as: s}}")
    decided = {"s.dw.repeat": label}
    filled = fill(space, decided)
    assert left in to_yaml(filled)
    assert trace(filled).cost() == trace(space, decided).cost()


def test_values_of_repeats_stay_while_their_number_is_open(genotype: Read) -> None:
    space = genotype("- dw: {repeat: !int [1, 3], each: {k: [3, !choice [5, 9], 7]}, as: s}")
    part = fill(space, {"s.dw.each.k.1": 9})
    assert "each: {k: [3, 9, 7]}" in to_yaml(part)
    assert [hole.name for hole in part.holes] == ["s.dw.repeat"]
    assert "each: {k: [3]}" in to_yaml(fill(part, {"s.dw.repeat": 1}))
