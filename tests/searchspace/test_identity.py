"""Identity: spellings that must not matter, changes that must, and a slow oracle by terms."""

import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import bundled
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from searchspace import load, to_yaml
from searchspace.expansion import Expansion, trace
from searchspace.identity import digest, identity, same


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory):
    folder, numbers = tmp_path_factory.mktemp("networks"), itertools.count()

    def make(net: str | list, name: str = "net", **rest: object) -> Expansion:
        steps = yaml.safe_load(net) if isinstance(net, str) else net
        path = folder / f"{next(numbers)}.yaml"
        document = {"name": name, "input": [8, 16, 16], **rest, "net": steps}
        path.write_text(json.dumps(document))       # which is YAML, too, and written faster
        return trace(load(path))
    return make


FAMILIES = {
    "names": [
        "[{conv: {out: 4, as: a}}, {conv: {out: 4, as: b}}, {add: {from: [a, b]}}]",
        "[{conv: {out: 4, as: left}}, {conv: {out: 4, as: right}}, {add: {from: [left, right]}}]",
    ],
    "depthwise": [
        "[dw: {k: 5}]",
        "[conv: {out: 8, groups: 8, k: 5}]",
        "[conv: {out: 8, groups: 8, k: 5, pad: [2, 2]}]",
        "[conv: {out: 8, groups: 8, k: [5, 5], bn: false, act: none}, bn: , act: ]",
    ],
    "one channel": ["[slice: {start: 0, length: 1}, dw: ]",
                    "[slice: {start: 0, length: 1}, conv: {out: 1}]"],
    "padding": ["[conv: {out: 4, k: 5, dilation: 2}]",
                "[conv: {out: 4, k: 5, dilation: 2, pad: 4}]",
                "[conv: {out: 4, k: 5, dilation: 2, pad: same}]",
                "[pad: {top: 4, bottom: 4, left: 4, right: 4}, "
                "conv: {out: 4, k: 5, dilation: 2, pad: 0}]"],
    "padding below and right": [
        "[dw: {k: 3, stride: 2, pad: same}]",
        "[pad: {bottom: 1, right: 1}, dw: {k: 3, stride: 2, pad: 0}]"],
    "boxes": [
        "[conv: {out: 4, order: act-conv-bn}]",
        "[act: , conv: {out: 4, act: none}]",
        "[act: , conv: {out: 4, act: none, bn: false}, bn: ]",
        "[act: , act: {fn: none}, conv: {out: 4, order: bn-act-conv, act: none, bn: false}, "
        "bn: , dropout: {p: 0}]",
    ],
    "dropout of channels of one value": ["[gap: , dropout: ]", "[gap: , dropout: {channels: true}]",
                                         "[gap: , dropout: , dropout: {p: 0, channels: true}]"],
    "linear": ["[gap: , linear: {out: 3, act: tanh}]",
               "[gap: , gap: , conv: {out: 3, k: 1, bias: true, bn: false, act: tanh}]"],
    "linear over positions": [
        "[linear: {out: 3}]",
        "[conv: {out: 3, k: 16, pad: 0, bias: true, bn: false, act: none}]"],
    "pool": ["[pool: {fn: avg, k: 2, stride: 2}]",
             "[pool: {fn: avg, k: 2, stride: 2, pad: 0, ceil: true, count_pad: true}]"],
    "dead ends": [
        "[conv: {out: 4}]",
        "[{slice: {start: 0, length: 8, as: x}}, {conv: {out: 9}}, {conv: {from: x, out: 4}}]"],
    "order of a sum": [
        "[add: {of: [{conv: {out: 4}}, {conv: {out: 4, k: 5}}, {conv: {out: 4, k: 1}}]}]",
        "[add: {of: [{conv: {out: 4, k: 1}}, {conv: {out: 4}}, {conv: {out: 4, k: 5}}]}]",
    ],
    "nested sums": [
        "[{slice: {start: 0, length: 8, as: x}}, {dw: {as: a}}, {dw: {from: x, as: b}}, "
        "{add: {from: [a, b], as: ab}}, {add: {from: [ab, x]}}]",
        "[{slice: {start: 0, length: 8, as: x}}, {dw: {as: a}}, {dw: {from: x, as: b}}, "
        "{add: {from: [b, x, a]}}]",
    ],
    "concatenation before a convolution": [
        "[concat: {of: [{conv: {out: 4}}, {conv: {out: 6, k: 1}}]}, conv: {out: 5}]",
        "[concat: {of: [{conv: {out: 6, k: 1}}, {conv: {out: 4}}]}, conv: {out: 5}]",
    ],
    "concatenation before channel-wise steps": [
        "[concat: {of: [{conv: {out: 4}}, {conv: {out: 6, k: 1}}]}, bn: , act: , dw: , pool: , "
        "pad: {top: 1}, dropout: , gap: , linear: {out: 3}]",
        "[concat: {of: [{conv: {out: 6, k: 1}}, {conv: {out: 4}}]}, bn: , act: , dw: , pool: , "
        "pad: {top: 1}, dropout: , gap: , linear: {out: 3}]",
    ],
    "concatenation of concatenations": [
        "[{conv: {out: 4, as: a}}, {conv: {out: 4, as: b}}, {conv: {out: 4, as: c}}, "
        "{concat: {from: [a, b], as: ab}}, {concat: {from: [ab, c]}}, {conv: {out: 5}}]",
        "[{conv: {out: 4, as: a}}, {conv: {out: 4, as: b}}, {conv: {out: 4, as: c}}, "
        "{concat: {from: [c, a], as: ca}}, {act: }, {concat: {from: [b, ca]}}, {conv: {out: 5}}]",
    ],
    "cut and joined again": [
        "[{split: {as: [a, b]}}, {act: {from: a, as: c}}, {act: {from: b, as: d}}, "
        "{concat: {from: [c, d]}}, {softmax: }]",
        "[act: , softmax: ]",
    ],
    "joined in another order": [
        "[{split: {as: [a, b]}}, {concat: {from: [b, a]}}, {conv: {out: 4}}]", "[conv: {out: 4}]"],
    "shared functions": [
        "[add: {of: [{pool: }, {pool: }]}]",
        "[{pool: {as: p}}, {add: {from: [p, p]}}]",
    ],
}

