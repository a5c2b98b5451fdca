"""Pictures too large to be read: scaled as far as that helps, refused in one sentence beyond."""

import io
import re

import pytest
from PIL import Image

from searchspace import SearchspaceError, load
from viz.drawing import layout
from viz.drawing.render import draw


def edges() -> tuple[float, float]:
    """Width and height of the drawing in points."""
    width, height = re.search(rb'width="([\d.]+)pt" height="([\d.]+)pt"', draw(load("henet")),
                              ).groups()
    return float(width), float(height)


def test_a_large_png_has_fewer_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    width, height = edges()
    most = int(max(width, height) * 1.5)        # 108 of 144 dots per inch
    monkeypatch.setattr(layout, "MOST_EDGE", most)
    found = Image.open(io.BytesIO(draw(load("henet"), "png")))
    assert 0.9 * most < max(found.size) <= 1.02 * most


def test_a_png_of_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    width, height = edges()
    monkeypatch.setattr(layout, "MOST_PIXELS", int(width * height * 0.8))
    with pytest.raises(SearchspaceError, match="could not be read as a png: draw it as svg"):
        draw(load("henet"), "png")
    assert draw(load("henet"), "svg")


def test_a_large_page_is_scaled_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MOST_POINTS", 144)
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+)", draw(load("henet"), "pdf"))
    assert box and max(map(float, box.groups())) <= 144
