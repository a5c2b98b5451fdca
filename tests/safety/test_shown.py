"""Text from anybody in pages and pictures: a parser of each language gives it back as text.

A page or a plot that is added is tested by being there: the templates and `PLOTS` are walked through.
"""

import base64
import gzip
import html
import importlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import jinja2.meta
import pygraphviz
import pytest
import vl_convert
from hypothesis import given, settings
from playground_parts import PARTS
from strangers import decided, genotype, squeezed, study, texts

from searchspace import load
from searchspace.text import printable, writable
from viz import zoo
from viz.drawing import layout
from viz.drawing.dot import digraph
from viz.drawing.elements import Band, Picture
from viz.drawing.html import foldable
from viz.drawing.levels import LEVELS, picture
from viz.drawing.markup import escape
from viz.drawing.network import Opening, subject
from viz.drawing.style import Style
from viz.drawing.svg import compact
from viz.pages import notebook
from viz.pages import study as study_page
from viz.plots import PLOTS
from viz.plots.correlations import Interval, Pair, dots, matrix
from viz.plots.render import chart
from viz.templates import WEB, environment

DRAWN = {level: picture(subject(load("digits")), level) for level in LEVELS}
# What a drawing consists of; nothing that runs, leads away or fetches.
SVG_TAGS = {"svg", "g", "title", "path", "rect", "polygon", "polyline", "ellipse", "text", "tspan",
            "line", "circle", "defs", "clipPath", "linearGradient", "stop"}
COLOUR = re.compile("#[0-9a-f]{6}", re.IGNORECASE)     # what a page in dark colours replaces
few = settings(max_examples=5)


def everywhere(shown: Picture, text: str) -> Picture:
    """A picture with a text for each of its texts."""
    def key(known: str) -> str:
        return known and text + known

    texts = {"title": text, "detail": text, "openings": (Opening(text, "", (text,), (text,)),)}
    return replace(
        shown, title=text, remark=text, notes=(text,), openings=texts["openings"],
        boxes=tuple(replace(box, key=key(box.key), group=key(box.group), alias=text, notes=(text,),
                            **texts) for box in shown.boxes),
        groups=tuple(replace(group, key=key(group.key), parent=key(group.parent), **texts)
                     for group in shown.groups),
        edges=tuple(replace(edge, source=key(edge.source), target=key(edge.target))
                    for edge in shown.edges),
        bands=tuple(Band(text, tuple(map(key, band.boxes))) for band in shown.bands))


