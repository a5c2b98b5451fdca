"""DOT source of pictures: nodes for boxes, clusters for groups and bands."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import graphviz

from viz.drawing.elements import Band, Box, Edge, Group, Picture
from viz.drawing.heading import heading
from viz.drawing.labels import Labels
from viz.drawing.markup import tooltip
from viz.drawing.style import Style

FONT = "Helvetica"
# Number of boxes from which on the layout limits the optimisation of ranks: minutes otherwise.
LARGE = 300


@dataclass(frozen=True, slots=True)
class Positions:
    """Positions of a layout as Graphviz attributes, by node, (tail, head) and cluster."""

    nodes: dict[str, str] = field(default_factory=dict)
    edges: dict[tuple[str, str], str] = field(default_factory=dict)
    clusters: dict[str, tuple[str, str]] = field(default_factory=dict)


class Scribe:
    """Writes one picture in one style. ``prefix`` keeps the names of several pictures apart."""

    def __init__(self, picture: Picture, style: Style, prefix: str = "") -> None:
        self.picture, self.style, self.prefix = picture, style, prefix
        self.theme = style.palette
        self.labels = Labels(picture, style)
        self.names = {box.key: f"{prefix}n{i}" for i, box in enumerate(picture.boxes)}
        self.clusters = {g.key: f"cluster_{prefix}{i}" for i, g in enumerate(picture.groups)}
        self.children: dict[str, list[Box | Group]] = {}
        for box in picture.boxes:
            self.children.setdefault(box.group, []).append(box)
        for group in picture.groups:
            self.children.setdefault(group.parent, []).append(group)
        taken = Counter(edge.target for edge in picture.edges if not edge.hidden)
        self.single = {target for target, count in taken.items() if count == 1}
        self.spine = set(zip(self.names, list(self.names)[1:], strict=False))

    @property
    def has_steps(self) -> bool:
        """Whether the stages are a part beside the blocks."""
        return self.picture.level == "block" and any(not box.group for box in self.picture.boxes)

    def roots(self) -> Iterator[list[Box | Group]]:
        """The parts with separate layouts: the stages, and at the level of blocks each block."""
        top = self.children.get("", [])
        if self.picture.level != "block":
            yield top
            return
        if self.has_steps:
            yield [child for child in top if isinstance(child, Box)]
        for child in top:
            if isinstance(child, Group):
                yield [child]

    def write(self, graph: graphviz.Digraph, roots: Sequence[Box | Group],
              at: Positions | None = None) -> None:
        """Nodes, clusters and edges of some roots into a graph."""
        inside = self._emit(graph, roots, 0, at)
        for edge in self.picture.edges:
            if not edge.hidden and edge.source in inside and edge.target in inside:
                tail, head = self.names[edge.source], self.names[edge.target]
                place = {"pos": at.edges[tail, head]} if at else {}
                graph.edge(tail, head, **self.line(edge), **place)

    def node(self, box: Box) -> dict[str, str]:
        """The attributes of a box's node."""
        fill, line = self.theme.families[box.family]
        if box.family == "tensor":
            return {"shape": "plain", "style": "", "tooltip": tooltip(box.key)}
        if self.style.colour != "op":
            fill, line = self.theme.step(self.labels.share(box)), self.theme.border
        if box.lane is not None:
            line = self.theme.lane(box.lane)
        style = {"fillcolor": fill, "color": line,
                 "tooltip": tooltip(f"{box.key}: {box.macs:,} MACs, {box.params:,} params")}
        if box.lane is not None:
            style["penwidth"] = "1.4"
        if box.open:
            style |= {"style": "rounded,filled,dashed", "color": self.theme.open}
        return style

    def line(self, edge: Edge) -> dict[str, str]:
        """The attributes of an edge; one to the next box keeps the boxes in a line. A box's only
        edge ends at its middle, so that it is not mistaken for a neighbour's."""
        style = {"weight": "20"} if (edge.source, edge.target) in self.spine else {}
        if edge.target in self.single:
            style["headport"] = "n" if self.style.direction == "TB" else "w"
        if edge.lane is not None:
            style |= {"color": self.theme.lane(edge.lane), "penwidth": "1.3"}
        if edge.exchange:
            style |= {"style": "dashed", "penwidth": "1.8"}
        return style

    def cluster(self, group: Group, depth: int) -> dict[str, str]:
        """The attributes of a group's cluster, without its label."""
        return {"labeljust": "l", "margin": "7",
                "style": "rounded,filled" + (",dashed" if group.open else ""),
                "fillcolor": self.theme.bands[depth % 2], "penwidth": "0.8",
                "color": self.theme.open if group.open else self.theme.border,
                "tooltip": tooltip(group.key)}

    def _emit(self, into: graphviz.Digraph, roots: Sequence[Box | Group], depth: int,
              at: Positions | None) -> set[str]:
        inside = set[str]()
        band_of = {key: band for band in self.picture.bands for key in band.boxes}
        done = set[Band]()
        for child in roots:
            if isinstance(child, Group):
                name = self.clusters[child.key]
                with into.subgraph(name=name) as cluster:
                    self._frame(cluster, name, self.labels.group(child, self._fill(depth, at)),
                                self.cluster(child, depth), at)
                    inside |= self._emit(cluster, self.children.get(child.key, ()), depth + 1, at)
                continue
            band = band_of.get(child.key)
            if band is None:
                self._box(into, child, at)
            elif band not in done:
                done.add(band)
                name = f"cluster_{self.prefix}b{len(done)}"
                with into.subgraph(name=name) as cluster:
                    self._frame(cluster, name, self.labels.band(band.title, self._fill(1, at)), {
                        "labeljust": "l", "margin": "5", "style": "rounded,filled",
                        "fillcolor": self.theme.bands[1], "color": self.theme.bands[1]}, at)
                    for box in roots:
                        if isinstance(box, Box) and box.key in band.boxes:
                            self._box(cluster, box, at)
            inside.add(child.key)
        return inside

    def _fill(self, depth: int, at: Positions | None) -> str:
        return self.theme.bands[depth % 2] if at else ""

    def _frame(self, cluster: graphviz.Digraph, name: str, label: str, style: dict[str, str],
               at: Positions | None) -> None:
        """A cluster with its label; once laid out the label is a node, which edges pass behind."""
        if at is None:
            cluster.attr(label=label, **style)
            return
        frame, place = at.clusters[name]
        cluster.attr(label="", bb=frame, **style)
        cluster.node(f"{name}_label", label, shape="plain", style="", pos=place, tooltip=" ")

    def _box(self, into: graphviz.Digraph, box: Box, at: Positions | None) -> None:
        name = self.names[box.key]
        place = {"pos": at.nodes[name]} if at else {}
        into.node(name, self.labels.box(box), **self.node(box), **place)


