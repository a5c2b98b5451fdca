"""Import graph of the source tree's rooms.

A room is a folder of a package, or a file at the top of one. The picture of the architecture page
and the test of one-way imports both come from here.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import graphviz
import grimp
import networkx as nx

from viz.drawing.layout import run
from viz.drawing.style import THEMES
from viz.drawing.svg import compact

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("searchspace", "viz", "search")     # lowest first


def modules() -> grimp.ImportGraph:
    """All modules of the three packages, with every import: also those inside functions, but not
    those for type checkers alone."""
    return grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)


def room(module: str) -> str:
    """The room of a module: ``search.samplers.gp.pools`` is in ``search.samplers.gp``, and
    ``search.run`` is a room of its own.

    >>> room("search.run")
    'search.run'
    """
    folder = ROOT.joinpath(*module.split("."))
    return module if folder.is_dir() or module.count(".") < 2 else module.rpartition(".")[0]


def rooms(package: str | None = None) -> "nx.DiGraph[str]":
    """Rooms, of one package or of all, with an edge from each to those that it imports; what a
    package's own ``__init__`` exports is left out."""
    graph = modules()
    found: nx.DiGraph[str] = nx.DiGraph()
    for importer in sorted(graph.modules - set(PACKAGES)):
        found.add_node(room(importer))
        for imported in sorted(graph.find_modules_directly_imported_by(importer) - set(PACKAGES)):
            if room(imported) != room(importer):
                found.add_edge(room(importer), room(imported))
    return found if package is None else nx.DiGraph(found.subgraph(
        [name for name in found if name.partition(".")[0] == package]))


def levels(graph: "nx.DiGraph[str]") -> dict[str, int]:
    """The level of each room, 1 for those that import no other.

    Raises:
        networkx.NetworkXUnfeasible: imports run in a circle.
    """
    return {name: number for number, generation in enumerate(
        nx.topological_generations(graph.reverse()), 1) for name in generation}


@dataclass(frozen=True, slots=True)
class RoomPicture:
    """The picture of one package's rooms: its file in docs and its theme."""

    path: str
    package: str
    theme: str

    def dot(self) -> str:
        """DOT with folders as boxes and top files as plain text, the lowest at the bottom, without
        transitive arrows."""
        theme = THEMES[self.theme]
        fill, line = theme.families["block"]
        drawn = graphviz.Digraph(self.package)
        drawn.attr(bgcolor=theme.background, ranksep="0.35", nodesep="0.2", margin="0.1")
        drawn.attr("node", fontname="Helvetica", fontsize="11", fontcolor=theme.ink, height="0.3",
                   fillcolor=fill, color=line)
        drawn.attr("edge", color=theme.edge, arrowsize="0.6")
        graph = nx.transitive_reduction(rooms(self.package))
        for name in sorted(graph):
            short = name.partition(".")[2].replace(".", "/")
            folder = ROOT.joinpath(*name.split(".")).is_dir()
            drawn.node(name, f"{short}/" if folder else short, shape="box" if folder else "plain",
                       style="filled,rounded" if folder else "")
        for edge in sorted(graph.edges):
            drawn.edge(*edge)
        return str(drawn.source)

    def digest(self) -> str:
        """Digest of the sources, which shows whether the picture is up to date."""
        return hashlib.sha256(self.dot().encode()).hexdigest()[:16]

    def svg(self) -> bytes:
        """The drawing."""
        return compact(run(self.dot(), "svg"), f"The rooms of {self.package}/")


def room_pictures() -> Iterator[RoomPicture]:
    """The pictures of the architecture page, light and dark."""
    for package in PACKAGES:
        for theme, suffix in (("light", ""), ("dark", "-dark")):
            yield RoomPicture(f"pictures/rooms-{package}{suffix}.svg", package, theme)
