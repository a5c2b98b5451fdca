"""SVG as small as it can be without a loss, and fit to stand in an HTML page beside others."""

import re
from xml.etree import ElementTree as ET

SVG = "http://www.w3.org/2000/svg"
LINK = "{http://www.w3.org/1999/xlink}title"
_NUMBER = re.compile(r"-?\d+\.\d+")
_PLACES = {"points", "d", "x", "y", "cx", "cy", "rx", "ry", "transform", "viewBox"}
_FONT = "Helvetica, Arial, sans-serif"


def compact(drawn: bytes, title: str) -> bytes:
    """Graphviz's SVG without comments, identifiers and repeated fonts, to a tenth of a point.

    Tooltips become titles of their groups; the drawing has a title and the role of an image.
    """
    ET.register_namespace("", SVG)
    root = ET.fromstring(drawn)
    root.set("role", "img")
    root.set("font-family", _FONT)
    root.set("aria-label", title)
    _clean(root)
    heading = ET.Element(f"{{{SVG}}}title")
    heading.text = title
    root.insert(0, heading)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root)


def _clean(element: ET.Element) -> None:
    for child in list(element):
        if child.tag == f"{{{SVG}}}title":
            element.remove(child)
    for i, child in enumerate(list(element)):
        _clean(child)
        link = next((c for c in child if c.tag == f"{{{SVG}}}a"), None)
        if link is not None and len(child) == 1:                # g > a: its content, with a title
            child.remove(link)
            said = link.get(LINK, "").strip()
            if said:
                ET.SubElement(child, f"{{{SVG}}}title").text = said
            child.extend(list(link))
        element[i] = child
    for wrapper in [c for c in element if c.tag == f"{{{SVG}}}g" and not c.get("class")
                    and c.get("id", "").startswith("a_")]:
        at = list(element).index(wrapper)
        element.remove(wrapper)
        for offset, child in enumerate(list(wrapper)):
            element.insert(at + offset, child)
    for name in ("id", "font-family", "text-anchor"):
        if name != "text-anchor" or element.get(name) == "start":
            if not (name == "font-family" and element.get("role") == "img"):
                element.attrib.pop(name, None)
    if element.get("font-size", "").endswith(".00"):
        element.set("font-size", element.get("font-size", "")[:-3])
    if element.get("fill") == "none" and element.tag == f"{{{SVG}}}g":
        element.attrib.pop("fill")
    for name in _PLACES & set(element.attrib):
        element.set(name, _NUMBER.sub(lambda m: f"{float(m[0]):.1f}".removesuffix(".0"),
                                      element.get(name, "")))
    if element.text is not None and not element.text.strip() and len(element):
        element.text = None
    if element.tail is not None and not element.tail.strip():
        element.tail = None