DIFFERENT = {
    "kernel": ["[conv: {out: 8}]", "[conv: {out: 8, k: 5}]", "[conv: {out: 8, k: [3, 5]}]",
               "[conv: {out: 8, k: [5, 3]}]", "[conv: {out: 8, dilation: 2}]", "[dw: ]"],
    "stride": ["[conv: {out: 8}]", "[conv: {out: 8, stride: 2}]", "[conv: {out: 8, pad: 0}]"],
    "channels": ["[conv: {out: 8}]", "[conv: {out: 6}]", "[conv: {out: 8, groups: 2}]"],
    "hidden channels": [f"[conv: {{out: {n}}}, gap: , linear: {{out: 3}}]" for n in (1, 4, 8)]
    + ["[dw: , gap: , linear: {out: 3}]", "[conv: {out: 8, groups: 4}, gap: , linear: {out: 3}]"],
    "activation": [f"[conv: {{out: 8, act: {act}}}]" for act in ("none", "relu", "relu6", "tanh")],
    "parts": ["[conv: {out: 8}]", "[conv: {out: 8, bias: true}]", "[conv: {out: 8, bn: false}]",
              "[conv: {out: 8, order: conv-act-bn}]", "[conv: {out: 8, order: bn-act-conv}]",
              "[conv: {out: 8, order: act-conv-bn}]", "[conv: {out: 8, eps: 0.001}]"],
    "dropout": ["[dropout: ]", "[dropout: {channels: true}]", "[dropout: {p: 0.3}]"],
    "twins or one": [
        "[{conv: {out: 4, as: c}}, {add: {from: [c, c]}}]",
        "[add: {of: [{conv: {out: 4}}, {conv: {out: 4}}]}]",
        "[{conv: {out: 4, as: c}}, {mul: {from: [c, c]}}]",
        "[{conv: {out: 4, as: c}}, {add: {from: [c, c, c]}}]",
    ],
    **{f"{op} twice or shared": [f"[add: {{of: [{{{op}: }}, {{{op}: }}]}}]",
                                 f"[{{{op}: {{as: p}}}}, {{add: {{from: [p, p]}}}}]"]
       for op in ("bn", "dw", "attend", "dropout")},
    "which channels": [
        "[softmax: , linear: {out: 3}]",
        "[{split: {as: [a, b]}}, {softmax: {from: a}}, {linear: {out: 3}}]",
        "[{split: {as: [a, b]}}, {softmax: {from: b}}, {linear: {out: 3}}]"],
    "own norms before convolutions": [
        "[add: {of: [{conv: {out: 4, order: bn-act-conv}}, {conv: {out: 4, order: bn-act-conv}}]}]",
        "[bn: , add: {of: [{conv: {out: 4, order: act-conv-bn, bn: false}}, "
        "{conv: {out: 4, order: act-conv-bn, bn: false}}]}]"],
    "zeros around an image": [
        "[dw: {stride: 2, pad: same}]", "[dw: {stride: 2}]", "[dw: {stride: 2, pad: 0}]",
        "[pad: {top: 1, left: 1}, dw: {stride: 2, pad: 0}]",
        "[pad: {bottom: 1, right: 1}, dw: {stride: 2}]",
        "[pad: {bottom: 1, right: 1}, act: {fn: sigmoid}, dw: {stride: 2, pad: 0}]"],
    "skips": [
        "[{dw: {as: a}}, {dw: {as: b}}, {dw: {as: c}}, {add: {from: [a, c]}}]",
        "[{dw: {as: a}}, {dw: {as: b}}, {dw: {as: c}}, {add: {from: [b, c]}}]",
    ],
    **{f"concatenation before {after}": [
        f"[concat: {{of: [{{conv: {{out: 4}}}}, {{conv: {{out: 4, k: 1}}}}]}}, {after}]",
        f"[concat: {{of: [{{conv: {{out: 4, k: 1}}}}, {{conv: {{out: 4}}}}]}}, {after}]",
    ] for after in (
        "act: ", "bn: , act: ", "conv: {out: 8, groups: 2}", "dw: , shuffle: {groups: 2}",
        "softmax: , conv: {out: 4}", "slice: {start: 2, length: 4}, conv: {out: 4}",
        "dw: , conv: {out: 8, groups: 4}")},
    "concatenation in a sum": [
        "[{slice: {start: 0, length: 8, as: x}}, {conv: {out: 4, as: a}}, "
        f"{{conv: {{out: 4, as: b}}}}, {{concat: {{from: {names}}}}}, "
        "{add: {from: [_, x]}}, {conv: {out: 4}}]" for names in ("[a, b]", "[b, a]")],
    "of equal halves": [
        "[{conv: {out: 4, as: a}}, {conv: {out: 4, as: b}}, "
        "{slice: {from: a, start: 0, length: 2}}, "
        f"{{concat: {{from: [_, {name}]}}}}, {{conv: {{out: 4}}}}]" for name in "ab"],
}

