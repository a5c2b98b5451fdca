"""Every picture in the README and the docs: ``python viz/pictures.py`` draws them all again.

`docs/pictures.txt` holds a digest of the DOT of each, so that a test sees a picture that is out of
date without knowing how a version of Graphviz lays it out.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from searchspace import SearchspaceError, load, spaces
from viz.align import difference
from viz.compact import compact
from viz.compared import compared
from viz.dot import digraph
from viz.gallery import families, page
from viz.layout import page as drawn_page
from viz.layout import run
from viz.levels import picture
from viz.render import write
from viz.style import Style
from viz.subject import subject

ROOT = Path(__file__).parents[1]
DIGESTS = "pictures.txt"


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture of the documentation: its file in docs, and what it shows.

    ``only`` names a single block; ``beside`` another genotype, drawn to its right; ``since`` the
    genotype that it is compared with.
    """

    path: str
    genotype: str
    level: str = "block"
    style: Style = Style()
    only: str | None = None
    beside: str = ""
    since: str = ""

    def dot(self) -> list[str]:
        """The DOT of what is drawn, not laid out."""
        if self.since:
            return [compared(difference(subject(load(self.since)), subject(load(self.genotype))),
                             self.style).source]
        return [digraph(one, self.style).source for one in self._pictures()]

    def digest(self) -> str:
        """Tells whether the picture is that of the present code and genotypes."""
        return hashlib.sha256("\n".join(self.dot()).encode()).hexdigest()[:16]

    def svg(self) -> bytes:
        """The drawing."""
        drawn = run(self.dot()[0], "svg") if self.since else \
            drawn_page(self._pictures(), self.style, "svg")
        return compact(drawn, load(self.genotype).title)

    def _pictures(self) -> list:
        names = [name for name in (self.genotype, self.beside) if name]
        return [picture(subject(load(name)), self.level, self.only) for name in names]


def pictures() -> Iterator[Shown]:
    """All of them: those of the README, of the pages, of the gallery."""
    dark = Style(theme="dark")
    for style, suffix in ((Style(), ""), (dark, "-dark")):
        yield Shown(f"pictures/sinet-unit{suffix}.svg", "sinet", only="si_unit", style=style)
        yield Shown(f"pictures/sinet{suffix}.svg", "sinet", "stage", style)
    yield Shown("pictures/found.svg", str(FOUND), "stage")
    yield Shown("pictures/space.svg", "he", "stage", beside="henet")
    yield Shown("pictures/joint.svg", "sinet-mobilenet-v2@joint", since="sinet-mobilenet-v2@g1")
    for block, genotype in PAPERS.items():
        yield Shown(f"pictures/{block}.svg", genotype, only=block)
    for name in (*families(), *spaces()):
        yield Shown(f"gallery/{name}.svg", name)
