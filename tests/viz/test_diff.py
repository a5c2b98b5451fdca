"""Differences of genotypes: what is paired with what, what is said about it, and its picture."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from bundled import network

from searchspace import cost, load, published
from searchspace.expansion import trace
from viz.comparison.alignment import KINDS, Difference
from viz.comparison.table import FORMATS, compare, draw_difference
from viz.diff import main

SVG = "{http://www.w3.org/2000/svg}"

NET = """
name: net
input: [3, 32, 32]
net:
  - conv: {out: 8, stride: 2, as: stem}
  - conv: {out: 8, repeat: 2, as: body}
  - dw:   {k: 3, as: mix}
  - conv: {out: 16, as: wide}
  - gap:
  - linear: {out: 10, as: classifier}
"""


def differ(folder: Path, *changes: tuple[str, str]) -> Difference:
    """The difference that replacing some text in `NET` makes."""
    text = NET
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    before, after = folder / "before.yaml", folder / "after.yaml"
    before.write_text(NET)
    after.write_text(text)
    return compare(load(before), load(after))


def kinds(found: Difference) -> dict[str, str]:
    return {(c.after or c.before).name: c.kind for c in found.changes if c.kind != "same"}  # type: ignore[union-attr]


@pytest.mark.parametrize(("changes", "expected", "says"), [
    ([], {}, []),
    ([("k: 3, as: mix", "k: 5, as: mix")], {"mix": "changed"},
     ["dw 5×5, relu instead of dw 3×3, relu"]),
    ([("repeat: 2", "repeat: 3")], {"body": "changed"}, ["3 repeats instead of 2"]),
    ([("out: 16", "out: 24")], {"wide": "changed", "gap": "changed", "classifier": "changed"},
     ["gives 24×16×16 instead of 16×16×16", "its inputs have other shapes"]),
    ([("  - dw:   {k: 3, as: mix}\n", "")], {"mix": "removed", "wide": "changed"},
     ["takes body instead of mix"]),
    ([("  - gap:", "  - dw:   {k: 7, as: late}\n  - gap:")], {"late": "added", "gap": "changed"},
     ["takes late instead of wide"]),
    ([("as: wide", "as: broad")], {"broad": "changed"}, ["renamed from wide"]),
    ([("{out: 16, as: wide}", "{from: body, out: 16, as: wide}")],
     {"mix": "removed", "wide": "changed"}, ["takes body instead of mix"]),
])
def test_stages_are_paired_and_described(tmp_path: Path, changes: list[tuple[str, str]],
                                         expected: dict[str, str], says: list[str]) -> None:
    found = differ(tmp_path, *changes)
    assert kinds(found) == expected
    assert found.same == (not expected)
    remarks = [remark for change in found.changes for remark in change.remarks]
    assert all(text in remarks for text in says), remarks
    whole = cost(load(tmp_path / "after.yaml"))
    assert found.after == whole
    grown = [change.cost for change in found.changes]
    assert sum(c.macs for c in grown) == found.after.macs - found.before.macs
    assert sum(c.params for c in grown) == found.after.params - found.before.params


# The first and the last variant of each family with several.
FAMILIES: dict[str, list[str]] = {}
for _name in published():
    FAMILIES.setdefault(_name.partition("@")[0], []).append(_name)
PAIRS = [(names[0], names[-1]) for names in FAMILIES.values() if len(names) > 1]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_differences_of_variants_add_up_and_turn_round(before: str, after: str) -> None:
    there, back = compare(network(before), network(after)), compare(network(after), network(before))
    assert sum(c.cost.macs for c in there.changes) == cost(network(after)).macs - cost(network(before)).macs
    for side in ("before", "after"):
        steps = [getattr(c, side).name for c in there.changes if getattr(c, side)]
        names = dict.fromkeys(n.name.partition(".")[0] for n in
                              trace(network(before if side == "before" else after)).nodes)
        assert steps == list(names)
    turned = {"added": "removed", "removed": "added"}
    assert sorted(turned.get(c.kind, c.kind) for c in there.changes) == \
        sorted(c.kind for c in back.changes)
    assert compare(network(before), network(before)).same


def test_the_joint_decision_is_what_changed() -> None:
    found = compare(load("sinet-mobilenet-v2@g1"), load("sinet-mobilenet-v2@joint"))
    assert kinds(found) == {"head": "removed", "pooled": "changed", "dropout": "changed",
                            "classifier": "changed"}
    pooled = next(c for c in found.changes if c.after and c.after.name == "pooled")
    assert "vote ×5 + concat instead of global avg pool" in pooled.remarks
    assert "takes stage1, stage2, stage3, stage6, stage7 instead of head" in pooled.remarks


def test_networks_without_a_common_name_are_paired_by_image_size_and_block() -> None:
    found = compare(load("sinet"), load("mobilenet-v2"))
    pairs = [(c.before and c.before.name, c.after and c.after.name) for c in found.changes]
    assert {("stem", "stem"), ("b1", "stage1"), ("b2", "stage2"), ("b3", "stage3"),
            ("classifier", "classifier")} <= set(pairs)
    assert all(c.before.height == c.after.height for c in found.changes if c.before and c.after)
    said = next(c.remarks for c in found.changes if c.after and c.after.name == "stage2")
    assert said == ("in the place of b2", "gives 24×56×56 instead of 40×56×56",
                    "mbconv instead of si_stage")


@pytest.mark.parametrize(("old", "new", "says"), [
    ("{out: 8, k: 1, act: none}", "{out: 8, k: 1, act: none, bias: true}", "wired or set in another way"),
    ("{out: 12, k: 1}", "{out: 10, k: 1}", "conv 1×1, relu: 10 instead of 12 channels"),
    ("{from: [a, x]}", "{from: [x, a]}", "wired or set in another way"),
    ("- conv: {out: 8, k: 1, act: none}", "- conv: {out: 8, k: 1}", "without 2 conv 1×1"),
])
def test_what_changes_inside_a_block_is_said(tmp_path: Path, old: str, new: str, says: str) -> None:
    """What costs alone would not tell is told too."""
    text = """
