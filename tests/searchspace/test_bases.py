"""Variants, bases and files of blocks: what is taken over, what is changed, what is a fault."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from searchspace import (
    Genotype,
    GenotypeError,
    GenotypeWarning,
    UnknownNameError,
    expand,
    load,
    to_yaml,
)
from searchspace.expansion import trace
from searchspace.notation.metadata import Accuracy
from searchspace.space.known_networks import known_networks

Read = Callable[..., Genotype]
Write = Callable[..., Path]

FAMILY = """
name: family
args: {w: 1, k: 3}
input: [3, 32, 32]
default: wide
variants:
  plain:
  wide: {args: {w: 2}}
  small: {input: [3, 16, 16]}
  deep: {fill: {stage.block.n: 2, head: flat}, note: two blocks}
blocks:
  block: {args: {out: , n: 1}, body: [conv: {out: =out, repeat: =n}]}
net:
  - conv: {out: =8*w, k: =k, as: stem}
  - block: {out: =8*w, n: !int [1, 3], as: stage}
  - !choice
    as: head
    pooled: {gap: }
    flat: {conv: {out: 1, k: 1}}
"""
FILLED = {"stage.block.n": 1, "head": "pooled"}


def shapes(genotype: Genotype, decisions: dict | None = None) -> list[tuple[int, int, int]]:
    return [n.shape for n in trace(genotype, decisions).nodes]


# --- variants -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("variant", "first"), [
    (None, (16, 32, 32)), ("wide", (16, 32, 32)), ("plain", (8, 32, 32)), ("small", (8, 16, 16))])
def test_a_variant_sets_arguments_and_input(genotype: Read, variant: str | None,
                                            first: tuple[int, int, int]) -> None:
    family = genotype(FAMILY, variant=variant)
    assert family.title == f"family@{variant or 'wide'}"
    assert shapes(family, FILLED)[0] == first


def test_a_variant_fills_holes(genotype: Read) -> None:
    deep = genotype(FAMILY, variant="deep")
    assert not deep.is_space and deep.header.note == "two blocks"
    assert shapes(deep) == [(8, 32, 32)] * 3 + [(1, 32, 32)]


def test_a_variant_stands_after_the_at_sign(genotype_file: Write) -> None:
    path = genotype_file(FAMILY)
    assert load(f"{path}@small").variant == "small"
    strange = path.parent / "a@b"
    strange.mkdir()
    (strange / "net.yaml").write_text(path.read_text())
    assert load(strange / "net.yaml").variant == "wide"
    assert load(f"{strange}/net.yaml@plain").variant == "plain"


def test_an_empty_default_means_no_variant(genotype_file: Write) -> None:
    path = genotype_file(FAMILY.replace("default: wide", "default:"))
    space = load(path)
    assert space.title == "family" and space.is_space
    assert shapes(space, FILLED)[0] == (8, 32, 32)
    assert load(path, "wide").title == "family@wide"
    (path.parent / "above.yaml").write_text("name: above\nbase: net.yaml\nargs: {k: 1}\n")
    assert len(load(path.parent / "above.yaml").holes) == len(space.holes) == 2


def test_a_space_knows_the_networks_among_its_variants(genotype_file: Write) -> None:
    text = FAMILY.replace("default: wide", "default:").replace("args: {w: 1,", "args: {w: !solve [1, 3, 1],") \
        .replace("  deep:", "  half: {fill: {head: flat}}\n  other: {args: {k: 1}, fill: {head: flat}}\n"
                 "  many: {args: {w: 3.0}, fill: {stage.block.n: 3, head: pooled}}\n  deep:")
    known = known_networks(load(genotype_file(text)))
    assert {k.name: k.decisions for k in known} == {
        "many": {"w": 3, "stage.block.n": 3, "head": "pooled"},
        "deep": {"stage.block.n": 2, "head": "flat"}}
    for wrong, words in (("head: flatt", "no option 'flatt'"), ("heat: flat", "did you mean 'head'")):
        with pytest.raises((GenotypeError, UnknownNameError), match=words):
            known_networks(load(genotype_file(text.replace("n: 2, head: flat", f"n: 2, {wrong}"))))


def test_the_holes_of_every_repeat_are_filled(genotype_file: Write) -> None:
    space = load(genotype_file("name: net\ninput: [3, 8, 8]\ndefault:\nvariants:\n"
                               "  mixed: {fill: {dw.k.0: 3, dw.k.1: 5}}\n"
                               "net:\n  - dw: {k: !choice [3, 5], repeat: 2, each: true}\n"))
    (known,) = known_networks(space)
    assert [n.op.k for n in trace(space, known.decisions).nodes] == [3, 5]
    assert [n.op.k for n in trace(load(space.file, "mixed")).nodes] == [3, 5]


def test_arguments_change_what_a_variant_set(genotype: Read) -> None:
    assert shapes(genotype(FAMILY, w=3), FILLED)[0] == (24, 32, 32)
    with pytest.raises(UnknownNameError, match="family has no argument 'ww'; did you mean 'w'"):
        genotype(FAMILY, ww=3)
    for wrong in (None, [1], float("nan"), float("inf"), 1e300):
        with pytest.raises(GenotypeError, match="argument 'w' takes a number, a word"):
            genotype(FAMILY, w=wrong)


SCALED = """
name: scaled
args: {phi: 0, twice: =2*phi, w: "=pow(2, twice)", r: =32*w}
input: [3, =r, =r]
default: plain
variants:
  plain:
  table: {args: {w: 3, r: 48}}
  small: {input: [3, 16, 16]}
