"""Placement of as many names beside points of a plane as fit.

Places are computed for a plane of fixed size; if it is drawn wider, there is more room.
"""

from collections.abc import Sequence
from typing import NamedTuple

WIDE, HIGH = 420.0, 300.0    # pixels of the plane's inside: half of a page that is 1,100 wide
LETTER, LINE = 5.8, 12.0     # of a label in 10 pixels
RING = 9.0                   # half of the ring around the network that was chosen
GAP = RING + 2               # between a point and its label
STROKE = 1.0                 # half of a line's width
POINT = 4.0                  # half of a point's edge
SIDES = ("right", "left", "above", "below")

Place = tuple[float, float]


class Label(NamedTuple):
    """A point's name, and on which side of it there is room."""

    x: float
    y: float
    text: str
    side: str


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        return (self.left < other.right and other.left < self.right
                and self.top < other.bottom and other.top < self.bottom)


def labels(named: Sequence[tuple[float, float, str]], points: Sequence[Place],
           lines: Sequence[tuple[Place, Place]] = ()) -> tuple[Label, ...]:
    """Labels for ``named`` points that hide no other label, none of ``points`` and none of
    ``lines`` (level or upright, by their ends), in the order of ``named``; points without room for
    theirs have none."""
    ends = [*points, *(end for line in lines for end in line)]
    xs, ys = [x for x, _ in ends], [y for _, y in ends]
    left, top = min(xs, default=0.0), max(ys, default=0.0)
    wide, high = (max(xs, default=0.0) - left) or 1, (top - min(ys, default=0.0)) or 1

    def at(x: float, y: float) -> Place:
        return WIDE * (x - left) / wide, HIGH * (top - y) / high

    taken = [_Box(x - POINT, y - POINT, x + POINT, y + POINT) for x, y in {at(*p) for p in points}]
    for one, other in lines:
        (x0, x1), (y0, y1) = map(sorted, zip(at(*one), at(*other), strict=True))
        taken.append(_Box(x0 - STROKE, y0 - STROKE, x1 + STROKE, y1 + STROKE))
    frame = _Box(-GAP, -LINE, WIDE + GAP, HIGH + LINE)
    found = []
    for x, y, text in named:
        for side in SIDES:
            box = _beside(*at(x, y), len(text) * LETTER, side)
            inside = box.left >= frame.left and box.right <= frame.right \
                and box.top >= frame.top and box.bottom <= frame.bottom
            if inside and not any(box.meets(other) for other in taken):
                found.append(Label(x, y, text, side))
                taken.append(box)
                break
    return tuple(found)


def _beside(x: float, y: float, width: float, side: str) -> _Box:
    if side in ("right", "left"):
        left = x + GAP if side == "right" else x - GAP - width
        return _Box(left, y - LINE / 2, left + width, y + LINE / 2)
    top = y + RING if side == "below" else y - RING - LINE
    return _Box(x - width / 2, top, x + width / 2, top + LINE)
