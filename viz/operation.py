"""One primitive operation as a box, and the edge between two."""

import re
from collections.abc import Sequence

from searchspace.expand import Node

from .picture import Box, Edge, family


def operation(node: Node, lane: int | None) -> Box:
    """The box of a node whose output belongs to the channel group ``lane``."""
    groups = getattr(node.op, "groups", 1) if node.op.kind == "conv" else 1
    return Box(node.name, node.op.label(), family(node.op), node.shape, node.cost.macs,
               node.cost.params, alias=alias(node), groups=groups, lane=lane)


def alias(node: Node) -> str:
    """The name that the genotype gives an operation, empty where it is called after its kind.

    >>> from searchspace import load
    >>> from searchspace.expand import trace
    >>> [alias(node) for node in trace(load("henet")).nodes if node.name.startswith("stage1.0")]
    ['mix', '', 'y', 'sum2', 'both']
    """
    parts = node.name.split(".")
    name = parts[-2] if len(parts) > 1 and parts[-1].isdigit() else parts[-1]
    return "" if re.fullmatch(re.escape(node.op.kind) + r"\d*", name) else name


def edge(nodes: Sequence[Node], lanes: Sequence[int | None], source: int, target: int,
         last: int | None = None) -> Edge:
    """The edge between two nodes, by their positions; ``last`` is the operation that gives the
    tensor where the source stands for several."""
    lane, into = lanes[source if last is None else last], lanes[target]
    exchange = None not in (lane, into) and lane != into and nodes[target].op.kind != "slice"
    return Edge(nodes[source].name, nodes[target].name, lane, exchange)