name: net
input: [3, 8, 8]
blocks:
  unit:
    body:
      - conv: {out: 12, k: 1}
      - conv: {out: 8, k: 1, act: none}
      - conv: {out: 8, as: a}
      - add: {from: [a, x]}
net:
  - conv: {out: 8, as: stem}
  - unit: {repeat: 2}
"""
    assert old in text
    for name, content in (("a", text), ("b", text.replace(old, new))):
        (tmp_path / f"{name}.yaml").write_text(content)
    found = compare(load(tmp_path / "a.yaml"), load(tmp_path / "b.yaml"))
    assert list(kinds(found)) == ["unit"]
    assert any(says in remark for change in found.changes for remark in change.remarks), found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("format", FORMATS)
def test_the_picture_shows_both_sides(format: str, theme: str) -> None:
    found = compare(load("resnet@18"), load("resnet@34"))
    drawn = draw_difference(found, format, theme)
    assert draw_difference(found, format, theme) == drawn
    if format == "svg":
        text = ["".join(e.itertext()) for e in ET.fromstring(drawn).iter(f"{SVG}text")]
        assert sum("stage4" in t for t in text) == 2
        assert any("3 repeats instead of 2" in t for t in text)
        assert {"same", "changed"} <= set(text) and set(KINDS) - set(text) == {"added", "removed"}


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "diff.svg"
    assert main(["resnet@18", "resnet@34", "-o", str(out)]) == 0
    said = capsys.readouterr().out
    assert "3 repeats instead of 2" in said and "+102.0%" in said and "stem" not in said
    assert out.stat().st_size > 1000
    assert main(["resnet@18", "resnet@18", "--all"]) == 0
    said = capsys.readouterr().out
    assert "No stage differs." in said and "stem" in said
    for wrong in (["resnet@18", "resnett"], ["resnet@18", "resnet@34", "-o", "net.bmp"],
                  ["resnet@18", "resnet@34", "-o", str(tmp_path / "no" / "d.svg")]):
        assert main(wrong) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.usefixtures("any_name")
def test_spaces_and_hostile_names_are_compared(tmp_path: Path) -> None:
    assert not compare(load("he"), load("henet")).same
    found = differ(tmp_path, ("name: net", "name: '<b>&\\N'"))
    text = ET.fromstring(draw_difference(found)).itertext()
    assert any("<b>&\\N" in piece for piece in text)
