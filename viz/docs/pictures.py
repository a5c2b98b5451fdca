"""List of all pictures of the README and the docs, and their sources."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from searchspace import load, spaces
from viz.comparison.drawing import compared
from viz.comparison.table import compare
from viz.docs import gallery, papers
from viz.docs.plots import FOUND, PLOTTED, Plotted
from viz.docs.rooms import RoomPicture, room_pictures
from viz.drawing.dot import digraph
from viz.drawing.elements import Picture
from viz.drawing.layout import page, run
from viz.drawing.levels import picture
from viz.drawing.network import subject
from viz.drawing.style import Style
from viz.drawing.svg import compact

DOCS = Path(__file__).parents[2] / "docs"
DIGESTS = "pictures.txt"
USUAL = Style()
PAGES = {"gallery.md": gallery.page, "papers.md": papers.page}


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture of the documentation: its file in docs, and its subject.

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
        """The DOT of the picture before layout."""
        if self.since:
            return [compared(compare(load(self.since), load(self.genotype)), self.style).source]
        return [digraph(one, self.style).source for one in self._pictures()]

    def digest(self) -> str:
        """Digest of the sources, which shows whether the picture is up to date."""
        return hashlib.sha256("\n".join(self.dot()).encode()).hexdigest()[:16]

    def svg(self) -> bytes:
        """The drawing."""
        drawn = run(self.dot()[0], "svg") if self.since else \
            page(self._pictures(), self.style, "svg")
        return compact(drawn, load(self.genotype).title)

    def _pictures(self) -> list[Picture]:
        names = [name for name in (self.genotype, self.beside) if name]
        return [picture(subject(load(name)), self.level, self.only) for name in names]


def pictures() -> Iterator[Shown | Plotted | RoomPicture]:
    """All pictures: of the README, of the pages, of the gallery."""
    yield from PLOTTED
    yield from room_pictures()
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
