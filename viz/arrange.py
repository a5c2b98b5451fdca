"""Rectangles on a page: blocks that were laid out one by one find their places."""

from collections.abc import Sequence

Size = tuple[float, float]

# A page is this much wider than high, where there is a choice.
ASPECT = 1.4


def arrange(sizes: Sequence[Size], gap: float) -> list[tuple[float, float]]:
    """The left top corners of rectangles (width, height), in points from the left top of the page.

    Each goes as high up as it finds room, and then as far left, in the given order, on a page
    whose width is chosen among those at which a row can end.

    >>> arrange([(10, 40), (20, 10), (20, 10)], 0)
    [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]
    """
    widest = max((width for width, _ in sizes), default=0.0)
    ends = [sum(width + gap for width, _ in sizes[:n]) for n in range(1, len(sizes) + 1)]
    best: tuple[float, list[tuple[float, float]]] | None = None
    for width in (end for end in ends if end >= widest + gap):
        places = _stack(sizes, width, gap)
        across, down = extent(sizes, places)
        score = max(across / ASPECT, down)
        if best is None or score < best[0]:
            best = score, places
    return best[1] if best else []


def extent(sizes: Sequence[Size], places: Sequence[tuple[float, float]]) -> Size:
    """Width and height of the page that placed rectangles take."""
    return (max((x + w for (w, _), (x, _) in zip(sizes, places, strict=True)), default=0.0),
            max((y + h for (_, h), (_, y) in zip(sizes, places, strict=True)), default=0.0))


def _stack(sizes: Sequence[Size], width: float, gap: float) -> list[tuple[float, float]]:
    """Places under a skyline: (left, depth) of each step, the last one at the page's end."""
    line: list[tuple[float, float]] = [(0.0, 0.0)]
    places = []
    for w, h in sizes:
        spots = [(max(depth for x, depth in _under(line, left, left + w + gap, width)), left)
                 for left, _ in line if left + w <= width + 1e-6]
        top, left = min(spots)
        places.append((left, top))
        right = left + w + gap
        after = [depth for x, depth in line if x <= right][-1]
        line = sorted([(x, d) for x, d in line if x < left or x > right]
                      + [(left, top + h + gap)] + ([(right, after)] if right < width else []))
    return places


def _under(line: Sequence[tuple[float, float]], left: float, right: float,
           width: float) -> list[tuple[float, float]]:
    """The steps of the skyline between two places."""
    ends = [*(x for x, _ in line[1:]), width]
    return [(x, depth) for (x, depth), end in zip(line, ends, strict=True)
            if x < right and end > left]