def digraph(picture: Picture, style: Style | None = None) -> graphviz.Digraph:
    """The DOT of a picture, for Graphviz's `dot` to lay out."""
    style = style or Style()
    scribe = Scribe(picture, style)
    graph = frame(style, len(picture.boxes), close=picture.level == "stage")
    graph.attr(label=heading(picture, style), labelloc="t", labeljust="l")
    scribe.write(graph, scribe.children.get("", ()))
    return graph


def frame(style: Style, boxes: int = 0, *, close: bool = False) -> graphviz.Digraph:
    """An empty graph with the style of all its nodes and edges; with ``close``, narrow spacing for
    a paper's column."""
    theme = style.palette
    hasty = {"nslimit": "1", "nslimit1": "1"} if boxes > LARGE else {}
    graph = graphviz.Digraph("network")
    graph.attr(rankdir=style.direction, fontname=FONT, fontcolor=theme.ink, newrank="true",
               bgcolor=theme.background, pad="0.08", ranksep="0.24",
               nodesep="0.04" if close else "0.18", **hasty)
    graph.attr("node", shape="box", style="rounded,filled", fontname=FONT, fontsize="9",
               fontcolor=theme.ink, margin="0.06,0.03", height="0.2", width="0.3", penwidth="0.9")
    graph.attr("edge", color=theme.edge, penwidth="0.9", arrowsize="0.5")
    return graph
