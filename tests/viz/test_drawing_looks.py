"""How drawings look: contrast, what boxes show and what colours mean, size, golden DOT files."""

import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from searchspace import load
from viz import pictures
from viz.comparison.alignment import difference
from viz.comparison.drawing import compared
from viz.comparison.stages import outline
from viz.docs import gallery, papers
from viz.drawing.channel_groups import lanes
from viz.drawing.dot import digraph
from viz.drawing.edge_bundling import bundle
from viz.drawing.layout import arrange, extent, run
from viz.drawing.levels import LEVELS, picture
from viz.drawing.markup import broken
from viz.drawing.network import subject
from viz.drawing.render import draw, svg
from viz.drawing.style import COLOURS, FIGURES, STEPS, THEMES, Style, Theme
from viz.render import main

GOLDEN = Path(__file__).parents[1] / "golden"
DOCS = Path(__file__).parents[2] / "docs"
SVG = "{http://www.w3.org/2000/svg}"
COLUMN = 8.5 / 2.54 * 72                 # a paper's column, in points


def text_of(drawn: str | bytes) -> str:
    pieces = ("".join(e.itertext()) for e in ET.fromstring(drawn).iter(f"{SVG}text"))
    return "\n".join(piece.replace("\xa0", " ") for piece in pieces)


# --- contrast -----------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2."""
    parts = (int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def fills(theme: Theme) -> set[str]:
    return {theme.background, *theme.bands, *theme.scale, *(f for f, _ in theme.families.values()),
            *(f for f, _ in theme.changed.values())}


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_all_text_stands_out_by_wcag_aa(theme: Theme) -> None:
    for text in (theme.ink, theme.second, theme.open):
        for fill in fills(theme):
            assert contrast(text, fill) >= 4.5, (text, fill)
    lines = {theme.edge, theme.bar, *theme.lanes, *(line for _, line in theme.families.values())}
    for line in lines:
        for ground in (theme.background, *theme.bands):
            assert contrast(line, ground) >= 3, (line, ground)
    assert len(theme.scale) == len(STEPS)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["sinet", "hcgnet", "mixed"])
def test_text_in_a_drawing_stands_out_where_it_stands(name: str, theme: str, colour: str) -> None:
    """What is written in the file, each text on the last shape drawn under its beginning."""
    drawn = ET.fromstring(draw(load(name), "svg", "block", Style(theme=theme, colour=colour)))
    shapes: list[tuple[float, float, float, float, str]] = []
    seen = 0
    for element in drawn.iter():
        if element.tag == f"{SVG}rect" and element.get("fill") != "none":
            x, y, w, h = (float(element.get(k, 0)) for k in ("x", "y", "width", "height"))
            shapes.append((x, y, x + w, y + h, element.get("fill", "")))
        elif element.tag == f"{SVG}text":
            x, y = float(element.get("x", 0)) + 1, float(element.get("y", 0)) - 1
            under = [s[4] for s in shapes if s[0] <= x <= s[2] and s[1] <= y <= s[3]]
            assert contrast(element.get("fill", "#000000"), under[-1]) >= 4.5
            seen += 1
    assert seen > 50


# --- options ------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("figure", FIGURES)
def test_a_box_shows_the_figures_that_are_wanted(level: str, figure: str) -> None:
    genotype = load("henet")
    found = text_of(draw(genotype, "svg", level, Style(show=(figure,))))
    shown = picture(subject(genotype), level)
    box = max((b for b in shown.boxes if b.family != "tensor"), key=lambda b: b.macs)
    parts = {"shape": "×".join(map(str, box.shape)), "share": f"{box.macs / shown.macs:.1%}"}
    wanted = {"macs": re.compile(r"^[\d.]+ [kM]$", re.M), "params": re.compile(r"^[\d.]+( k)?$", re.M)}
    if figure in parts:
        assert parts[figure] in found
    else:
        assert wanted[figure].search(found)
    nothing = text_of(draw(genotype, "svg", level, Style(show=())))
    assert f"{box.macs / shown.macs:.1%}" not in nothing and box.title in nothing


