"""Channel groups in a graph: to which part of a split a tensor belongs.

Papers draw the groups of a split in colours, and highlight edges from one group into another
(SINet's exchange shortcut, Eq. 1). Both are derived from the graph: a slice of n equal ones begins
the group of its number, operations on one group stay in it, and joins end it unless two of them
exchange: the same groups, in opposite order.
"""

from collections.abc import Sequence

from searchspace.expansion import Node

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
    found: list[int | None] = []
    for i, node in enumerate(nodes):
        start, length = getattr(node.op, "start", None), getattr(node.op, "length", None)
        met = _met(node, found)
        if node.op.kind == "slice" and isinstance(start, int) and isinstance(length, int):
            source = node.inputs[0]
            whole = nodes[source].shape[0] if source >= 0 else 0
            even = whole % length == 0 and start % length == 0 and 1 < whole // length <= MOST
            found.append(start // length if even else None)
        else:
            swaps = node.op.kind in _JOINS and (exchanging is None or i in exchanging)
            found.append(met[0] if len(met) == 1 or (met and swaps) else None)
    return found


def _met(node: Node, found: Sequence[int | None]) -> list[int]:
    """The groups of a node's inputs, each once, in order."""
    inputs = (found[j] for j in node.inputs if j >= 0)
    return list(dict.fromkeys(lane for lane in inputs if lane is not None))
