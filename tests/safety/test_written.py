"""Text from anybody in what is written: CSV, YAML, Markdown, a database, an archive's files."""

import csv
import html
import io
import json
import re
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from recording import record
from strangers import FRAGMENTS, texts

from search.archive import Archive, Bounds, Measure
from search.archive.export import export
from search.archive.merge import merge
from search.archive.queries import about, best, disagreements, identities, measures
from search.results.files import write_trials
from search.spreadsheet import read, write, writer
from search.study.trial import Trial
from searchspace import Genotype, load, to_yaml
from searchspace.identifiers import as_name
from searchspace.load import library
from searchspace.notation.metadata import Header
from searchspace.notation.reader import parse
from searchspace.notation.tree import Atom, Map, Scalar, Seq, Tree
from searchspace.text import markdown, markup, printable, writable
from viz.docs import gallery

KEY = "ab" * 32
some = settings(max_examples=40)
values = texts() | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none()


# --- CSV ----------------------------------------------------------------------------------------


def is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(inf|nan)", text) is not None


@some
@given(head=st.lists(texts(), min_size=1, max_size=3, unique=True), row=st.lists(values, min_size=3,
                                                                                max_size=3))
def test_no_cell_is_a_formula_and_all_come_back(head: list[str], row: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        assert write(path, head, [row]) == 1
        with path.open(newline="", encoding="utf-8") as file:
            cells = [cell for line in csv.reader(file) for cell in line]
        assert len(cells) == len(head) + len(row) and list(map(writable, cells)) == cells
        for cell in cells:
            assert is_number(cell) or not cell.lstrip(" '").startswith(tuple("=+-@\t\r\n")) \
                or cell.startswith("'") or all(map(is_number, cell.split()))
        assert read(path) == [dict(zip(map(writable, head), ("" if v is None else writable(str(v))
                                                          for v in row), strict=False))]


@given(number=st.floats() | st.integers())
def test_a_number_stays_a_number(number: float) -> None:
    for written in (number, repr(number)):
        out = io.StringIO(newline="")
        writer(out)([written])
        assert out.getvalue() == f"{number!r}\r\n"


@pytest.mark.parametrize("text", [f for f in FRAGMENTS if f[0] in "=+@-" and not is_number(f)])
def test_the_trials_of_a_study_are_no_formulas(tmp_path: Path, text: str) -> None:
    trial = Trial(number=0, decisions={text: text, "w": -1}, identity=text, macs=1, params=1, memory=1,
                  values=None, seconds=1.0, error=text, start=text)
    write_trials([trial], tmp_path / "trials.csv", ())
    with (tmp_path / "trials.csv").open(newline="", encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert [row[name] for name in ("identity", "error", "start", f"'{text}", "w")] == \
        [f"'{text}"] * 4 + ["-1"]


@pytest.mark.parametrize("text", ["\udcff", "a\ud800b"])
def test_letters_that_no_file_can_hold_are_spelled_out(tmp_path: Path, text: str) -> None:
    """A file's name that is no UTF-8 comes to Python as such letters."""
    spelled = text.encode(errors="backslashreplace").decode()
    write(tmp_path / "table.csv", [text], [[text]])
    assert read(tmp_path / "table.csv") == [{spelled: spelled}]


# --- YAML ---------------------------------------------------------------------------------------

atoms = texts() | st.sampled_from(FRAGMENTS) | st.booleans() | st.none() | st.integers(
    -10**15, 10**15) | st.floats(-1e15, 1e15) | st.sampled_from([1e-7, -2.5e-9, 1e15])
keys = texts(most=2).map(as_name)
trees = st.recursive(atoms.map(Scalar), lambda inner: st.lists(inner, max_size=3).map(
    lambda items: Seq(tuple(items))) | st.dictionaries(keys, inner, max_size=3).map(Map), max_leaves=8)


def plain(tree: Tree) -> Any:
    """A tree as YAML's own types."""
    if isinstance(tree, Scalar):
        return tree.value
    return [*map(plain, tree)] if isinstance(tree, Seq) else \
        {key: plain(value) for key, value in tree.items.items()}


@settings(max_examples=150)
@given(name=texts().map(as_name), source=atoms, args=st.dictionaries(keys, trees, max_size=3), comment=texts())
def test_what_is_written_reads_back_equal(name: str, source: Atom, args: dict[str, Tree],
                                          comment: str) -> None:
    document = Map({"name": Scalar(name), "source": Scalar(source), "args": Map(args)})
    text = to_yaml(Genotype(name, None, "net.yaml", Header(), document, library()), comment)
    known = {"name": name, "source": source, "args": plain(Map(args))}
    for found in (yaml.safe_load(text), plain(parse(text))):
        assert found == known
        assert repr(found) == repr(known)       # 1 is not 1.0, nor True
    head = text[:text.index("\nname: ")]
    assert printable(head, "\n") == head and all(x.startswith("# ") for x in head.splitlines())


# --- databases ----------------------------------------------------------------------------------


@settings(max_examples=4)
@given(text=texts())
def test_a_database_gives_a_text_back(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder, \
            Archive(f"sqlite:///{folder}/a.db") as archive, \
            Archive(f"sqlite:///{folder}/b.db") as second:
        given: dict[str, Any] = {
            "identity": KEY, "genotype": text, "name": text, "macs": 5, "params": 5, "space": text,
            "input_size": 8, "score": text, "data": text, "recipe": text, "study": text,
            "seconds": 1.0, "trial": 1, "curve": [text]}
        archive.register(text, text, {text: text})
        for seed, value in enumerate((1.0, 2.0, None)):
            record(archive, **given, seed=seed, value=value, error=None if value else text)
        assert merge(archive, second).evaluations == 3
        for one in (archive, second):
            assert measures([one]) == {(text, text, text, 0): 1}
            assert identities([one], KEY[:6]) == [KEY]
            assert not any(identities([one], begins) for begins in ("%", "_b", "a%", f"ab{text}"))
            network = about([one], KEY)
            assert network and (network.names, network.spaces, network.genotype) == (
                (text,), (text,), text)
            assert {e.error for e in network.evaluations} == {None, text}
            assert [s.name for s in best([one], Measure(text, text, text, 0), Bounds(), 3)] == [text]
            assert [d.measure for d in disagreements([one], 3)] == [(text, text, text, 0)]
        for format in ("csv", "json"):
            assert export([archive, second], Path(folder) / f"all.{format}") == 3
        rows = read(Path(folder) / "all.csv")
        listed = json.loads((Path(folder) / "all.json").read_text(encoding="utf-8"))
        for found, expected in ((rows, writable(text)), (listed, text)):
            for row in found:
                assert {row[c] for c in ("data", "score", "recipe", "study", "name")} == {expected}


# --- Markdown, HTML -----------------------------------------------------------------------------


@some
@given(text=texts(codec=None))
def test_markup_has_no_tag_and_no_entity_of_its_own(text: str) -> None:
    made = markup(text)
    assert html.unescape(made) == printable(text)
    read = ET.fromstring(f'<a b="{made}">{made}</a>')
    assert read.text == read.get("b") == printable(text)


@some
@given(text=texts(codec=None))
def test_markdown_has_no_mark_of_its_own(text: str) -> None:
    made = markdown(text)
    assert re.sub(r"\\(.)", r"\1", made) == printable(text)
    assert not re.search(r"[`*_\[\]<>|#]", re.sub(r"\\.", "", made)) and "\n" not in made


def test_the_gallery_of_the_documentation_escapes_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    found = load("henet")
    evil = Genotype(found.name, None, found.file, Header(source="<b>[x](javascript:y)"),
                    found.document, library())
    monkeypatch.setattr(gallery, "load", lambda _: evil)
    assert "\\<b\\>\\[x\\](javascript:y)." in gallery.entry("henet")