@pytest.mark.parametrize("colour", ["macs", "params"])
def test_colours_tell_shares(colour: str) -> None:
    what = subject(load("mobilenet-v2"))
    shown, style = picture(what, "operation"), Style(colour=colour)
    source = digraph(shown, style).source
    fills = re.findall(r'fillcolor="(#\w+)"', source)
    boxes = [b for b in shown.boxes if b.family != "tensor"]
    whole = getattr(shown, colour)
    expected = [style.palette.scale[sum(getattr(b, colour) / whole >= s for s in STEPS) - 1]
                for b in boxes]
    groups = [style.palette.bands[0], style.palette.bands[1]]
    assert sorted(f for f in fills if f not in groups) == sorted(f for f in expected
                                                                 if f not in groups)
    assert len(set(expected)) >= 4


def test_an_svg_for_a_page_names_nothing_twice() -> None:
    one = svg(load("henet"), "block", Style(theme="dark"))
    assert one.startswith("<svg") and " id=" not in one and "<script" not in one
    assert ET.fromstring(one).get("role") == "img"


def test_the_command_takes_every_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "net.svg"
    assert main(["sinet", "--block", "si_unit", "--theme", "dark", "--colour", "params", "--show",
                 "share,params", "--direction", "LR", "-o", str(out)]) == 0
    assert "si_unit a" in text_of(out.read_bytes())
    assert THEMES["dark"].background in out.read_text()
    assert main(["he", "--beside", "henet", "-o", str(out)]) == 0
    both = text_of(out.read_bytes())
    assert "henet@repeat3-cifar10" in both and "? " in both
    capsys.readouterr()
    for wrong, says in ((["--block", "si_unitt"], "did you mean 'si_unit'"),
                        (["--block", "vote", "--level", "stage"], "level of blocks"),
                        (["--show", "cost"], "is no figure")):
        assert main(["sinet", "-o", str(out), *wrong]) == 2
        said = capsys.readouterr().err
        assert says in said and said.count("\n") == 1
    assert main(["sinet", "--beside", "henet", "-o", str(tmp_path / "net.dot")]) == 2


# --- size ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", gallery.families())
def test_a_network_fits_a_papers_column(name: str) -> None:
    drawn = draw(load(name), "svg", "stage")
    width = re.search(rb'width="(\d+)pt"', drawn)
    assert width and int(width[1]) <= COLUMN
    sizes = {float(e.get("font-size", 8)) for e in ET.fromstring(drawn).iter(f"{SVG}text")}
    assert min(sizes) >= 7


def test_resolution_steps_are_bands() -> None:
    bands = picture(subject(load("mobilenet-v2")), "stage").bands
    assert [b.title for b in bands] == ["112×112", "56×56", "28×28", "14×14", "7×7", "1×1"]
    assert bands[3].boxes == ("stage4", "stage5")


SIZES = [(30, 60), (80, 20), (10, 10), (45, 45), (45, 5), (200, 10), (3, 90)]


@pytest.mark.parametrize("n", range(1, len(SIZES) + 1))
def test_rectangles_find_places_without_overlap(n: int) -> None:
    sizes = SIZES[:n]
    places = arrange(sizes, 4)
    boxes = [(x, y, x + w, y + h) for (w, h), (x, y) in zip(sizes, places, strict=True)]
    for i, a in enumerate(boxes):
        assert a[0] >= 0 and a[1] >= 0
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    width, height = extent(sizes, places)
    assert width * height <= 6 * sum(w * h for w, h in sizes)


@pytest.mark.parametrize("name", ["log-densenet", "sparsenet"])
def test_edges_of_everything_to_everything_are_told_by_numbers(name: str) -> None:
    shown = picture(subject(load(name)), "operation")
    boxes = {box.key: box for box in shown.boxes}
    hidden = [edge for edge in shown.edges if edge.hidden]
    assert len(hidden) > 100
    for box in shown.boxes:
        marks = [boxes[e.source].mark for e in hidden if e.target == box.key]
        assert box.taken == tuple(sorted(marks)) and 0 not in marks
        # each box keeps its nearest edge, so that the picture hangs together
        drawn = [e for e in shown.edges if e.target == box.key and not e.hidden]
        assert drawn or box.key == "input"
    listed = [box for box in shown.boxes if box.taken]
    source = digraph(shown).source
    assert all(f"from {box.taken[0]}, {box.taken[1]}" in source for box in listed
               if len(box.taken) > 1)
    assert bundle(picture(subject(load("nasnet-a")), "block")).edges == \
        picture(subject(load("nasnet-a")), "block").edges


