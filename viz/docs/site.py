"""Hooks of mkdocs: what `mkdocs build` adds to the files in docs/, and what it rewrites.

Added are a page for every bundled family and space, pages of the interface from the docstrings, and
the source files that pages link to, so that the site is whole without a network. Formulas become
MathML, which needs no script.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from posixpath import normpath, relpath

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from viz.docs import families

ROOT = Path(__file__).parents[2]
SOURCES = "source"
PICTURES = {".svg", ".png"}
INTERFACE = {
    "searchspace": "Genotypes, costs, networks",
    "searchspace.space": "Points of a space",
    "search": "Searches",
    "viz.drawing": "Drawings",
    "viz.plots": "Plots",
}
_LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]*`)", re.MULTILINE | re.DOTALL)
_DISPLAYED = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
_INLINE = re.compile(r"(?<!\$)\$([^$\n]+)\$(?!\$)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages, and the files outside docs/ that a page links to or shows."""
    for path, text in (*families.pages(), *_interface()):
        files.append(File.generated(config, path, content=text))
    to_do = {path for file in files.documentation_pages() if not file.generated_by
             for path in _outside(file.content_string, f"docs/{file.src_uri}")}
    done = set[str]()
    while to_do:
        done.add(path := to_do.pop())
        if Path(path).suffix in PICTURES:
            files.append(File.generated(config, _page_of(path), abs_src_path=str(ROOT / path)))
            continue
        files.append(File.generated(config, _page_of(path), content=_source(path)))
        if path.endswith(".md"):
            to_do |= _outside((ROOT / path).read_text(encoding="utf-8"), path) - done
    return files


def on_page_markdown(text: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links that leave docs/ to the pages of those files, and write formulas as MathML."""
    here = page.file.src_uri
    if not here.startswith(f"{SOURCES}/"):
        text = _outside_code(text, lambda prose: _lead(prose, f"docs/{here}", here))
    return _outside_code(text, _formulas)


def _interface() -> Iterator[tuple[str, str]]:
    for module, title in INTERFACE.items():
        yield f"interface/{module}.md", f"# {title}: `{module}`\n\n::: {module}\n"


def _source(path: str) -> str:
    """The page of a file or folder outside docs/."""
    of = ROOT / path
    if of.is_dir():
        return f"# {path}\n\n" + "".join(
            f"- `{one.name}`\n" for one in sorted(of.iterdir()) if one.name[0] not in "._")
    text = of.read_text(encoding="utf-8")
    if of.suffix == ".md":
        return _outside_code(text, lambda prose: _lead(prose, path, _page_of(path)))
    language = {".py": "python", ".yaml": "yaml"}.get(of.suffix, "text")
    return f"# {path}\n\n````{language}\n{text.rstrip()}\n````\n"


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """A page with its prose changed and its code left alone."""
    pieces = _CODE.split(text)
    pieces[::2] = map(change, pieces[::2])
    return "".join(pieces)


def _outside(text: str, origin: str) -> set[str]:
    """Paths from the project's root of what a page links to outside docs/."""
    prose = "".join(_CODE.split(text)[::2])
    return {path for found in _LINK.finditer(prose)
            if not (path := _target(found[2], origin)).startswith(("docs/", "http"))}


def _target(link: str, origin: str) -> str:
    """A link of the file ``origin`` as a path from the project's root; with a scheme as it is."""
    return link if "://" in link else normpath(f"{Path(origin).parent.as_posix()}/{link}")


def _page_of(path: str) -> str:
    """Where the site has a file from outside docs/."""
    kept = Path(path).suffix in PICTURES
    return f"{SOURCES}/{path if kept else path.removesuffix('.md').replace('.', '-') + '.md'}"


def _lead(prose: str, origin: str, page: str) -> str:
    """Links as they must be on ``page`` of what the file ``origin`` says."""
    def led(found: re.Match[str]) -> str:
        path = _target(found[2], origin)
        if path.startswith("http"):
            return found[0]
        to = path.removeprefix("docs/") if path.startswith("docs/") else _page_of(path)
        return f"{found[1]}{relpath(to, Path(page).parent.as_posix())}{found[3]}"
    return _LINK.sub(led, prose)


def _formulas(text: str) -> str:
    text = _DISPLAYED.sub(lambda found: convert(found[1].strip(), display="block"), text)
    return _INLINE.sub(lambda found: f"<span>{convert(found[1])}</span>", text)    # else a block