# What leads only to zeros costs something, and is nothing to the function.
ZEROS = {
    "in a sum": [
        "[{conv: {out: 8, as: a}}, {conv: {from: a, out: 8}}, {zero: {as: z}}, {add: {from: [a, z]}}]",
        "[conv: {out: 8}]",
        "[{conv: {out: 8, as: a}}, {zero: {as: z}}, {conv: {from: z, out: 8, bn: false, act: tanh}}, "
        "{pool: }, {pool: {fn: avg}}, {act: {fn: gelu}}, {dropout: }, {add: {from: [a, _]}}]"],
    "in nested sums": [
        "[{conv: {out: 8, as: a}}, {zero: {as: z}}, {add: {from: [a, z]}}, {dw: {as: b}}, "
        "{add: {from: [z, b, z, a]}}]",
        "[{conv: {out: 8, as: a}}, {dw: {as: b}}, {add: {from: [a, b]}}]"],
    "alone": ["[zero: ]", "[act: , dw: , zero: ]", "[zero: , zero: ]",
              "[{zero: {as: z}}, {add: {from: [z, z]}}]",
              "[{zero: {as: z}}, {mul: {of: [z, {dw: {from: z}}]}}]"],
    "before a norm": ["[zero: , conv: {out: 8}]", "[dw: , zero: , conv: {out: 8, k: 5}]",
                      "[zero: , bn: , act: ]"],
    "beside others in a convolution": [
        "[{conv: {out: 4, as: a}}, {zero: {as: z}}, {concat: {from: [z, a, z]}}, {conv: {out: 6}}]",
        "[conv: {out: 4}, conv: {out: 6}]"],
}
NO_ZEROS = {
    "a norm has a bias": ["[{dw: {as: a}}, {zero: }, {bn: }, {add: {from: [a, _]}}]", "[dw: ]"],
    "a convolution has a bias": [
        "[zero: , conv: {out: 8, bn: false, act: none, bias: true}]", "[zero: ]"],
    "sigmoid of zero is a half": ["[zero: , act: {fn: sigmoid}]", "[zero: ]",
                                  "[zero: , act: {fn: hsigmoid}]"],
    "how many": ["[conv: {out: 4}, zero: ]", "[conv: {out: 5}, zero: ]", "[pool: {stride: 2}, zero: ]"],
    "zeros that spread a sum": [
        "[{zero: {as: z}}, {gap: {from: x, as: g}}, {add: {from: [z, g]}}]".replace("from: x, ", ""),
        "[{zero: {as: z}}, {gap: }, {act: {fn: sigmoid, as: g}}, {add: {from: [z, g]}}]",
        "[{zero: {as: z}}, {gap: }, {act: {fn: sigmoid, as: g}}, {add: {from: [g, g]}}]"],
}