def test_channel_groups_end_where_they_are_joined() -> None:
    nodes = subject(load("hcgnet")).expansion.nodes
    found = dict(zip((n.name for n in nodes), lanes(nodes), strict=True))
    gate = "hybrid1.0.fresh.add.update_gate"
    assert (found[f"{gate}.a3"], found[f"{gate}.a5"]) == (0, 1)
    assert found[f"{gate}.new"] is None
    mobile = subject(load("mobilenet-v2")).expansion.nodes
    assert set(lanes(mobile)) == {None}


def test_an_uneven_split_has_groups_that_end_at_the_concatenation() -> None:
    nodes = subject(load("fasternet")).expansion.nodes
    found = dict(zip((n.name for n in nodes), lanes(nodes), strict=True))
    some, mixed, others, concat = (found[f"stage1.0.partial_conv.{step}"] for step in (
        "some", "mixed", "others", "concat"))
    assert (some, mixed, others, concat) == (0, 0, 1, None)
    assert found["stage1.0.residual"] is None


def test_a_single_part_of_a_tensor_is_no_group(tmp_path: Path) -> None:
    path = tmp_path / "part.yaml"
    path.write_text("name: part\ninput: [8, 4, 4]\nnet:\n  - slice: {start: 0, length: 4, as: a}\n"
                    "  - conv: {out: 4}\n")
    assert set(lanes(subject(load(path)).expansion.nodes)) == {None}


def lefts(drawn: bytes, names: set[str]) -> dict[str, float]:
    """Left ends of the names of boxes, the first of each."""
    found: dict[str, float] = {}
    for text in ET.fromstring(drawn).iter(f"{SVG}text"):
        name = "".join(text.itertext()).strip()
        if name in names:
            found.setdefault(name, float(text.get("x", "nan")))
    return found


def test_channel_groups_stand_in_their_order() -> None:
    at = lefts(draw(load("sinet"), only="si_unit", level="block"),
               {"x1", "x2", "h1", "h2", "y1", "y2"})
    assert at["x1"] < at["x2"] and at["h1"] < at["h2"] and at["y1"] < at["y2"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["convnext", "sinet", "nasnet-a"])
def test_the_legend_has_every_kind_of_box(name: str, level: str) -> None:
    shown = picture(subject(load(name)), level)
    text = text_of(draw(load(name), "svg", level)).splitlines()
    for kind in {box.family for box in shown.boxes} - {"tensor"}:
        assert kind in text[:20], kind


@pytest.mark.parametrize("name", gallery.families())
def test_lines_of_a_stage_break_between_operations(name: str) -> None:
    for box in picture(subject(load(name)), "stage").boxes:
        pieces = re.split(r"(?<=:) |(?<= \+) ", box.detail)
        lines = broken(box.detail, 34, 20)
        assert " ".join(lines).strip() == box.detail
        assert all(any(piece in line for line in lines) for piece in pieces if len(piece) <= 34)


@pytest.mark.parametrize(("one", "other"), [("resnet@18", "resnet@34"), ("squeezenext", "sinet"),
                                            ("inception-v3", "sparsenet"), ("vgg", "nasnet-a")])
def test_boxes_of_a_difference_are_equally_wide(one: str, other: str) -> None:
    found = difference(outline(subject(load(one))), outline(subject(load(other))))
    objects = json.loads(run(compared(found).source, "json0"))["objects"]
    assert len({o["width"] for o in objects if "width" in o and o.get("style") != "invis"}) == 1


@pytest.mark.parametrize("name", ["resnet@18", "fasternet", "hcgnet"])
def test_stages_are_equally_wide(name: str) -> None:
    source = digraph(picture(subject(load(name)), "stage")).source
    objects = json.loads(run(source, "json0"))["objects"]
    assert len({o["width"] for o in objects if o.get("shape") != "plain" and "width" in o}) == 1


def test_blocks_stand_in_rows_in_their_order() -> None:
    places = arrange([(20, 90), *SIZES], 4, beside=True)
    assert places[0] == (0, 0) and all(x >= 24 for x, _ in places[1:])
    assert sorted(places[1:], key=lambda place: place[::-1]) == places[1:]
    drawn = draw(load("hcgnet"), "svg", "block")
    names = ["smg ×24", "hcg_transition ×2", "gated ×26", "forget_gate ×26", "update_gate ×26"]
    at = {"".join(t.itertext()): (float(t.get("y", 0)), float(t.get("x", 0)))
          for t in ET.fromstring(drawn).iter(f"{SVG}text")}
    assert sorted(names, key=at.__getitem__) == names


