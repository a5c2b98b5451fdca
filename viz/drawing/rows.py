"""Rectangles in rows on a page, in reading order."""

import math
from collections.abc import Sequence

GAP = 16.0                               # between the parts of a page, in points
ASPECT = 1.4                             # preferred ratio of a page's width to its height
SLACK = 1e-6                             # points that rounding may add to a sum
Size = tuple[float, float]               # width and height
Place = tuple[float, float]              # from the left top of the page


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
    return min(pages, key=lambda places: _size(*extent(sizes, places)), default=list(column))


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


def _size(width: float, height: float) -> float:
    """Area, times the square root of how far the page is from the preferred ratio."""
    away = width / max(height, 1e-9) / ASPECT
    return width * height * math.sqrt(max(away, 1 / max(away, 1e-9)))