@pytest.mark.parametrize("spellings", ZEROS.values(), ids=ZEROS)
def test_zeros_do_not_depend_on_their_input(network, spellings: list[str]) -> None:
    first, *others = map(network, spellings)
    assert others
    for other in others:
        assert digest(other) == digest(first)
        assert same(other, first)


@pytest.mark.parametrize("nets", NO_ZEROS.values(), ids=NO_ZEROS)
def test_what_is_no_zero_stays(network, nets: list[str]) -> None:
    for a, b in itertools.combinations(map(network, nets), 2):
        assert digest(a) != digest(b)
        assert not same(a, b)


@pytest.mark.parametrize("spellings", FAMILIES.values(), ids=FAMILIES)
def test_spellings_of_one_network_are_the_same(network, spellings: list[str]) -> None:
    first, *others = map(network, spellings)
    assert others
    for other in others:
        assert digest(other) == digest(first)
        assert same(other, first) and same(first, other)
        assert other.cost() == first.cost()


@pytest.mark.parametrize("nets", DIFFERENT.values(), ids=DIFFERENT)
def test_different_networks_differ(network, nets: list[str]) -> None:
    for a, b in itertools.combinations(map(network, nets), 2):
        assert digest(a) != digest(b)
        assert not same(a, b)


def test_blocks_names_and_notation_do_not_matter_but_the_input_does(network) -> None:
    plain = network("[conv: {out: 16, k: 1, act: relu6}, dw: {act: relu6}, "
                    "conv: {out: 6, k: 1, act: none}]", name="plain")
    block = network("[twice: {out: 6}]", name="block", blocks={
        "twice": {"args": {"out": None, "t": 2}, "body": [
            {"conv": {"out": "=t*cin", "k": 1, "act": "relu6", "as": "expand"}},
            {"dw": {"act": "relu6"}}, {"conv": {"out": "=out", "k": 1, "act": "none"}}]}})
    bundled = network("[mbconv: {out: 6, t: 2}]")
    larger = network("[mbconv: {out: 6, t: 2}]", input=[8, 32, 32])
    assert digest(plain) == digest(block) == digest(bundled) != digest(larger)
    assert same(plain, block) and not same(bundled, larger)