net: [conv: {out: =8*w}]
"""


def test_the_size_of_an_image_is_a_formula_too(genotype: Read) -> None:
    assert shapes(genotype(SCALED)) == [(8, 32, 32)]
    assert shapes(genotype(SCALED, phi=1)) == [(32, 128, 128)]
    assert shapes(genotype(SCALED, phi=1).with_input(20)) == [(32, 20, 20)]


@pytest.mark.parametrize(("variant", "args", "left"), [
    ("table", {}, ["w", "r"]), ("small", {}, ["phi", "twice", "w"]), ("plain", {"w": 2}, ["w", "r"]),
    ("plain", {"twice": 1}, ["twice", "w", "r"]), ("plain", {"r": 8}, ["phi", "twice", "w", "r"])])
def test_arguments_behind_replaced_values_are_left_out(genotype: Read, variant: str, args: dict,
                                                       left: list[str]) -> None:
    assert list(genotype(SCALED, variant=variant, **args).document["args"]) == left


def test_what_is_given_must_be_used_and_what_was_never_used_is_told(genotype: Read) -> None:
    with pytest.raises(GenotypeError, match="argument 'phi' of the network is never used"):
        genotype(SCALED, phi=1, w=2)
    with pytest.raises(UnknownNameError, match="scaled has no argument 'phi'"):
        genotype(SCALED, variant="table", phi=1)
    with pytest.raises(GenotypeError, match="argument 'idle' of the network is never used"):
        genotype(SCALED.replace("phi: 0", "idle: 1, phi: 0"), variant="table", w=2)


def test_an_unknown_variant_is_told(genotype: Read) -> None:
    with pytest.raises(UnknownNameError, match="net has no variant 'wdie'; did you mean 'wide'"):
        genotype(FAMILY, variant="wdie")


@pytest.mark.parametrize(("old", "new", "words"), [
    ("default: wide", "default: wdie", "default: there is no variant 'wdie'; did you mean 'wide'"),
    ("plain:", "plain: {agrs: {}}", "variant 'plain' has no 'agrs'; did you mean 'args'"),
    ("plain:", "plain: {args: {ww: 1}}", "variant 'plain': there is no argument 'ww'"),
    ("plain:", "plain: {status: sure}", "status is one of calibrated, unsettled, not 'sure'"),
    ("plain:", "plain: {exact: {params: 1}}", "exact takes whole numbers"),
    ("plain:", "plain: 3", "variant 'plain' must be a mapping"),
])
def test_a_fault_in_a_variant_nobody_asked_for_is_told(genotype: Read, old: str, new: str,
                                                       words: str) -> None:
    with pytest.raises(GenotypeError, match=words):
        genotype(FAMILY.replace(old, new, 1), variant="wide" if "wdie" not in new else None)


@pytest.mark.parametrize(("fill", "words"), [
    ("{stage.block.m: 2}", "no hole is named 'stage.block.m'; did you mean 'stage.block.n'"),
    ("{stage.block.n: 4}", "hole 'stage.block.n' has no option 4; known: 1, 2, 3"),
    ("{head: pool}", "hole 'head' has no option 'pool'; did you mean 'pooled'"),
    ("{head: [flat]}", "fill: 'head' takes the label of an option, not a list"),
])
def test_a_wrong_fill_is_told(genotype: Read, fill: str, words: str) -> None:
    text = FAMILY.replace("plain:", f"plain: {{fill: {fill}}}")
    with pytest.raises(GenotypeError, match=words):
        genotype(text, variant="plain")


# --- bases --------------------------------------------------------------------------------------

OTHERS = {"family.yaml": FAMILY}


@pytest.mark.parametrize(("text", "expected"), [
    ("base: family.yaml", [(16, 32, 32), (16, 32, 32), (16, 1, 1)]),             # default variant
    ("base: family.yaml@plain", [(8, 32, 32), (8, 32, 32), (8, 1, 1)]),
    ("base: family.yaml\nargs: {w: 3}", [(24, 32, 32), (24, 32, 32), (24, 1, 1)]),
    ("base: family.yaml\ninput: [3, 8, 8]", [(16, 8, 8), (16, 8, 8), (16, 1, 1)]),
    ("base: family.yaml@plain\nblocks: {block: {args: {out: , n: 1}, body: "
     "[conv: {out: =2*out, repeat: =n}]}}", [(8, 32, 32), (16, 32, 32), (16, 1, 1)]),
    ("base: family.yaml@plain\nsteps: {stem: {pool: {stride: 2}}}", [(3, 16, 16), (8, 16, 16), (8, 1, 1)]),
    ("base: family.yaml@plain\nsteps: {stem: {conv: {out: 4, as: stem}}}",
     [(4, 32, 32), (8, 32, 32), (8, 1, 1)]),
    ("base: family.yaml@plain\nsteps: {stem: , stage: {block: {out: 8, n: !int [1, 2]}}}",
     [(8, 32, 32), (8, 1, 1)]),
    ("base: family.yaml@plain\nsteps: {head: !choice {pooled: {act: }, flat: {dw: }}}",
     [(8, 32, 32), (8, 32, 32), (8, 32, 32)]),
    ("base: family.yaml@plain\nnet: [act: ]", [(3, 32, 32)]),
])
def test_what_a_base_gives_and_a_file_changes(genotype: Read, text: str,
                                              expected: list[tuple[int, int, int]]) -> None:
    derived = genotype(f"name: derived\n{text}\n", OTHERS)
    holes = {h.name for h in derived.holes}
    assert shapes(derived, {k: v for k, v in FILLED.items() if k in holes}) == expected


def test_a_base_may_have_a_base_and_be_a_bundled_network(genotype: Read) -> None:
    others = {"a.yaml": "name: a\nbase: mobilenet-v2@1.4\nargs: {classes: 10}\n"}
    found = expand(genotype("name: b\nbase: a.yaml\nsteps: {classifier: }\n", others))
    assert found.graph["output"] == "dropout"
    assert found.nodes["dropout"]["shape"] == (1792, 1, 1)


def test_published_figures_stay_with_the_base(genotype: Read) -> None:
    derived = genotype("name: mine\nbase: mobilenet-v2\nargs: {classes: 10}\n")
    assert derived.header.published is None and derived.header.exact is None
    assert derived.variant is None


def test_what_is_written_of_a_changed_network_claims_no_figures(genotype: Read) -> None:
    text = ("name: n\nexact: {params: 228, macs: 13824}\nargs: {c: 8}\ninput: [3, 8, 8]\n"
            "net: [conv: {out: =c}]")
    network = genotype(text)
    assert "exact" in to_yaml(network)
    assert "exact" not in to_yaml(network.with_args({"c": 9}))
    assert "exact" not in to_yaml(network.with_input(9)) and network.with_input(8) is network


def test_a_fault_in_figures_that_all_variants_replace_is_told(genotype: Read) -> None:
    with pytest.raises(GenotypeError, match="exact has no 'unit'"):
        genotype("name: n\nexact: {unit: 3}\nargs: {c: 8}\ninput: [3, 8, 8]\nnet: [conv: {out: =c}]\n"
                 "variants: {a: {args: {c: 9}, exact: {params: 1, macs: 1}}}")


def reached(top1: float) -> str:
    return f"[{{data: imagenet, top1: {top1}, recipe: plain, size: 224, of: somebody}}]"


WEIGHTS = f"""
name: weights
accuracies: {reached(70)}
args: {{w: 1}}
input: [3, 8, 8]
variants:
  same: {{note: words}}
  own: {{args: {{w: 2}}, accuracies: {reached(80)}}}
  none: {{accuracies: }}
  wide: {{args: {{w: 2}}}}
  large: {{input: [3, 16, 16]}}
  other: {{steps: {{last: }}}}
