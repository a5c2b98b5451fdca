"""Drawings: what they show at each level, that they can be read by machines, and mistakes."""

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from bundled import costs, each_network, expanded, network

from searchspace import SearchspaceError, expand, load, spaces
from searchspace.units import show_digits
from viz.docs import gallery
from viz.drawing.dot import digraph
from viz.drawing.elements import FAMILIES, Picture
from viz.drawing.levels import LEVELS, picture
from viz.drawing.network import DrawnNetwork, subject
from viz.drawing.render import draw, render
from viz.drawing.style import LIGHT, Style
from viz.render import main

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


@cache
def known(name: str) -> DrawnNetwork:
    return subject(network(name))


def drawn(name: str | Path, level: str) -> Picture:
    return picture(known(name) if isinstance(name, str) else subject(load(name)), level)


def write(folder: Path, text: str, name: str = "net.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def words(svg: bytes) -> str:
    """All text of an SVG, each piece on its line, with plain spaces."""
    texts = ("".join(e.itertext()) for e in ET.fromstring(svg).iter(f"{SVG}text"))
    return "\n".join(t.replace("\xa0", " ") for t in texts)


# --- content ------------------------------------------------------------------------------------


@each_network
def test_stages_cover_the_network_exactly_once(name: str) -> None:
    genotype, shown = network(name), drawn(name, "stage")
    whole = costs()[name]
    assert sum(box.macs for box in shown.boxes) == whole.macs == shown.macs
    assert sum(box.params for box in shown.boxes) == whole.params == shown.params
    graph = expand(genotype)
    steps = {node.partition(".")[0] for node in graph}
    assert [box.key for box in shown.boxes] == [
        s.label for s in (INPUT, *genotype.program.net) if s.label in steps]
    between = {(a.partition(".")[0], b.partition(".")[0]) for a, b in graph.edges}
    assert {(e.source, e.target) for e in shown.edges} == {(a, b) for a, b in between if a != b}
    assert shown.boxes[-1].shape == graph.nodes[graph.graph["output"]]["shape"]


class INPUT:
    label = "input"


@each_network
def test_operations_are_the_whole_graph(name: str) -> None:
    graph, shown = expand(network(name)), drawn(name, "operation")
    assert [box.key for box in shown.boxes] == list(graph)
    assert {(e.source, e.target) for e in shown.edges} == set(graph.edges)
    stages = Counter(key.partition(".")[0] for key in graph)
    for box in shown.boxes[1:]:
        node = graph.nodes[box.key]
        assert (box.shape, box.macs, box.params) == (node["shape"], node["macs"], node["params"])
        if stages[box.key.partition(".")[0]] > 1:       # a stage of one operation is no group
            assert [c.name for c in node["calls"]][-1:] in ([], [box.group])
    tops = [g for g in shown.groups if not g.parent]
    loose = [b for b in shown.boxes if not b.group]
    assert sum(x.macs for x in (*tops, *loose)) == shown.macs


@each_network
def test_blocks_draw_each_operation_of_a_block_once(name: str) -> None:
    nodes, shown = expanded(name).nodes, drawn(name, "block")
    inner = [box for box in shown.boxes if box.group and box.family != "tensor"]
    assert len({box.key for box in shown.boxes}) == len(shown.boxes)
    names = {node.name for node in nodes} | {call.name for n in nodes for call in n.calls}
    assert {box.key for box in inner} <= names
    # Whatever a block does is drawn somewhere, apart from sizes that follow its channels.
    def kind(label: str) -> str:
        return re.sub(r"[\[\]\d:]+$|\d+×\d+$|(?<= )g?\d+(?= |,|$)", "#", label)
    drawn_kinds = {kind(box.title) for box in inner if box.family != "block"}
    assert drawn_kinds == {kind(n.op.label()) for n in nodes if n.calls}
    keys = {box.key for box in shown.boxes}
    assert all(e.source in keys and e.target in keys for e in shown.edges)
    # Each call of the net is counted once, in the drawing of its block; blocks that are called in
    # several places are drawn beside those.
    called = {n.calls[0].name for n in nodes if n.calls}
    tops = [g for g in shown.groups if not g.parent and g.key in called]
    assert sum(g.count for g in tops) == len(called)


def test_repeats_are_folded() -> None:
    stages = {box.key: box for box in drawn("mobilenet-v2@1.0", "stage").boxes}
    assert (stages["stage4"].detail, stages["stage4"].count) == ("mbconv", 4)
    assert (stages["head"].detail, stages["head"].count) == ("conv 1×1, relu6", 1)
    groups = drawn("mobilenet-v2@1.0", "block").groups
    assert [(g.title, g.count, g.detail) for g in groups] == [
        ("mbconv", 1, "stage1.0"), ("mbconv", 4, "stage2.0, stage3.0, stage4.0, stage6.0"),
        ("mbconv", 10, "stage2.1, stage3.1–2, stage4.1–3, stage5.1–2, stage6.1–2"),
        ("mbconv", 2, "stage5.0, stage7.0")]


def test_sinet_has_skip_edges_and_folded_units() -> None:
    shown = drawn("sinet@1.0", "stage")
    assert {e.source for e in shown.edges if e.target == "decision"} == {"b1", "b2", "b3", "b4",
                                                                         "b5"}
    assert shown.remark == "calibrated"
    blocks = drawn("sinet@1.0", "block")
    # The unit is called with 3×3 and with 5×5 kernels: two structures, each drawn once.
    units = {g.title: (g.count, g.parent) for g in blocks.groups if g.title.startswith("si_unit")}
    assert units == {"si_unit a": (9, ""), "si_unit b": (3, "")}
    assert next(g for g in blocks.groups if g.title == "vote").count == 5
    boxes = {box.key.removeprefix("b2.si_unit.0."): box for box in blocks.boxes}
    assert boxes["si_transform"].title == "si_transform c: dw 5×5"
    pairs = {(e.source.removeprefix("b2.si_unit.0."), e.target.removeprefix("b2.si_unit.0."))
             for e in blocks.edges}
    crossing = {(e.source, e.target) for e in blocks.edges if e.exchange}
    assert crossing == {(f"{unit}.{a}", f"{unit}.{b}") for unit in ("b2.si_unit.0", "b4.si_unit.0")
                        for a, b in (("x2", "y1"), ("x1", "y2"))}
    # Eq. 1: each group's transform meets the other group's input.
    assert {("h1", "y1"), ("x2", "y1"), ("h2", "y2"), ("x1", "y2")} <= pairs
    assert boxes["y1"].title == "+" and boxes["x1"].family == "channels"


def test_the_tensors_of_a_folded_block() -> None:
    """HENet's first repeat takes one tensor, the others two; all give two."""
    shown = drawn("henet@repeat3-cifar10", "block")
    ends = [box.key for box in shown.boxes if box.family == "tensor" and box.group == "stage1.1"]
    assert ends == ["stage1.1 ← 0", "stage1.1 ← 1", "stage1.1 → 0", "stage1.1 → 1"]
    assert sum(box.key.startswith("stage1.0 ←") for box in shown.boxes) == 1
    assert {(g.detail, g.count) for g in shown.groups if g.title == "he"} == {
        ("stage1.0, stage2.0, stage3.0", 3), ("stage1.1–2, stage2.1–2, stage3.1–2", 6)}


NET = """
name: {name}
input: [3, 16, 16]
blocks:
  unit:
    args: {{out: , stride: 1}}
    body:
      - conv: {{out: =out, stride: =stride}}
      - dw: {{repeat: 3}}
      - residual: {{from: x}}
net:
  - unit: {{out: 8, repeat: 4, first: {{stride: 2}}, as: body}}
  - conv: {{out: 8, repeat: 2, as: tail}}
  - gap:
"""


def test_a_first_repeat_that_differs_stands_alone(tmp_path: Path) -> None:
    path = write(tmp_path, NET.format(name="toy"))
    blocks = drawn(path, "block")
    assert [(g.count, g.detail) for g in blocks.groups] == [(1, "body.0"), (3, "body.1–3")]
    inner = [(b.title, b.count) for b in blocks.boxes if b.group == "body.1" and
             b.family != "tensor"]
    assert inner == [("conv 3×3, relu", 1), ("dw 3×3, relu", 3), ("+", 1)]
    boxes = {b.key: b for b in blocks.boxes}
    assert boxes["body.0.dw.0"].notes == ("residual: no shortcut: 3×16×16 is not 8×8×8",)
    assert (boxes["tail"].detail, boxes["tail"].count) == ("conv 3×3, relu", 2)
    noted = [b.key for b in drawn(path, "operation").boxes if b.notes]
    assert noted == ["body.0.dw.2"]


def test_every_bundled_operation_has_one_family() -> None:
    from searchspace.ops import OPS

    kinds = [kind for family in FAMILIES.values() for kind in family]
    assert sorted(kinds) == sorted(set(kinds))
    bundled = {op for op, cls in OPS.items() if cls.__module__.startswith("searchspace.")}
    assert bundled == set(kinds)
    assert set(FAMILIES) | {"block", "tensor"} == set(LIGHT.families)


# --- spaces -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "level"), [
    pytest.param(name, level, marks=pytest.mark.slow if level == "operation" and name in ("hcg", "randwire")
                 else ()) for name in spaces() for level in LEVELS])