@pytest.mark.parametrize(("name", "level", "most"), [
    ("mobilenet-v2", "stage", 1), ("nasnet-a@large", "block", 1), ("log-densenet", "block", 1),
    ("sparsenet", "block", 1), ("randwire-regular", "block", 1), ("preresnet-cifar@1001", "stage", 1),
    ("hcgnet@c", "operation", 5), ("log-densenet", "operation", 5)])
def test_drawing_is_fast(name: str, level: str, most: float) -> None:
    """Processor time, and three times what is promised: a busy machine is no fault."""
    genotype = load(name)
    begin = time.process_time()
    draw(genotype, "svg", level)
    assert time.process_time() - begin <= 3 * most


# --- golden files -------------------------------------------------------------------------------

TOY = """
name: toy
input: [4, 16, 16]
net:
  - conv: {out: 8, stride: 2, as: stem}
  - split: {as: [a, b]}
  - conv: {from: a, out: 4, groups: 2, as: fa}
  - conv: {from: b, out: 4, groups: 2, as: fb}
  - add: {from: [fa, b], as: ya}
  - add: {from: [fb, a], as: yb}
  - concat: {from: [ya, yb]}
  - gap:
  - linear: {out: 10}
"""
GENOTYPES = {"toy": TOY, "henet": "henet", "digits": "digits"}
CASES = [("toy", level, Style()) for level in LEVELS] + [
    ("toy", "operation", Style("LR", "dark", "macs", ("params", "share"))),
    ("henet", "block", Style()), ("digits", "stage", Style())]


@pytest.mark.parametrize(("name", "level", "style"), CASES)
def test_dot_is_what_it_was(name: str, level: str, style: Style, tmp_path: Path,
                            request: pytest.FixtureRequest) -> None:
    """`python -m pytest tests/viz/test_drawing_looks.py -k dot_is --overwrite` writes them again."""
    path = tmp_path / f"{name}.yaml"
    if GENOTYPES[name] != name:
        path.write_text(GENOTYPES[name])
    genotype = load(path if path.exists() else name)
    source = draw(genotype, "dot", level, style).decode()
    suffix = "" if style == Style() else f"-{style.direction}-{style.theme}-{style.colour}"
    golden = GOLDEN / f"{name}-{level}{suffix}.dot"
    if request.config.getoption("--overwrite"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(source)
    assert source == golden.read_text()


def test_no_order_of_hashes_shows() -> None:
    code = ("import sys; from searchspace import load; from viz import draw\n"
            "for name in ('log-densenet', 'sinet', 'he'): sys.stdout.buffer.write("
            "draw(load(name), 'dot', 'block'))")
    runs = [subprocess.run([sys.executable, "-c", code], cwd=DOCS.parent, capture_output=True,
                           env={**os.environ, "PYTHONHASHSEED": seed}, check=True).stdout
            for seed in "12"]
    assert runs[0] == runs[1] != b""


def test_no_golden_file_is_left_over() -> None:
    assert len(list(GOLDEN.iterdir())) == len(CASES)


# --- the documentation's pictures ---------------------------------------------------------------


def test_pictures_and_pages_are_those_of_the_present_code() -> None:
    assert (DOCS / pictures.DIGESTS).read_text() == pictures.digests(), "run viz/pictures.py"
    for name, made in pictures.PAGES.items():
        assert (DOCS / name).read_text() == "\n".join(made()), "run python viz/pictures.py"


def test_every_picture_is_made_by_the_script_and_shown() -> None:
    made = {shown.path for shown in pictures.pictures()}
    there = {str(p.relative_to(DOCS)) for p in DOCS.rglob("*.svg")}
    assert made == there
    shown = "\n".join(p.read_text() for p in (DOCS.parent / "README.md", *DOCS.glob("*.md")))
    assert {path for path in made if path not in shown} == set()
    assert sum((DOCS / path).stat().st_size for path in made) < 5_000_000
    assert {f"pictures/{paper.block}.svg" for paper in papers.PAPERS} <= made