net: [conv: {{out: =8*w}}, act: {{as: last}}]
"""


@pytest.mark.parametrize(("variant", "expected"), [
    ("same", [70]), ("own", [80]), ("none", []), ("wide", []), ("large", []), ("other", [])])
def test_accuracies_are_those_of_one_network(genotype: Read, genotype_file: Write, variant: str,
                                             expected: list[float]) -> None:
    found = genotype(WEIGHTS, variant=variant)
    assert [a.top1 for a in found.header.accuracies] == expected
    assert load(genotype_file(to_yaml(found))).header == found.header
    derived = genotype(f"name: mine\nbase: weights.yaml@{variant}\n", {"weights.yaml": WEIGHTS})
    assert derived.header.accuracies == ()


def test_accuracies_are_read_and_written(genotype: Read, genotype_file: Write) -> None:
    network = genotype(WEIGHTS.replace("variants:", "default:\nvariants:"))
    assert network.header.accuracies == (Accuracy("imagenet", 70, "plain", 224, "somebody"),)
    again = load(genotype_file(to_yaml(network)))
    assert again.header.accuracies == network.header.accuracies


@pytest.mark.parametrize(("text", "words"), [
    ("base: famly.yaml", "base: there is no file famly.yaml"),
    ("base: mobilnet-v2", "no bundled genotype is named 'mobilnet-v2'; did you mean 'mobilenet-v2'"),
    ("base: mobilenet-v2@1.5", r"net\.yaml:2 \(base\): base: mobilenet-v2 has no variant '1.5'"),
    ("base: [a]", "base is the name or path of a genotype"),
    ("base: net.yaml", "base 'net.yaml' leads back to this file"),
    ("base: loop.yaml", r"loop\.yaml:2 \(base\): base 'net.yaml' leads back to this file"),
    ("base: family.yaml\nargs: {ww: 3}", "argument 'ww' of the network is never used"),
    ("base: family.yaml\nsteps: {stme: {act: }}", "no step named 'stme'; did you mean 'stem'"),
    ("base: family.yaml\nsteps: {stem: 3}", "stem must be a step, or empty to take it out"),
    ("base: family.yaml\nsteps: [stem]", "steps must be a mapping"),
    ("base: empty.yaml\nsteps: {stem: }", "steps: there is no step named 'stem'"),
    ("base: empty.yaml", "needs a net"),
    ("input: [3, 8, 8]\nnet: [act: {as: a}]\nsteps: {a: {gap: }}", "there is no base"),
])
def test_a_wrong_base_is_told(genotype: Read, text: str, words: str) -> None:
    others = OTHERS | {"loop.yaml": "name: loop\nbase: net.yaml\n",
                       "empty.yaml": "name: empty\ninput: [3, 8, 8]\n"}
    with pytest.raises(GenotypeError, match=words):
        genotype(f"name: derived\n{text}\n", others)


def test_what_a_base_needs_no_more_is_left_out(genotype: Read) -> None:
    derived = genotype("name: derived\nbase: family.yaml\nnet: [act: ]\n", OTHERS)
    assert "blocks" not in derived.document and "args" not in derived.document


# --- files of blocks ----------------------------------------------------------------------------

MINE = """
about: blocks of my own
blocks:
  unit: {args: {out: , k: !choice [3, 5]}, body: [inner: {out: =out}, dw: {k: =k}]}
  inner: {args: {out: }, body: [conv: {out: =out, k: 1}]}
  spare: {body: [act: ]}