def test_a_space_lists_every_hole_it_meets(name: str, level: str) -> None:
    what = subject(load(name))
    shown = picture(what, level)
    listed = [o for x in (shown, *shown.boxes, *shown.groups) for o in x.openings]
    assert sorted(listed, key=repr) == sorted(what.openings, key=repr)
    assert listed
    text = words(draw(load(name), "svg", level))
    for opening in listed:
        assert f"? {opening.name}: " in text
        assert all(option in text for option in opening.taken)


SPACE = """
name: holes
input: [3, 16, 16]
args: {w: !solve [1, 3, 0.5]}
blocks:
  cell:
    body:
      - dw: {k: !choice [3, 5], as: deep}
net:
  - conv: {out: =8*w, k: !choice [1, 3], as: stem}
  - cell: {repeat: 2, as: body}
  - conv: {out: 8, k: !choice [3, 5], repeat: !int [2, 4], each: true, as: tail}
  - !choice {as: end, mean: gap, max: {pool: {k: !choice [2, 4]}}}
"""


def test_holes_are_marked_where_they_are_written(tmp_path: Path) -> None:
    path = write(tmp_path, SPACE)
    shown = drawn(path, "stage")
    boxes = {box.key: box for box in shown.boxes}
    assert [(o.owner, o.name, o.options, o.taken) for o in shown.openings] == [
        ("", "w", ("1", "1.5", "2", "2.5", "3"), ("2",)),
        ("cell", "deep.dw.k", ("3", "5"), ("3",))]
    assert [(o.name, o.taken) for o in boxes["tail"].openings] == [("repeat", ("3",)),
                                                                 ("k", ("3", "3", "3"))]
    assert [o.options for o in boxes["end"].openings] == [("mean", "max")]
    assert {key for key, box in boxes.items() if box.open} == {"stem", "body", "tail", "end"}
    network = drawn("mobilenet-v2", "operation")
    assert not network.openings and not any(box.open for box in network.boxes)


