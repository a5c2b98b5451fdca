"""Drawing as a self-contained HTML page with foldable groups.

The page holds the DOT statement of each box and group, and Graphviz itself (`web/README.md`);
folding combines other statements and lays them out again.
"""

from typing import Any

import graphviz

from searchspace.units import show_digits
from viz.drawing.dot import Scribe, frame
from viz.drawing.elements import Group, Picture
from viz.drawing.style import Style
from viz.templates import STATIC, environment, policy


def foldable(picture: Picture, style: Style) -> str:
    """The page. All names are escaped: nothing in a genotype can become markup or script."""
    rest = f", {picture.remark}" if picture.remark else ""
    code = [_read("viz-global.js"), _read("fold.js")]
    return environment().get_template("fold.html").render(
        theme=style.palette, title=picture.title, style=_read("fold.css"), scripts=code,
        policy=policy(code), graph=statements(picture, style),
        costs=f"{show_digits(picture.macs, 5)} MACs, {show_digits(picture.params, 5)} parameters"
              f"{rest}")


def _read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def statements(picture: Picture, style: Style) -> dict[str, Any]:
    """The graph in pieces: ``head``, ``nodes`` and ``groups`` by name, and ``edges``."""
    scribe = Scribe(picture, style)
    head = frame(style)
    depth = {"": 0}
    groups: dict[str, Any] = {}
    # a group has the position of its first operation
    order = {box.key: i for i, box in enumerate(picture.boxes)}
    first: dict[str, int] = {}
    parents = {group.key: group.parent for group in picture.groups}
    for box in picture.boxes:
        owner = box.group
        while owner:
            first.setdefault(owner, order[box.key])
            owner = parents[owner]
    for group in picture.groups:
        depth[group.key] = depth[group.parent] + 1
        name = scribe.clusters[group.key]
        groups[name] = {
            "parent": scribe.clusters.get(group.parent, ""), "order": first.get(group.key, 0),
            "title": _spoken(group), "open": _opened(scribe, group, depth[group.parent]),
            "closed": _closed(scribe, group, name.replace("cluster", "folded"))}
    nodes = {}
    for box in picture.boxes:
        name = scribe.names[box.key]
        nodes[name] = {"parent": scribe.clusters.get(box.group, ""), "order": order[box.key],
                       "text": _statement(name, scribe.labels.box(box), scribe.node(box))}
    edges = [[scribe.names[e.source], scribe.names[e.target], _attributes(scribe.line(e))]
             for e in picture.edges if not e.hidden]
    return {"direction": style.direction, "nodes": nodes, "groups": groups, "edges": edges,
            "head": "digraph network {\n" + "".join(head.body)}


def _spoken(group: Group) -> str:
    return f"{group.title}, {show_digits(group.macs)} MACs, {show_digits(group.params)} parameters"


def _opened(scribe: Scribe, group: Group, depth: int) -> str:
    inside = graphviz.Digraph()
    inside.attr(label=scribe.labels.group(group), **scribe.cluster(group, depth))
    return "".join(inside.body)


def _closed(scribe: Scribe, group: Group, name: str) -> str:
    fill, line = scribe.theme.families["block"]
    style = {"fillcolor": fill, "color": scribe.theme.open if group.open else line,
             "peripheries": "2", "tooltip": scribe.cluster(group, 0)["tooltip"]}
    return _statement(name, scribe.labels.group(group), style)


def _statement(name: str, label: str, style: dict[str, str]) -> str:
    graph = graphviz.Digraph()
    graph.node(name, label, **style)
    return "".join(graph.body)


def _attributes(style: dict[str, str]) -> str:
    graph = graphviz.Digraph()
    graph.edge("a", "b", **style)
    return "".join(graph.body).strip().removeprefix("a -> b").strip()