"""


def test_blocks_come_from_used_files(genotype: Read, genotype_file: Write) -> None:
    network = genotype("use: mine.yaml\nnet: [unit: {out: 4, k: 3}]", {"mine.yaml": MINE})
    assert [n.name for n in trace(network).nodes] == ["unit.inner.conv", "unit.dw"]
    alone = to_yaml(network)
    assert "spare" not in alone and "use" not in alone
    assert trace(load(genotype_file(alone))).cost() == trace(network).cost()


def test_holes_of_used_files_are_holes_of_the_space(genotype: Read) -> None:
    space = genotype("use: [mine.yaml]\nnet: [unit: {out: 4}]", {"mine.yaml": MINE})
    assert [(h.name, h.labels) for h in space.holes] == [("unit.k", (3, 5))]


def test_a_file_hides_the_blocks_that_it_uses(genotype: Read) -> None:
    text = "use: mine.yaml\nblocks: {inner: {args: {out: }, body: [conv: {out: =2*out}]}}\n" \
           "net: [unit: {out: 4, k: 3}]"
    assert shapes(genotype(text, {"mine.yaml": MINE}))[0] == (8, 16, 16)


@pytest.mark.parametrize(("text", "words"), [
    ("use: nine.yaml\nnet: [act: ]", "use: there is no file nine.yaml"),
    ("use: {a: b}\nnet: [act: ]", "use takes paths of files with blocks"),
    ("use: [3]\nnet: [act: ]", "use takes paths of files with blocks"),
    ("use: [mine.yaml, again.yaml]\nnet: [unit: {out: 4}]",
     r"again\.yaml:2 .*block 'inner' stands in two of the files \(the other at .*mine\.yaml:4"),
    ("use: family.yaml\nnet: [act: ]", "a file of blocks has no 'name'"),
    ("use: broken.yaml\nnet: [bad: ]", r"broken\.yaml:2 \(blocks\.bad\.body\[0\]\): no operation"),
])
def test_a_wrong_use_is_told(genotype: Read, text: str, words: str) -> None:
    others = OTHERS | {"mine.yaml": MINE,
                       "again.yaml": "blocks:\n  inner: {body: [act: ]}\n",
                       "broken.yaml": "blocks:\n  bad: {body: [actt: ]}\n"}
    with pytest.raises(GenotypeError, match=words):
        genotype(text, others)


# --- variants with steps, and blocks that wrap --------------------------------------------------

HOST = """
name: host
args: {unit: {plain: }, c: 8}
input: [3, 16, 16]
blocks:
  plain:  {args: {out: }, body: [conv: {out: =out}]}
  double: {args: {out: , k: 3}, body: [conv: {out: =out, k: =k}, conv: {out: =out, k: =k}]}