# --- files --------------------------------------------------------------------------------------


# One network a family is laid out: its variants have the same shapes of graph. At the level of
# operations only graphs of a size that somebody looks at; Graphviz takes long for larger ones. Every
# day its stages, and the other levels of a few that differ most.
EVERYDAY = ("alexnet", "densenet-cifar", "henet", "mobilenet-v2", "nasnet-a", "randwire-small",
            "shufflenet-v2", "sinet")
LAID_OUT = [pytest.param(name, level, marks=() if level == "stage" or name in EVERYDAY
                         else pytest.mark.slow)
            for name in gallery.families() for level in LEVELS
            if level != "operation" or len(expanded(name).nodes) < 300]


@pytest.mark.parametrize(("name", "level"), LAID_OUT)
def test_drawing_is_well_formed_complete_and_fast(name: str, level: str) -> None:
    genotype = network(name)
    begin = time.process_time()
    svg = draw(genotype, "svg", level)
    seconds = time.process_time() - begin
    shown, text = drawn(name, level), words(svg)
    # three times what is promised: a busy machine is no fault
    assert seconds <= 3 * (5 if level == "operation" else 1)
    assert genotype.title in text
    for box in shown.boxes:
        assert box.title in text
        assert "×".join(map(str, box.shape)) in text
        assert not box.macs or show_digits(box.macs) in text
    for group in shown.groups:
        assert group.title + (f" ×{group.count}" if group.count > 1 else "") in text
    nodes = [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("class") == "node"]
    labels = len(shown.groups) + len(shown.bands)
    assert len(nodes) == len(shown.boxes) + labels + 1                    # and the heading
    assert level != "block" or draw(genotype, "svg", level) == svg


@pytest.mark.parametrize(("suffix", "magic"), [
    ("svg", b"<?xml"), ("png", b"\x89PNG\r\n\x1a\n"), ("pdf", b"%PDF-"), ("dot", b"digraph ")])
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_formats_by_suffix_are_deterministic(tmp_path: Path, suffix: str, magic: bytes,
                                             direction: str) -> None:
    genotype = load("sinet@1.0")
    first = render(genotype, tmp_path / f"a.{suffix}", "block", Style(direction)).read_bytes()
    assert first.startswith(magic)
    assert render(genotype, tmp_path / f"b.{suffix.upper()}", "block",
                  Style(direction)).read_bytes() == first
    other = draw(genotype, suffix, "block", Style("LR" if direction == "TB" else "TB"))
    assert other != first


