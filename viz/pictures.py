"""Every picture in the README and the docs: ``python viz/pictures.py`` draws them all again.

`docs/pictures.txt` holds a digest of what each is drawn from (DOT, Vega-Lite), so that a test sees
a picture that is out of date without knowing how a version of Graphviz lays it out.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from search.rows import read_study
from searchspace import SearchspaceError, load, spaces
from viz import gallery, papers
from viz.compact import compact
from viz.compared import compared
from viz.diff import compare
from viz.dot import digraph
from viz.layout import page, run
from viz.levels import picture
from viz.picture import Picture
from viz.plotted import FOUND, PLOTTED, Plotted, keep
from viz.render import write
from viz.style import Style
from viz.subject import subject

DOCS = Path(__file__).parents[1] / "docs"
DIGESTS = "pictures.txt"
USUAL = Style()
PAGES = {"gallery.md": gallery.page, "papers.md": papers.page}


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture of the documentation: its file in docs, and what it shows.

    ``only`` names a single block; ``beside`` another genotype, drawn to its right; ``since`` the
    genotype that it is compared with.
    """

    path: str
    genotype: str
    level: str = "block"
    style: Style = USUAL
    only: str | None = None
    beside: str = ""
    since: str = ""

    def dot(self) -> list[str]:
        """The DOT of what is drawn, not laid out."""
        if self.since:
            return [compared(compare(load(self.since), load(self.genotype)), self.style).source]
        return [digraph(one, self.style).source for one in self._pictures()]

    def digest(self) -> str:
        """Tells whether the picture is that of the present code and genotypes."""
        return hashlib.sha256("\n".join(self.dot()).encode()).hexdigest()[:16]

    def svg(self) -> bytes:
        """The drawing."""
        drawn = run(self.dot()[0], "svg") if self.since else \
            page(self._pictures(), self.style, "svg")
        return compact(drawn, load(self.genotype).title)

    def _pictures(self) -> list[Picture]:
        names = [name for name in (self.genotype, self.beside) if name]
        return [picture(subject(load(name)), self.level, self.only) for name in names]


def pictures() -> Iterator[Shown | Plotted]:
    """All of them: those of the README, of the pages, of the gallery."""
    yield from PLOTTED
    for theme, suffix in (("light", ""), ("dark", "-dark")):
        yield Shown(f"pictures/readme{suffix}.svg", str(FOUND), "stage", Style(theme=theme),
                    beside="sinet")
    yield Shown("pictures/si_unit-dark.svg", "sinet", style=Style(theme="dark"), only="si_unit")
    yield Shown("pictures/space.svg", "he", "stage", beside="henet")
    yield Shown("pictures/joint.svg", "sinet-mobilenet-v2@joint", since="sinet-mobilenet-v2@g1")
    for paper in papers.PAPERS:
        yield Shown(f"pictures/{paper.block}.svg", paper.genotype, only=paper.block)
    for name in (*gallery.families(), *spaces()):
        yield Shown(f"gallery/{name}.svg", name)


def digests() -> str:
    """The text of `docs/pictures.txt`."""
    return "".join(f"{shown.digest()}  {shown.path}\n" for shown in pictures())


def main(arguments: list[str] | None = None) -> int:
    """The command line; 2 for a user's mistake."""
    parser = argparse.ArgumentParser(
        prog="python viz/pictures.py", description="Draw every picture of README and docs again, "
        "and write the pages gallery.md and papers.md around them.")
    parser.add_argument("-o", "--output", type=Path, default=DOCS, metavar="FOLDER",
                        help="where the pages and pictures are written (default: docs)")
    parser.add_argument("--found", type=Path, metavar="STUDY", help="first take over this study's "
                        "folder as the README's search")
    given = parser.parse_args(arguments)
    folder: Path = given.output
    try:
        if given.found is not None:
            keep(read_study(given.found), given.found)
        for shown in pictures():
            path = folder / shown.path
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, shown.svg())
        for name, page in PAGES.items():
            write(folder / name, "\n".join(page()).encode())
        write(folder / DIGESTS, digests().encode())
    except SearchspaceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
