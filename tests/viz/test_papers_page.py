"""The drawings beside the papers' equations show what the equations say: every box and every edge."""

import pytest
import yaml

from searchspace import load
from viz.docs.papers import PAPERS, page, stated
from viz.drawing.elements import Picture
from viz.drawing.levels import picture
from viz.drawing.network import subject

BY_BLOCK = {paper.block: paper for paper in PAPERS}


def named(shown: Picture, group: str) -> set[tuple[str, str]]:
    """The edges of one block's drawing, between names as a reader sees them.

    A box is called by its bold name, else by its text; tensors from outside by where they are from.
    """
    inside = {group}
    for other in shown.groups:                                              # outer ones come first
        if other.parent in inside:
            inside.add(other.key)
    names = {}
    for box in shown.boxes:
        if box.group in inside:
            plain = box.alias or box.title
            names[box.key] = plain if plain not in names.values() else f"{plain} of {box.key}"
    return {(names[e.source], names[e.target]) for e in shown.edges if e.source in names}


def operations(shown: Picture, group: str, target: str) -> list[tuple[str, ...]]:
    """What the terms of the sum ``target`` are: each a text, and the names that it is computed from."""
    boxes = {box.key: box for box in shown.boxes}
    key = next(k for k, b in boxes.items() if b.alias == target and b.group == group)
    before = {k: [boxes[e.source] for e in shown.edges if e.target == k] for k in boxes}

    def name(box: object) -> str:
        return box.alias or box.title.partition(",")[0]                     # type: ignore[attr-defined]

    terms = []
    for term in before[key]:
        if term.alias in ("h0", "h1", *(f"b{i}" for i in range(2, 7))):
            terms.append((term.alias,))
        else:
            what = term.title.partition(": ")[2] or term.title
            terms.append((what.split(" ")[0] + " " + what.removesuffix(" /2").split(" ")[-1],
                          *(name(b) for b in before[term.key])))
    return sorted(terms)


def drawn(block: str) -> Picture:
    return picture(subject(load(BY_BLOCK[block].genotype)), "block", block)


def test_the_si_unit_is_equation_1() -> None:
    shown = drawn("si_unit")
    group = shown.groups[0].key
    assert named(shown, group) == {
        ("from b2", "si_transform a: dw 5×5"),                              # H on both groups
        ("si_transform a: dw 5×5", "h1"), ("si_transform a: dw 5×5", "h2"),
        ("from b2", "x1"), ("from b2", "x2"),                               # the split
        ("h1", "y1"), ("x2", "y1"), ("h2", "y2"), ("x1", "y2"),             # Eq. 1
        *((name, "concat") for name in ("x1", "y1", "x2", "y2")),           # the funnel
        ("concat", "funnel"), ("funnel", "output")}
    lanes = {box.alias: box.lane for box in shown.boxes if box.group == group}
    assert [lanes[n] for n in ("x1", "h1", "y1")] == [0, 0, 0]
    assert [lanes[n] for n in ("x2", "h2", "y2")] == [1, 1, 1]
    names = {box.key: box.alias for box in shown.boxes}
    assert {(names[e.source], names[e.target]) for e in shown.edges
            if e.exchange and e.source.startswith(group)} == {("x2", "y1"), ("x1", "y2")}


def test_the_he_block_is_equations_5_and_6() -> None:
    shown = drawn("he")
    layer = {("mix", "shuffle 6"), ("shuffle 6", "y"), ("y", "sum2"), ("sum2", "both"),
             ("y", "both")}
    first, later = (named(shown, g.key) for g in shown.groups)
    begin = {("from stem", "mix"), ("from stem", "sum2")}
    assert {e for e in first if "output" not in e[1]} == layer | begin
    assert len({a for a, b in first if b.startswith("output")}) == 2        # features and sum
    starts = {(a, b) for a, b in later if a.startswith("from")}
    assert {e for e in later if "output" not in e[1]} - starts == layer
    assert {b for _, b in starts} == {"mix", "sum2"} and len({a for a, _ in starts}) == 2