# The same network in two papers, or in two tables of one; all others are different.
TWINS = [
    {"mobilenet-v1@1.0", "sinet-mobilenet-v1@g1", "sinet-mobilenet-v1@single"},
    {"resnet@50b", "resnext@50-1x64d"}, {"resnet@101b", "resnext@101-1x64d"},
    *({f"sinet-{host}@g1", f"sinet-{host}@single"}
      for host in ("mobilenet-v2", "resnet-34", "se-resnet-18")),
]


@bundled.each_network
def test_bundled_networks_survive_writing(name: str, tmp_path: Path) -> None:
    (copy := tmp_path / "copy.yaml").write_text(to_yaml(bundled.network(name)))
    assert same(bundled.expanded(name), trace(load(copy)))      # so their hashes are equal


def test_bundled_networks_are_distinct() -> None:
    """Those of different costs are; of the others, the hashes say which are one."""
    alike, twins = Counter(bundled.costs().values()), {}
    for name, cost in bundled.costs().items():
        if alike[cost] > 1:
            twins.setdefault(digest(bundled.expanded(name)), set()).add(name)
    assert [names for names in twins.values() if len(names) > 1] == TWINS


def test_a_space_under_decisions_is_the_network_that_they_make(tmp_path: Path) -> None:
    (space := tmp_path / "space.yaml").write_text(
        "{name: s, input: [3, 8, 8], net: [conv: {out: !choice [8, 16], as: a}]}")
    (plain := tmp_path / "plain.yaml").write_text(
        "{name: p, input: [3, 8, 8], net: [conv: {out: 16}]}")
    assert identity(load(space), {"a.conv.out": 16}) == identity(load(plain))
    assert identity(load(space), {"a.conv.out": 8}) != identity(load(plain))


def test_the_hash_is_the_same_in_every_process() -> None:
    code = ("from searchspace import load; from searchspace.identity import identity; import sys; "
            "print(identity(load('mobilenet-v2'))); assert 'torch' not in sys.modules")
    here = identity(load("mobilenet-v2"))
    for seed in ("0", "1"):
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                             check=True, env={**os.environ, "PYTHONHASHSEED": seed})
        assert run.stdout.split() == [here]


def test_many_twins_are_matched_and_told_apart(network) -> None:
    def rings(*lengths: int) -> Expansion:
        """Equal convolutions of one input, each added to the next one around its ring: hashes
        that look at neighbours cannot see how long a ring is."""
        pairs, start = [], 0
        for length in lengths:
            pairs += [(start + i, start + (i + 1) % length) for i in range(length)]
            start += length
        steps = [{"slice": {"start": 0, "length": 8, "as": "x"}}]
        steps += [{"dw": {"from": "x", "as": f"c{i}"}} for i in range(start)]
        steps += [{"mul": {"from": [f"c{a}", f"c{b}"], "as": f"m{n}"}}
                  for n, (a, b) in enumerate(pairs)]
        return network([*steps, {"add": {"from": [f"m{n}" for n in range(len(pairs))]}}])

    assert same(rings(3, 4), rings(4, 3))
    assert digest(rings(3, 4)) == digest(rings(4, 3)) == digest(rings(7))
    assert not same(rings(3, 4), rings(7))


def test_chains_of_sums_stay_cheap(network) -> None:
    chain = [{"dw": {"as": "y0"}}]
    for i in range(200):
        chain += [{"dw": {"as": f"f{i}"}}, {"add": {"from": [f"y{i}", f"f{i}"], "as": f"y{i + 1}"}}]
    assert same(network(chain), network(chain))


# --- the oracle: a network as a term in which every weighted operation is a named function ------