net:
  - conv:  {out: =c, as: stem}
  - =unit: {out: =2*c, repeat: 2, as: stage}
  - gap:   {as: pooled}
variants:
  plain:
  double: {args: {unit: {double: {k: 1}}}}
  flat:   {steps: {pooled: , stage: {plain: {out: 4}}}}
"""


@pytest.mark.parametrize(("variant", "kinds"), [
    ("plain", ["conv"] * 3 + ["gap"]), ("double", ["conv"] * 5 + ["gap"]), ("flat", ["conv"] * 2)])
def test_a_variant_may_hand_in_a_block_or_replace_steps(genotype: Read, variant: str,
                                                        kinds: list[str]) -> None:
    network = genotype(HOST, variant=variant)
    assert [n.op.kind for n in trace(network).nodes] == kinds
    blocks = network.document.get("blocks")
    assert list(blocks) == ([variant] if variant == "double" else ["plain"])


def test_a_variant_cannot_replace_a_step_that_is_not_there(genotype: Read) -> None:
    with pytest.raises(GenotypeError, match="there is no step named 'stagee'; did you mean 'stage'"):
        genotype(HOST.replace("stage: {plain", "stagee: {plain"), variant="plain")


def test_a_block_of_nobody_is_told_though_variants_differ(genotype: Read) -> None:
    with pytest.warns(GenotypeWarning, match="block 'idle' is never used"):
        genotype(HOST.replace("net:", "  idle: {body: [gap: ]}\nnet:"), variant="plain")


def test_a_step_that_an_argument_names_has_the_name_of_its_place(genotype: Read) -> None:
    nodes = trace(genotype(HOST, variant="double")).nodes
    assert [n.name for n in nodes][1:3] == ["stage.0.conv1", "stage.0.conv2"]
    assert [c.block for c in nodes[1].calls] == ["double"]


WRAPPED = """
name: wrapped
base: mobilenet-v2
blocks:
  mbconv:
    args: {out: , t: 6, stride: 1}
    body: [mbconv: {out: =out, t: =t, stride: =stride}, se: {r: 4}]
"""


def test_a_block_may_wrap_the_one_it_stands_in_for(genotype: Read, genotype_file: Write) -> None:
    wrapped, host = trace(genotype(WRAPPED)), trace(load("mobilenet-v2"))
    gates = [n for n in wrapped.nodes if n.name.endswith(".mul")]
    assert len(gates) == 17
    added = sum(2*c*(c//4) for c in (n.shape[0] for n in gates))
    assert wrapped.cost().macs == host.cost().macs + added
    again = load(genotype_file(to_yaml(genotype(WRAPPED))))
    assert trace(again).cost() == wrapped.cost()


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_arguments_are_in_one_order_whatever_python_hashes(seed: str) -> None:
    """The order of a space's holes is the order in which a sampler asks for them."""
    said = subprocess.run(
        [sys.executable, "-c", "from searchspace import load; print(*load('regnet').document['args'])"],
        env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [
        "w0", "slope", "cents", "factor", "d", "g", "se", "classes", "wa", "wm"]