def test_the_smg_module_is_equations_5_to_11() -> None:
    shown = drawn("smg")
    edges = named(shown, shown.groups[0].key)
    update = {("u3", "z3"), ("u5", "z5"), ("z3", "concat"), ("z5", "concat"),
              ("excite", "softmax 2"), ("softmax 2", "a3"), ("softmax 2", "a5")}
    # names of the two gates meet: the second squeeze, excite, × and concat carry their keys
    plain = {(a.partition(" of ")[0], b.partition(" of ")[0]) for a, b in edges}
    assert update <= plain
    assert {b for a, b in plain if a == "conv 3×3 g4, relu"} == {"u3", "u5", "attend", "×"}
    assert {a for a, b in plain if b == "×"} == {
        "conv 3×3 g4, relu", "excite", "a3", "a5", "z3", "z5"}
    assert {a for a, b in plain if b == "new"} == {"×"}
    assert {a for a, b in plain if b in ("+", "fresh")} == {"×", "new"}
    assert plain >= {("from stem", "conv 1×1, relu"), ("conv 1×1, relu", "conv 3×3 g4, relu"),
                     ("squeeze", "excite"), ("concat", "squeeze"), ("attend", "squeeze")}
    assert ("from stem", "concat") in plain                                 # dense outside


SEP5, SEP3, SEP7, AVG, MAX = "dw 5×5", "dw 3×3", "dw 7×7", "avg 3×3", "max 3×3"
NORMAL = {"b2": [(SEP5, "h1"), (SEP3, "h0")], "b3": [(SEP5, "h0"), (SEP3, "h0")],
          "b4": [(AVG, "h1"), ("h0",)], "b5": [(AVG, "h0"), (AVG, "h0")],
          "b6": [(SEP3, "h1"), ("h1",)]}
REDUCTION = {"b2": [(SEP5, "h1"), (SEP7, "h0")], "b3": [(MAX, "h1"), (SEP7, "h0")],
             "b4": [(AVG, "h1"), (SEP5, "h0")], "b5": [("b3",), (AVG, "b2")],
             "b6": [(SEP3, "b2"), (MAX, "h1")]}


@pytest.mark.parametrize(("block", "title", "sums", "kept"), [
    ("nasnet_normal", "nasnet_normal b", NORMAL, {"h0", *NORMAL}),
    ("nasnet_reduction", "nasnet_reduction", REDUCTION, {"b3", "b4", "b5", "b6"})])
def test_the_nasnet_cells_are_figure_4(block: str, title: str,
                                       sums: dict[str, list[tuple[str, ...]]],
                                       kept: set[str]) -> None:
    shown = drawn(block)
    group = next(g.key for g in shown.groups if g.title == title)
    for target, terms in sums.items():
        assert operations(shown, group, target) == sorted(terms), target
    boxes = {box.key: box for box in shown.boxes}
    y = next(k for k, b in boxes.items() if b.alias == "y" and b.group == group)
    assert {boxes[e.source].alias for e in shown.edges if e.target == y} == kept


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.block)
def test_the_page_states_the_present_lines(paper) -> None:               # type: ignore[no-untyped-def]
    text = stated(paper.file, paper.block)
    assert list(yaml.load(text, yaml.BaseLoader)) == [paper.block]
    assert text in "\n".join(page())


def test_the_star_is_a_product_of_two_branches() -> None:
    shown = drawn("star")
    assert named(shown, shown.groups[0].key) == {
        ("from down1", "y"), ("y", "f1"), ("y", "f2"), ("f1", "star"), ("f2", "star"),
        ("star", "narrow"), ("narrow", "last"), ("last", "residual"), ("from down1", "residual"),
        ("residual", "output")}


def test_the_ghost_module_is_gated_by_its_rows_and_columns() -> None:
    shown = drawn("ghost_dfc")
    assert [g.title for g in shown.groups] == ["ghost_dfc", "ghost"]
    assert named(shown, shown.groups[0].key) == {
        ("from down2", "primary"), ("primary", "cheap"), ("primary", "concat"), ("cheap", "concat"),
        ("concat", "×"), ("from down2", "avg pool 2×2 /2"), ("avg pool 2×2 /2", "mixed"),
        ("mixed", "row"), ("row", "column"), ("column", "resize 56×56"), ("resize 56×56", "×"),
        ("×", "output")}


def test_a_tree_aggregates_both_blocks_and_what_came_before() -> None:
    shown = drawn("dla_leaf")
    edges = {g.key: named(shown, g.key) for g in shown.groups}
    for of, more in (("level2", set()), ("level5", {"bottom"}),
                     ("level3.sub", {"from level3 of level3.sub ← 1"})):
        assert {a for a, b in edges[of] if b == "concat"} == {"left", "right"} | more
        assert edges[of] >= {("left", "right"), ("concat", "root"), ("root", "relu")}
    assert edges["level2"] >= {("bottom", "short"), ("short", "left"), ("from level1", "left")}