Program = list[tuple[str, tuple[int, ...]]]    # operation and its inputs; tensor 0 is the input


@st.composite
def programs(draw: st.DrawFn) -> Program:
    nodes: Program = []
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["conv", "dw", "act", "add", "mix", "group"]))
        count = {"add": 2, "mix": 2, "group": 2}.get(kind, 1)
        nodes.append((kind, tuple(draw(st.integers(0, len(nodes))) for _ in range(count))))
    ends = draw(st.lists(st.integers(0, len(nodes)), min_size=1, max_size=2))
    return [*nodes, ("out", (len(nodes), *ends))]


def steps(program: Program) -> list[dict]:
    made: list[dict] = [{"slice": {"start": 0, "length": 8, "as": "t0"}}]
    for i, (kind, inputs) in enumerate(program, 1):
        names = [f"t{j}" for j in inputs]
        if kind in ("mix", "group", "out"):
            made.append({"concat": {"from": names}})
            if kind == "out":
                continue
            made.append({"conv": {"out": 8, "k": 1, "groups": 2 if kind == "group" else 1,
                                  "bn": False, "act": "none", "as": f"t{i}"}})
        elif kind == "conv":
            made.append({"conv": {"out": 8, "from": names[0], "as": f"t{i}"}})
        else:
            made.append({kind: {"from": names if kind == "add" else names[0], "as": f"t{i}"}})
    return made


def term(program: Program, weights: dict[int, int]) -> object:
    """The output as nested tuples, its weighted functions named by ``weights``."""
    terms: list[tuple] = [("input", "")]
    for i, (kind, inputs) in enumerate(program, 1):
        taken = [terms[j] for j in inputs]
        if kind == "add":
            taken = sorted(t for s in taken for t in (s[2:] if s[0] == "add" else (s,)))
        if kind == "mix":
            taken = sorted(taken)
        terms.append((kind, str(weights.get(i, "")), *taken))
    return terms[-1]


def weighted(program: Program) -> list[int]:
    """The live operations with weights."""
    live = {len(program)}
    for i in range(len(program), 0, -1):
        if i in live:
            live.update(program[i - 1][1])
    return [i for i in sorted(live) if i and program[i - 1][0] in ("conv", "dw", "mix", "group")]


def equal_by_terms(a: Program, b: Program) -> bool:
    own, others = weighted(a), weighted(b)
    if len(own) != len(others):
        return False
    target = term(a, {i: n for n, i in enumerate(own)})
    return any(term(b, dict(zip(others, names, strict=True))) == target
               for names in itertools.permutations(range(len(own))))


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[Program, Program]:
    """A network, and itself with its steps in another order, inputs swapped, or one changed."""
    a = draw(programs())
    order = draw(st.permutations(range(1, len(a))))
    done, place, b = [0], {0: 0}, []
    while len(done) < len(a):
        i = next(i for i in order if i not in place and all(j in place for j in a[i - 1][1]))
        place[i] = len(done)
        done.append(i)
        kind, inputs = a[i - 1]
        b.append((kind, tuple(place[j] for j in draw(st.permutations(inputs)))))
    kind, inputs = a[-1]
    b.append((kind, tuple(place[j] for j in inputs)))
    if draw(st.booleans()):
        at = draw(st.integers(0, len(b) - 1))
        b[at] = (b[at][0], tuple(draw(st.integers(0, at)) for _ in b[at][1]))
    return a, b


@settings(max_examples=300, deadline=None)
@given(st.one_of(neighbours(), st.tuples(programs(), programs())))
def test_identity_agrees_with_the_terms(network, pair: tuple[Program, Program]) -> None:
    a, b = pair
    assume(max(len(weighted(a)), len(weighted(b))) <= 5)
    one, two = network(steps(a)), network(steps(b))
    expected = equal_by_terms(a, b)
    assert (digest(one) == digest(two)) == expected
    assert same(one, two) == expected
    if expected:
        assert one.cost() == two.cost()
