"""Channel groups in a graph: to which part of a split a tensor belongs.

Papers draw the groups of a split in colours, and highlight edges from one group into another
(SINet's exchange shortcut, Eq. 1). Both are derived from the graph: slices of one tensor that do
not overlap begin the groups of their numbers, operations on one group stay in it, and joins end it:
sums of several groups unless two of them exchange (the same groups, in opposite order), and
concatenations with anything else. In a drawing the sums that exchange stand in one row, the first
group at the left.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from searchspace.expansion import Node
from viz.drawing.elements import Picture

# Groups are not coloured if there are more than colours.
MOST = 6
_JOINS = ("add", "mul", "mean", "wsum")


def lanes(nodes: Sequence[Node]) -> tuple[int | None, ...]:
    """The channel group of each node's output, from 0; None if it has none."""
    kept = _pass(nodes, None)
    first: dict[tuple[object, ...], set[int | None]] = {}
    mixed: dict[int, tuple[object, ...]] = {}
    for i, node in enumerate(nodes):
        met = _met(node, kept)
        if len(met) > 1 and node.op.kind in _JOINS:
            mixed[i] = (node.calls, node.op.kind, frozenset(met))
            first.setdefault(mixed[i], set()).add(kept[i])
    exchanging = {i for i, key in mixed.items() if len(first[key]) > 1}
    return tuple(_pass(nodes, exchanging))


def _pass(nodes: Sequence[Node], exchanging: set[int] | None) -> list[int | None]:
    """Groups in order of execution; joins of several groups outside ``exchanging`` end them."""
    parts = _parts(nodes)
    found: list[int | None] = []
    for i, node in enumerate(nodes):
        met = _met(node, found)
        if node.op.kind == "slice":
            found.append(parts.get(i))
        elif node.op.kind == "concat":
            whole = len(met) == 1 and all(j >= 0 and found[j] is not None for j in node.inputs)
            found.append(met[0] if whole else None)
        else:
            swaps = node.op.kind in _JOINS and (exchanging is None or i in exchanging)
            found.append(met[0] if len(met) == 1 or (met and swaps) else None)
    return found


def _parts(nodes: Sequence[Node]) -> dict[int, int]:
    """The number of each slice among those of the same tensor, where these do not overlap."""
    slices: dict[int, dict[int, tuple[int, int]]] = {}
    for i, node in enumerate(nodes):
        start, length = getattr(node.op, "start", None), getattr(node.op, "length", None)
        if node.op.kind == "slice" and isinstance(start, int) and isinstance(length, int):
            slices.setdefault(node.inputs[0], {})[i] = start, start + length
    numbers: dict[int, int] = {}
    for ranges in slices.values():
        parts = sorted(set(ranges.values()))
        if 1 < len(parts) <= MOST and all(a[1] <= b[0] for a, b in pairwise(parts)):
            numbers |= {i: parts.index(part) for i, part in ranges.items()}
    return numbers


def _met(node: Node, found: Sequence[int | None]) -> list[int]:
    """The groups of a node's inputs, each once, in order."""
    inputs = (found[j] for j in node.inputs if j >= 0)
    return list(dict.fromkeys(lane for lane in inputs if lane is not None))


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
