"""Order of channel groups: sums that exchange stand in one row, the first group at the left."""

from collections.abc import Iterator
from itertools import pairwise

from viz.drawing.elements import Picture


def beside(picture: Picture, block: str) -> Iterator[tuple[str, str]]:
    """Keys of a block's sums, left and right, that each take from another group, and of which
    neither needs the other; ``block`` is the key of its group."""
    taking = {edge.target for edge in picture.edges if edge.exchange}
    joins = [box for box in picture.boxes
             if box.group == block and box.key in taking and box.family == "join"]
    if len(joins) < 2:
        return
    before = _before(picture)
    for left, right in pairwise(sorted(joins, key=lambda box: box.lane or 0)):
        if left.lane != right.lane and left.key not in before[right.key] \
                and right.key not in before[left.key]:
            yield left.key, right.key


def _before(picture: Picture) -> dict[str, set[str]]:
    """The boxes that each box needs."""
    sources: dict[str, list[str]] = {}
    for edge in picture.edges:
        sources.setdefault(edge.target, []).append(edge.source)
    found: dict[str, set[str]] = {}
    for box in picture.boxes:
        seen, open = set[str](), list(sources.get(box.key, ()))
        while open:
            if (key := open.pop()) not in seen:
                seen.add(key)
                open += sources.get(key, ())
        found[box.key] = seen
    return found