def test_it_needs_no_graphviz_and_no_torch(tmp_path: Path) -> None:
    code = ("import sys\nfrom viz.render import main\n"
            f"status = main(['sinet', '-o', {str(tmp_path / 'net.png')!r}])\n"
            "assert 'torch' not in sys.modules\nsys.exit(status)")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "PATH": ""}, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "net.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_runs_as_a_script(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "viz/render.py", "henet", "--level", "block", "-o", tmp_path / "net.svg"],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PATH": ""}, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == str(tmp_path / "net.svg")
    assert "he ×6" in words((tmp_path / "net.svg").read_bytes())


# --- mistakes and hostile names -----------------------------------------------------------------


@pytest.mark.parametrize(("genotype", "output", "says"), [
    ("sinett", "net.svg", "did you mean 'sinet'"),
    ("sinet@9", "net.svg", "no variant '9'"),
    ("nowhere.yaml", "net.svg", "there is no file"),
    ("sinet", "net.bmp", "one of .svg, .png, .pdf, .dot, .html"),
    ("sinet", "net", "one of .svg, .png, .pdf, .dot, .html"),
    ("sinet", "missing/net.svg", "cannot be written"),
])
def test_mistakes_get_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                   capsys: pytest.CaptureFixture[str], genotype: str, output: str,
                                   says: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([genotype, "-o", output]) == 2
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("what", "value"), [("format", "bmp"), ("level", "layer")])
def test_unknown_choices_are_refused(what: str, value: str) -> None:
    with pytest.raises(SearchspaceError, match=f"'{value}' is no {what}"):
        draw(load("henet"), **{what: value})


@pytest.mark.parametrize(("what", "value"), [("direction", "BT"), ("theme", "sepia"),
                                             ("colour", "red")])
def test_unknown_styles_are_refused(what: str, value: str) -> None:
    with pytest.raises(SearchspaceError, match=f"'{value}' is no {what}"):
        Style(**{what: value})
    with pytest.raises(SearchspaceError, match="'cost' is no figure"):
        Style(show=("macs", "cost"))


HOSTILE = ("<script>alert(1)</script>", "a & b \"quoted\" 'too'", r"back\\slash \N \G \l", "<b>",
           "]]> <!-- -->", "naïve 网络", "&amp; &#65;")


@pytest.mark.usefixtures("any_name")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_only_ever_text(tmp_path: Path, name: str, level: str) -> None:
    quoted = "'" + name.replace("'", "''") + "'"
    text = NET.format(name=quoted).replace("unit:", f"{quoted}:").replace(", as: body", "")
    svg = draw(load(write(tmp_path, text)), "svg", level)
    assert words(svg).count(name) >= 2
    titles = {(e.text or "").replace("\xa0", " ").replace("\N{REVERSE SOLIDUS OPERATOR}", "\\")
              for e in ET.fromstring(svg).iter(f"{SVG}title")}
    assert any(title.startswith((name + ".0", name + ":")) for title in titles)
    assert not list(ET.fromstring(svg).iter(f"{SVG}script"))


@pytest.mark.usefixtures("any_name")
def test_control_characters_do_not_break_the_file(tmp_path: Path) -> None:
    svg = draw(load(write(tmp_path, NET.format(name='"a\\x07b\\nc"'))), "svg")
    assert "a\ufffdb\ufffdc" in words(svg)


@pytest.mark.parametrize(("n", "digits", "text"), [
    (0, 3, "0"), (999, 3, "999"), (1000, 3, "1.00 k"), (9_996, 3, "10.0 k"), (999_499, 3, "999 k"),
    (999_500, 3, "1.00 M"), (300_774_272, 3, "301 M"), (300_774_272, 5, "300.77 M"),
    (2_002_776_044, 5, "2.0028 G"), (5 * 10**16, 3, "50,000 T")])
def test_amounts(n: int, digits: int, text: str) -> None:
    assert show_digits(n, digits) == text


def test_the_dot_names_nothing_but_numbers() -> None:
    source = digraph(drawn("henet", "stage")).source
    assert re.findall(r"^\t+(\w+) \[label=<", source, re.MULTILINE) == [
        f"n{i}" for i in range(10)]
