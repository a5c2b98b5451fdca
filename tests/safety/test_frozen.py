"""A space as text: what thaws is the same space, and what is said to be the same has the same
networks."""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchspace import Genotype, SearchspaceError, load, spaces
from searchspace.expansion import trace
from searchspace.identity import identity
from searchspace.space.changes import first_change
from searchspace.space.frozen import change, freeze, thaw
from searchspace.space.known_networks import known_networks
from searchspace.space.point import sample

Load = Callable[..., Genotype]

SPACE = """\
name: own
input: [3, 16, 16]
args: {w: !solve [0.5, 1.5, 0.5], classes: 10}
default:
variants:
  small: {fill: {w: 0.5, stem.conv.k: 3, "s1.mbconv.t": 2, "s2.unit.k": 3}}
blocks:
  unit:
    about: a pair
    args: {k: , out: 8}
    body:
      - dw: {k: =k}
      - conv: {out: =out, k: 1}
net:
  - conv: {out: "=round_to(8*w, 4)", stride: 2, k: !choice [3, 5], as: stem}
  - mbconv: {out: "=round_to(16*w, 4)", stride: 2, t: !choice [2, 3, 4, 6], as: s1}
  - unit: {k: !int [3, 5, 2], as: s2}
  - conv: {out: 16, k: 1, act: !choice [relu, swish], as: head}
  - gap:
  - linear: {out: =classes}
"""


@pytest.mark.parametrize("name", spaces())
def test_a_bundled_space_thaws_to_itself(name: str) -> None:
    space = load(name).with_input(64)
    kept = freeze(space)
    thawed = thaw(kept, "<kept>")
    assert freeze(thawed) == kept
    assert thawed.document == space.document
    assert known_networks(thawed) == known_networks(space)
    for seed in range(3):
        at = sample(space, random.Random(seed)).decisions
        assert identity(thawed, at) == identity(space, at)


def test_the_text_is_a_genotype_that_anybody_can_load(genotype: Load, tmp_path: Path) -> None:
    space = genotype(SPACE)
    (tmp_path / "copy.yaml").write_text(freeze(space).space, encoding="utf-8")
    copy = load(tmp_path / "copy.yaml")
    assert copy.document.but(default=None) == space.document and copy.variant is None
    assert known_networks(copy) == known_networks(space)


def test_a_block_may_stand_in_for_the_bundled_one_that_it_calls(genotype: Load) -> None:
    space = genotype("""
        blocks:
          mbconv: {args: {t: 2}, body: [mbconv: {out: 8, t: =t}, act: ]}
        net:
          - mbconv: {t: !choice [2, 3], as: a}
        """)
    thawed = thaw(freeze(space), "<kept>")
    assert identity(thawed, {"a.mbconv.t": 3}) == identity(space, {"a.mbconv.t": 3})
    assert thawed.outer.names == {"mbconv"}         # and all else that is bundled is not in it


def test_no_file_is_needed_any_more(genotype_file: Callable[..., Path]) -> None:
    path = genotype_file("name: own\nbase: base.yaml\nuse: blocks.yaml\nsteps: {a: {unit: {k: !choice [3, 5]}}}",
                         {"base.yaml": "name: base\ninput: [8, 8, 8]\nnet:\n  - act: {as: a}\n",
                          "blocks.yaml": "blocks: {unit: {args: {k: }, body: [dw: {k: =k}]}}\n"})
    kept = freeze(load(path))
    for file in path.parent.iterdir():
        file.unlink()
    assert [hole.name for hole in thaw(kept, "<kept>").holes] == ["a.unit.k"]


# --- what has changed ---------------------------------------------------------------------------


TOKENS = [m.span() for m in re.finditer(r"[\w.]+|[-+*=,:\[\]{}!]", SPACE)]


@st.composite
def edits(draw: st.DrawFn) -> str:
    """The space with a line or a word taken out, doubled or put in the place of another."""
    lines = SPACE.splitlines()
    at = draw(st.integers(0, len(lines) - 1))
    kind = draw(st.sampled_from(["line out", "line twice", "word", "number"]))
    if kind == "line out":
        return "\n".join(lines[:at] + lines[at + 1:])
    if kind == "line twice":
        return "\n".join(lines[:at + 1] + lines[at:])
    begin, end = draw(st.sampled_from(TOKENS))
    if kind == "number":
        begin, end = draw(st.sampled_from([span for span in TOKENS if SPACE[slice(*span)].isdigit()]))
        return f"{SPACE[:begin]}{draw(st.integers(1, 32))}{SPACE[end:]}"
    other = draw(st.sampled_from(TOKENS))
    return SPACE[:begin] + draw(st.sampled_from(["", SPACE[slice(*other)]])) + SPACE[end:]


@pytest.mark.filterwarnings("ignore::searchspace.errors.GenotypeWarning")
@settings(max_examples=120)
@given(text=edits(), seed=st.integers(0, 99))
def test_what_is_said_to_be_the_same_has_the_same_networks(genotype: Load, text: str,
                                                           seed: int) -> None:
    before = genotype(SPACE)
    try:
        after = genotype(text)
        kept = freeze(after)
    except SearchspaceError as error:       # refused for itself, in a sentence
        assert "\n" not in str(error)
        return
    said = change(freeze(before), kept)
    if said is None:
        assert [(h.name, h.labels) for h in after.holes] == [(h.name, h.labels) for h in before.holes]
        at = sample(before, random.Random(seed)).decisions
        one, two = (trace(g, at) for g in (before, after))
        assert one.input == two.input
        assert [n[:4] for n in one.nodes] == [n[:4] for n in two.nodes]     # all but the places
    else:
        assert after.document.but(variants=None) != before.document.but(variants=None)
        assert said.startswith("its space has changed: `") and "\n" not in said


@pytest.mark.parametrize("old, new", [
    ("net:", "# widths are multiples of 4\nnet:"), ("  - gap:", "  -   gap:   # the mean"),
    ("about: a pair", "about: two of them"), ("name: own", "name: other\nnote: a note"),
    ("  small:", "  tiny: {fill: {w: 0.5}}\n  small:"), ('"=round_to(8*w, 4)"', "'=round_to(8*w, 4)'"),
    ("    body:\n      - dw: {k: =k}\n      - conv: {out: =out, k: 1}",
     "    body: [dw: {k: =k}, conv: {out: =out, k: 1}]")])
def test_layout_and_what_is_no_network_are_of_no_account(genotype: Load, old: str,
                                                         new: str) -> None:
    assert SPACE.count(old) == 1
    assert change(freeze(genotype(SPACE)), freeze(genotype(SPACE.replace(old, new)))) is None


@pytest.mark.parametrize("was, now, said", [
    (["a", "b"], ["a", "b"], None), (["a", "b"], ["a"], "`b` is gone"),
    (["a"], ["a", "b", "c"], "`b` is new, with 1 more line"), ([], ["a"], "`a` is new"),
    (["x" * 200 + "1"], ["x" * 200 + "2"], f"`…{'x' * 30}1` is now `…{'x' * 30}2`"),
    (["ab"], ["abc"], "`ab` is now `abc`")])
def test_a_change_is_said_in_a_few_words(was: list[str], now: list[str], said: str | None) -> None:
    assert first_change(was, now) == said
