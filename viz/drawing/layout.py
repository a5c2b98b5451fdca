"""Layout by Graphviz: each part of a page separately, then in rows and drawn together.

The blocks of a network are independent; laid out one by one they take a fraction of the time.
"""

import contextlib
import io
import json
import math
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import pygraphviz

from searchspace import SearchspaceError
from viz.drawing.channel_groups import beside
from viz.drawing.dot import Positions, Scribe, frame
from viz.drawing.elements import Box, Group, Picture
from viz.drawing.heading import heading
from viz.drawing.style import Style

GAP = 16.0                               # between the parts of a page, in points
ASPECT = 1.4                             # preferred ratio of a page's width to its height
SLACK = 1e-6                             # points that rounding may add to a sum
MARGIN = 7.0                             # inside a block's frame, beside and below
DPI, COARSE = 144, 72                    # dots per inch of a png, and the least that can be read
MOST_PIXELS, MOST_EDGE = 2**27, 32_767   # of a png: what programs open, and what Cairo makes
MOST_POINTS = 14_400                     # of a page's edge in a pdf
LAID = 64                                # parts whose layout is remembered
Size = tuple[float, float]               # width and height
Place = tuple[float, float]              # from the left top of the page
_POINT = re.compile(r"(-?[\d.]+(?:e[+-]?\d+)?),(-?[\d.]+(?:e[+-]?\d+)?)")


def page(pictures: Sequence[Picture], style: Style, format: str) -> bytes:
    """Pictures side by side, as the bytes of an svg, png or pdf.

    Raises:
        SearchspaceError: they are too large for a png that can be read.
    """
    at = Positions()
    final = frame(style)
    final.attr(outputorder="edgesfirst")
    left = 0.0
    lowest = 0.0
    for number, picture in enumerate(pictures):
        scribe = Scribe(picture, style, f"p{number}" if len(pictures) > 1 else "")
        name, text = f"{scribe.prefix}heading", heading(picture, style)
        parts = [_lay(scribe, roots, style) for roots in scribe.roots()]
        sizes = [_size(part) for part in parts]
        places = arrange(sizes, GAP, scribe.has_steps)
        top = _heading_size(text, style)
        width, height = extent(sizes, places)
        down = top[1] + 6
        at.nodes[name] = _at(left + top[0] / 2, -top[1] / 2)
        for part, (_, high), (x, y) in zip(parts, sizes, places, strict=True):
            _collect(part, left + x, -(down + y + high), at)
        lowest = min(lowest, -(down + height))
        left += max(top[0], width) + 2 * GAP
        final.node(name, text, shape="plain", style="", pos=at.nodes[name], tooltip=" ")
        scribe.write(final, scribe.children.get("", ()), at)
    width, height = max(left - 2 * GAP, 1), -lowest
    final.attr(bb=f"0,{lowest:.2f},{width:.2f},0")
    if format == "pdf" and max(width, height) > MOST_POINTS:
        inches = f"{MOST_POINTS / 72 - 1:g}"        # beside a margin
        final.attr(size=f"{inches},{inches}")       # scaled down to it
    return run(final.source, format, "nop2", resolution(width, height) if format == "png" else DPI)


def resolution(width: float, height: float) -> int:
    """Dots per inch of a png of so many points: `DPI`, or fewer for a large page.

    Raises:
        SearchspaceError: so few that nothing could be read.
    """
    fits = 72 * min(MOST_EDGE / max(width, height), (MOST_PIXELS / (width * height)) ** 0.5)
    if fits < COARSE:
        raise SearchspaceError(f"the drawing has {width:,.0f}×{height:,.0f} points, and could not "
                               "be read as a png: draw it as svg or pdf, or at another level")
    return min(DPI, int(fits))


def run(dot: str, format: str, program: str = "dot", dpi: int = DPI) -> bytes:
    """The output of a program of Graphviz for a DOT source; ``dpi``: of a png."""
    graph = pygraphviz.AGraph(string=dot)
    if format == "png":
        graph.graph_attr["dpi"] = str(dpi)
    with _quiet():
        drawn: bytes = graph.draw(format=format, prog=program)
    # Cairo writes the time into a PDF; as many digits keep its table of offsets right.
    return re.sub(rb"(/CreationDate \(D:)\d{14}", rb"\g<1>19700101000000", drawn) \
        if format == "pdf" else drawn


