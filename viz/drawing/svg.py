"""Lossless compaction of Graphviz's SVG, for use in HTML pages with several drawings."""

import re
from xml.etree import ElementTree as ET

from searchspace.text import printable

SVG = "http://www.w3.org/2000/svg"
LINK = "{http://www.w3.org/1999/xlink}title"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
FONT = "Helvetica, Arial, sans-serif"
_NUMBER = re.compile(r"-?\d+\.\d+")
_PAIR = re.compile(r"(-?[\d.]+),(-?[\d.]+)")
_PLACES = {"points", "d", "x", "y", "cx", "cy", "rx", "ry", "transform", "viewBox"}
# Attributes that most elements have in common are set at the root.
_COMMON = {"stroke-width": "0.9", "font-size": "8"}


def compact(drawn: bytes, title: str) -> bytes:
    """Graphviz's SVG without comments, identifiers and repetitions, to a tenth of a point.

    Tooltips become titles of their groups, outlines of boxes become rectangles; the drawing has a
    title and the role of an image.
    """
    ET.register_namespace("", SVG)
    root = ET.fromstring(drawn)
    _clean(root)
    title = printable(title)
    for name, value in {"role": "img", "aria-label": title, "font-family": FONT, **_COMMON}.items():
        root.set(name, value)
    heading = ET.Element(_tag("title"))
    heading.text = title
    root.insert(0, heading)
    # no text or attribute holds a ">" that is not written as an entity
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            + ET.tostring(root, encoding="unicode").replace(" />", "/>")).encode()


def _tag(name: str) -> str:
    return f"{{{SVG}}}{name}"


def _clean(element: ET.Element) -> None:
    for child in list(element):
        if child.tag == _tag("title"):                          # a name such as n1
            element.remove(child)
    content: list[ET.Element] = []
    for child in list(element):
        _clean(child)
        content += _unwrapped(child)
    element[:] = content
    for name in ("id", "font-family", SPACE):
        element.attrib.pop(name, None)
    if element.get("text-anchor") == "start":
        element.attrib.pop("text-anchor")
    for name, value in _COMMON.items():
        if element.get(name, "").removesuffix(".00") == value:
            element.attrib.pop(name)
    if element.get("font-size", "").endswith(".00"):
        element.set("font-size", element.get("font-size", "")[:-3])
    _outline(element)
    if element.get("class") in ("edge", "cluster"):
        _plain_group(element)
    for name in _PLACES & set(element.attrib):
        element.set(name, _NUMBER.sub(lambda m: _short(float(m[0])), element.get(name, "")))
    if not (element.text or "").strip() and len(element):
        element.text = None
    element.tail = None


def _unwrapped(child: ET.Element) -> list[ET.Element]:
    """Replace a group that only holds a tooltip by its content, with a title first."""
    link = child.find(_tag("a"))
    if child.tag != _tag("g") or child.get("class") or link is None:
        return [child]
    said = link.get(LINK, "").strip()
    title = ET.Element(_tag("title"))
    title.text = said
    return [*([title] if said else []), *link]


def _plain_group(element: ET.Element) -> None:
    """Simplify the group of an edge or frame: no class, an edge's colour only at the group, and no
    repeated last point of an arrowhead."""
    if element.attrib.pop("class") == "cluster":
        return
    lines = [child for child in element if child.tag != _tag("title")]
    if lines and len({line.get("stroke") for line in lines}) == 1:
        colour = lines[0].get("stroke", "")
        for name in ("fill", "stroke"):
            element.set(name, colour)
            for line in lines:
                if line.get(name) == colour:
                    line.attrib.pop(name)
    for head in element.iter(_tag("polygon")):
        points = head.get("points", "").split()
        if len(points) > 1 and points[0] == points[-1]:
            head.set("points", " ".join(points[:-1]))


def _outline(element: ET.Element) -> None:
    """An axis-parallel or rounded outline as a rectangle."""
    points = [(float(x), float(y)) for x, y in
              _PAIR.findall(element.get("points") or element.get("d") or "")]
    xs, ys = sorted({x for x, _ in points}), sorted({y for _, y in points})
    sharp = element.tag == _tag("polygon") and len(xs) == len(ys) == 2 and len(points) == 5
    # Graphviz's rounded boxes: sixteen points on four lines, the corners' own between them
    rounded = element.tag == _tag("path") and len(points) == 25 and points[0] == points[-1]
    if not sharp and not rounded:
        return
    for name in ("points", "d"):
        element.attrib.pop(name, None)
    element.tag = _tag("rect")
    sizes = {"x": xs[0], "y": ys[0], "width": xs[-1] - xs[0], "height": ys[-1] - ys[0]}
    if rounded:
        sizes["rx"] = min(xs[-1] - points[0][0], points[0][0] - xs[0]) * 0.7
    for name, value in sizes.items():
        element.set(name, _short(value))


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
