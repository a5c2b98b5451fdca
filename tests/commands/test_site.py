"""The site: it builds from the docs without a warning, its links lead somewhere, it is whole offline,
and its notebooks run."""

import importlib.util
import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("source", "srcset")}


class Links(HTMLParser):
    """What a page loads, what it links to, and the places in it that can be linked to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loaded, self.linked, self.places = set[str](), set[str](), set[str]()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.places.add(value)
            elif (tag, name) in LOADED and value:
                if ("rel", "canonical") not in attrs:
                    self.loaded.add(value)
            elif (tag, name) == ("a", "href") and value:
                self.linked.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    out = tmp_path_factory.mktemp("site")
    made = subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(out)],
                          cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert made.returncode == 0, made.stdout + made.stderr
    return out


@pytest.mark.slow
def test_every_link_leads_somewhere_and_nothing_is_loaded_from_outside(site: Path) -> None:
    pages = {page: Links(page) for page in site.rglob("*.html")}
    assert len(pages) > 100
    for page, links in pages.items():
        if page.name == "404.html":
            continue                    # its links start at the root of a server
        for link in links.loaded | links.linked:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https", "mailto"):
                assert link not in links.loaded, f"{page.relative_to(site)} loads {link}"
            elif parts.scheme != "data":
                to = (page.parent / unquote(parts.path)).resolve() if parts.path else page
                assert to.exists(), f"{page.relative_to(site)} leads to {link}"
                if parts.fragment and to in pages:
                    assert unquote(parts.fragment) in pages[to].places or \
                        parts.fragment.startswith("__"), f"{page.relative_to(site)} leads to {link}"


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_its_first_cell_to_its_last(notebook: Path) -> None:
    if not (importlib.util.find_spec("nbclient") and importlib.util.find_spec("ipykernel")):
        pytest.skip("nbclient or ipykernel is not installed")
    run = subprocess.run([sys.executable, "-c", "import sys; from pathlib import Path; "
                          "from viz.docs.notebooks import execute; execute(Path(sys.argv[1]))",
                          str(notebook)], cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stderr


def test_notebooks_have_outputs_and_no_path_of_a_machine() -> None:
    assert {path.stem for path in NOTEBOOKS} == {"search", "draw", "rebuild"}
    for path in NOTEBOOKS:
        text = path.read_text(encoding="utf-8")
        assert str(Path.home()) + "/" not in text and str(ROOT) not in text
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        assert any(cell["outputs"] for cell in cells)


def test_every_page_of_the_docs_has_its_place_on_the_site() -> None:
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert {name for name in pages if f" {name}\n" not in nav} == set()
