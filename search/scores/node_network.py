"""Network that runs operation by operation and returns intermediate tensors.

The builder's networks are compiled to plain code without the steps of the genotype. Here *blocks*
and *features* are defined by the genotype's graph, not by classes of modules, nor by whether an
operation is a module or a function.
"""

from collections.abc import Iterable
from typing import Any

from torch import Tensor

from searchspace.building.builder import TracedNetwork
from searchspace.expansion import Expansion, Node
from searchspace.ops import Layer


class NodeNetwork(TracedNetwork):
    """The network of an expansion, freshly initialised from torch's global generator.

    Called with ``keep``, numbers of nodes, it returns the output and those nodes' tensors, each of
    shape (N, C, H, W).
    """

    _wanted: frozenset[int]
    _kept: dict[int, Tensor]
    _number: int            # of the node that runs next

    def __init__(self, expansion: Expansion) -> None:
        super().__init__(expansion)
        self.expansion = expansion

    def forward(self, x: Tensor, keep: Iterable[int] = ()) -> Any:
        """The output, or with ``keep`` the output and a dictionary of tensors by node."""
        self._wanted, self._kept = frozenset(keep), {}
        self._number = 0
        try:
            output = super().forward(x)
            return (output, self._kept) if self._wanted else output
        finally:
            self._kept = {}

    def apply_node(self, node: Node, layer: Layer,
                   inputs: list[tuple[Tensor, bool]]) -> tuple[Tensor, bool]:
        y, flat = super().apply_node(node, layer, inputs)
        if self._number in self._wanted:
            self._kept[self._number] = y[:, :, None, None] if flat else y
        self._number += 1
        return y, flat


def block_ends(expansion: Expansion) -> list[int]:
    """Numbers of the nodes that end a primary block, in order of execution.

    A block is the outermost repeated call around a node, else the outermost call, else the node
    alone; nodes with 1×1 pixels (gates, heads) are not ends, unless the image has 1×1 pixels.
    """
    ends: dict[object, int] = {}
    for i, node in enumerate(expansion.nodes):
        if node.shape[1:] == (1, 1) and expansion.input[1:] != (1, 1):
            continue
        repeated = (c.name for c in node.calls if c.repeat is not None)
        outer = node.calls[0].name if node.calls else node.name
        ends[next(repeated, outer)] = i
    return sorted(ends.values())


def features(expansion: Expansion) -> list[int]:
    """Numbers of the nodes whose maps are the head's input: the last larger than 1×1 on each path
    to the output; the output itself if there are none."""
    if not expansion.nodes:
        return []
    found: set[int] = set()
    seen: set[int] = set()
    todo = [expansion.output]
    while todo:
        i = todo.pop()
        if i < 0 or i in seen:
            continue
        seen.add(i)
        if expansion.nodes[i].shape[1:] == (1, 1):
            todo += expansion.nodes[i].inputs
        else:
            found.add(i)
    return sorted(found) or [expansion.output]