def gallery(text: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return zoo.gallery([str(genotype(Path(folder), text, "{}"))]).replace(folder, "")


def shown_by_notebook(text: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return notebook.genotype(load(genotype(Path(folder), text))) + notebook.results(study(text))


# How each template that is no part of another is filled with a text.
PAGES: dict[str, Callable[[str], str]] = {
    "report.html": lambda text: study_page.report(study(text)),
    "gallery.html": gallery,
    "fold.html": lambda text: foldable(everywhere(DRAWN["operation"], text), Style()),
    "notebook.html": shown_by_notebook,
    **PARTS,
}


@pytest.fixture(autouse=True)
def few_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """To compare with every bundled network takes seconds, and is no matter here."""
    command: ModuleType = importlib.import_module("viz.pages.study")
    monkeypatch.setattr(command, "published_at", lambda _: ())
    monkeypatch.setattr(command, "nearest", lambda _: None)


class Page(HTMLParser):
    """A page as a browser takes it apart: tags with the names of their attributes, the values of
    these, the texts, and the scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.values: list[str] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.values += [value for _, value in attrs if value]
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts[-1] += data
        elif self.cdata_elem is None:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.tags.append(("!--",))

    @property
    def data(self) -> Iterator[Any]:
        """What the scripts of the page are given."""
        for script in self.scripts:
            if re.fullmatch(r"[A-Za-z0-9+/=]+", script):
                yield json.loads(gzip.decompress(base64.b64decode(script)))
            elif script.startswith("{"):
                yield json.loads(script)


def strings(value: Any) -> Iterator[str]:
    """All texts inside of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from strings(part)


def drawing(svg: str) -> str:
    """The texts of an SVG, in which nothing else is to be found."""
    words = []
    for element in ET.fromstring(svg).iter():
        assert element.tag.rpartition("}")[2] in SVG_TAGS
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
        words.append((element.text or "") + (element.tail or ""))
    return " ".join(words).replace("\xa0", " ").replace("\N{REVERSE SOLIDUS OPERATOR}", "\\")


def labels(dot: str) -> str:
    """The texts of Graphviz's HTML-like labels, without spaces."""
    words = html.unescape(re.sub(r"<[^<>]*>", " ", dot))
    return squeezed(words.replace("\\\\", "\\"))


@cache
def plain(name: str) -> Page:
    """A page of which no text is more than a word."""
    return Page(PAGES[name]("harmless"))


# --- pages --------------------------------------------------------------------------------------


def test_every_template_is_tried() -> None:
    sources = {path.name: path.read_text(encoding="utf-8") for path in (WEB / "templates").glob("*.html")}
    parts = {name for source in sources.values()
             for name in jinja2.meta.find_referenced_templates(environment().parse(source))}
    assert set(PAGES) == set(sources) - parts


def test_templates_take_nothing_for_markup_but_what_is_made_here() -> None:
    assert environment().autoescape is True
    marked = {name for path in (WEB / "templates").glob("*.html")
              for name in re.findall(r"([\w.\[\]]+)\s*\|\s*safe", path.read_text(encoding="utf-8"))}
    assert marked == {"style", "text", "scripts[0]", "code", "picture"}


@pytest.mark.parametrize("name", PAGES)
@few
@given(text=texts())
def test_a_page_is_the_same_whatever_a_text_says(name: str, text: str) -> None:
    page, harmless = Page(PAGES[name](text)), plain(name)
    # drawings of Graphviz and Vega are of other sizes, and have other words in other places
    drawn = {(tag,) for tag in SVG_TAGS - {"title"}}
    assert [t for t in page.tags if t[:1] not in drawn] == \
        [t for t in harmless.tags if t[:1] not in drawn]
    assert len(page.scripts) == len(harmless.scripts)
    code = [s for s in page.scripts if "=>" in s]
    assert code == [s for s in harmless.scripts if "=>" in s]
    assert all(writable(found) == found for found in (*page.texts, *page.values))
    for read in ("texts", "values"):
        if any("harmless" in found for found in getattr(harmless, read)):
            assert any(squeezed(form) in squeezed(found) for found in getattr(page, read)
                       for form in (text, printable(text), writable(text))), read


WITH_DATA = [name for name in PAGES if name not in {"notebook.html", *PARTS}]


@pytest.mark.parametrize("name", WITH_DATA)
@few
@given(text=texts())
def test_the_data_of_a_page_hold_the_text(name: str, text: str) -> None:
    found = [s for data in Page(PAGES[name](text)).data for s in strings(data)]
    known = {squeezed(text), squeezed(printable(text))}
    assert any(part in squeezed(s) or part in labels(s) for s in found for part in known)


@pytest.mark.parametrize("name", WITH_DATA)
def test_a_browser_runs_the_scripts_of_a_page_and_no_others(name: str) -> None:
    page = plain(name)
    policy = next(value for value in page.values if value.startswith("default-src 'none'; "))
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    [scripts] = re.findall(r"script-src ([^;]*)", policy)
    assert "unsafe-inline" not in scripts and scripts.count("sha256-") == \
        sum("=>" in script for script in page.scripts)


@pytest.mark.parametrize("text", ["\udcff", "a\ud800b"])
def test_letters_that_no_file_can_hold_are_spelled_out(tmp_path: Path, text: str) -> None:
    """A file's name that is no UTF-8 comes to Python as such letters."""
    study_page.write_report(study(text), tmp_path / "report.html")
    spelled = text.encode(errors="backslashreplace").decode()
    assert f"<h1>{spelled}</h1>" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(chart(plot.draw(decided(text))) for plot in PLOTS.values())      # type: ignore[arg-type]


# --- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@few
@given(text=texts())
def test_a_text_is_a_text_of_a_drawing(level: str, text: str) -> None:
    shown = everywhere(DRAWN[level], text)
    svg = drawing(compact(layout.page([shown], Style(), "svg"), text).decode())
    assert squeezed(svg).count(squeezed(printable(text))) > 2 * len(shown.boxes)


@pytest.mark.parametrize("format", ["png", "pdf"])
@settings(max_examples=2)
@given(text=texts())
def test_a_text_does_not_keep_a_drawing_from_being_made(format: str, text: str) -> None:
    assert len(layout.page([everywhere(DRAWN["block"], text)], Style(), format)) > 1000


@pytest.mark.parametrize("level", LEVELS)
@few
@given(text=texts())
def test_a_text_is_a_label_of_dot(level: str, text: str) -> None:
    graph, harmless = (pygraphviz.AGraph(string=digraph(shown, Style()).source)
                       for shown in (everywhere(DRAWN[level], text), DRAWN[level]))
    for parts in ("nodes", "edges", "subgraphs"):
        mine, theirs = ([getattr(part, "name", part) for part in getattr(one, parts)()]
                        for one in (graph, harmless))
        assert mine == theirs
    for node in graph.nodes():
        assert squeezed(printable(text)) in labels(node.attr["label"])


@given(text=texts())
def test_no_text_of_a_label_is_taken_for_a_colour(text: str) -> None:
    assert not COLOUR.search(escape(text)) and "&#35;" in escape(f"{text}#1c1c1c")


@pytest.mark.parametrize("name", PLOTS)
@settings(max_examples=3)
@given(text=texts(most=2))
def test_a_text_is_a_text_of_a_plot(name: str, text: str) -> None:
    text = text[:12]            # a longer one may have no room
    plots = [chart(spec).decode() if (spec := PLOTS[name].draw(decided(words))) else ""
             for words in (text, "X" * len(text))]
    assert all(plots)
    mine, theirs = map(drawing, plots)
    if "X" * len(text) in theirs:
        assert squeezed(printable(text)) in squeezed(mine)


def expressions(vega: Any, inside: bool = False) -> Iterator[str]:
    """What Vega computes from a drawing."""
    if isinstance(vega, str):
        yield from [vega] * inside
    elif isinstance(vega, dict | list):
        for key, part in vega.items() if isinstance(vega, dict) else enumerate(vega):
            yield from expressions(part, inside or key in ("signal", "expr", "test", "update"))


@pytest.mark.parametrize("name", PLOTS)
def test_no_text_is_in_an_expression_of_a_plot(name: str) -> None:
    vega = vl_convert.vegalite_to_vega(PLOTS[name].draw(decided("stranger")))
    found = list(expressions(vega))
    assert found and not [code for code in found if "stranger" in code]


@few
@given(text=texts())
def test_a_text_is_a_text_of_a_matrix_and_of_dots(text: str) -> None:
    for drawn in (dots([Interval(text, "score", text, 0.5, 0.4, 0.6)], text),
                  matrix([Pair(text, text, 0.5)], text)):
        found = squeezed(drawing(chart(drawn, width=None).decode()))
        assert found.count(squeezed(printable(text))) >= 3