def _lay(scribe: Scribe, roots: Sequence[Box | Group], style: Style) -> dict[str, Any]:
    """The layout of one part. A block by itself is laid out as a graph, since Graphviz does not
    keep the order of a row inside a cluster, and becomes one again."""
    only = roots[0] if len(roots) == 1 and isinstance(roots[0], Group) else None
    steps = all(isinstance(root, Box) and root.detail for root in roots[1:])
    graph = frame(style, len(scribe.picture.boxes), close=steps and only is None)
    if only is not None:
        graph.attr(label=scribe.labels.group(only), labelloc="t", labeljust="l")
        roots = scribe.children.get(only.key, ())
    scribe.write(graph, roots)
    for left, right in beside(scribe.picture, only.key) if only is not None else ():
        with graph.subgraph() as row:
            row.attr(rank="same")
            row.edge(scribe.names[left], scribe.names[right], style="invis")
    laid = _laid(graph.source)
    if only is not None:
        near, low, far, top = map(float, laid["bb"].split(","))
        around = f"{near - MARGIN},{low - MARGIN},{far + MARGIN},{top}"
        outline = {"name": scribe.clusters[only.key], "bb": around, "lp": laid["lp"]}
        laid = {**laid, "bb": around, "objects": [*laid.get("objects", ()), outline]}
    return laid


@lru_cache(maxsize=LAID)
def _laid(dot: str) -> dict[str, Any]:
    """The layout of a part, which nobody changes. Equal parts are laid out once: where a number of
    a network is edited, its other blocks stay as they are."""
    laid: dict[str, Any] = json.loads(run(dot, "json0"))
    return laid


def _heading_size(text: str, style: Style) -> Size:
    """Width and height of a picture's heading."""
    graph = frame(style)
    graph.node("heading", text, shape="plain", style="")
    return _size(json.loads(run(graph.source, "json0")))


def _size(laid: dict[str, Any]) -> Size:
    x, y, right, top = map(float, laid["bb"].split(","))
    return right - x, top - y


def _at(x: float, y: float) -> str:
    return f"{x:.2f},{y:.2f}"


def _collect(laid: dict[str, Any], right: float, up: float, at: Positions) -> None:
    """Add the positions of a layout, moved ``right`` and ``up``."""
    def move(text: str) -> str:
        return _POINT.sub(lambda m: _at(float(m[1]) + right, float(m[2]) + up), text)

    objects = laid.get("objects", [])
    for thing in objects:
        if "pos" in thing:
            at.nodes[thing["name"]] = move(thing["pos"])
        elif "bb" in thing:
            x, y, far, high = thing["bb"].split(",")
            corners = move(f"{x},{y}"), move(f"{far},{high}")
            at.clusters[thing["name"]] = ",".join(corners), move(thing.get("lp", f"{x},{high}"))
    for edge in laid.get("edges", []):
        ends = objects[edge["tail"]]["name"], objects[edge["head"]]["name"]
        at.edges[ends] = move(edge["pos"])


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Context that captures file descriptor 2, where Graphviz, Pango and fontconfig print remarks
    on fonts and sizes; they are passed on only if drawing fails."""
    said = io.StringIO()
    with tempfile.TemporaryFile() as file, contextlib.redirect_stderr(said):
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield
        except Exception as error:
            file.seek(0)
            error.add_note(said.getvalue() + file.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def arrange(sizes: Sequence[Size], gap: float, beside: bool = False) -> list[Place]:
    """The left top corners of rectangles (width, height), in points from the left top of the page.

    They stand in their order, row by row; with ``beside`` the first one stands at the left of all
    rows. Of the widths at which a row can end that with the least page is taken, where a page also
    counts for more the further it is from `ASPECT`.

    >>> arrange([(10, 40), (20, 10), (20, 10)], 0, beside=True)
    [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]
    """
    column = [(0.0, 0.0)] if beside and sizes else []
    rest = sizes[len(column):]
    left = sizes[0][0] + gap if column else 0.0
    widest = max((width for width, _ in rest), default=0.0)
    ends = {sum(width + gap for width, _ in rest[i:j]) - gap
            for j in range(1, len(rest) + 1) for i in range(j)}
    pages = ([*column, *((left + x, y) for x, y in _rows(rest, end, gap))]
             for end in sorted(ends) if end >= widest - SLACK)
    return min(pages, key=lambda places: _cost(*extent(sizes, places)), default=list(column))


def extent(sizes: Sequence[Size], places: Sequence[Place]) -> Size:
    """Width and height of the page of placed rectangles."""
    return (max((x + w for (w, _), (x, _) in zip(sizes, places, strict=True)), default=0.0),
            max((y + h for (_, h), (_, y) in zip(sizes, places, strict=True)), default=0.0))


def _rows(sizes: Sequence[Size], wide: float, gap: float) -> list[Place]:
    places: list[Place] = []
    left = top = high = 0.0
    for width, height in sizes:
        if left and left + width > wide + SLACK:
            left, top, high = 0.0, top + high + gap, 0.0
        places.append((left, top))
        left, high = left + width + gap, max(high, height)
    return places


def _cost(width: float, height: float) -> float:
    """Area, times the square root of how far the page is from the preferred ratio."""
    away = width / max(height, 1e-9) / ASPECT
    return width * height * math.sqrt(max(away, 1 / max(away, 1e-9)))
