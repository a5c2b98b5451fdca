"""Fragments: what a step became, with tensors numbered inside; costs and graphs are read off them.

A fragment is a list of parts, each a single operation (`Leaf`) or a fragment again, which any
number of networks share. A network is one fragment. Its costs are sums over parts, and remembered
with each; its graph (`flat`) is made only where nodes are needed.
"""

from typing import NamedTuple

from searchspace.errors import Place
from searchspace.expansion.graph import Call, Node, Tensor
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.ops import Cost, Op
from searchspace.shapes import Shape


Outputs = tuple[Tensor | None, dict[str, Tensor]]     # the main tensor, and all by name
Asked = tuple[str, Hole]                              # the name of a decision, and its hole


class Leaf(NamedTuple):
    """One operation. In fragments that networks share, its name and calls are arbitrary."""

    op: Op
    shape: Shape
    cost: Cost
    place: Place
    name: str
    calls: tuple[Call, ...]


class LivePart(NamedTuple):
    """A part that leads to an output: the number of its first operation, what it takes, and those
    of its own outputs that are needed."""

    piece: "Leaf | Fragment"
    base: int
    sources: tuple[int, ...]
    ends: tuple[int, ...]


class Live(NamedTuple):
    """What some outputs of a fragment need: sums over operations, inputs by number, and parts."""

    macs: int
    params: int
    nodes: int
    inputs: tuple[int, ...]
    parts: tuple[LivePart, ...]


class Fragment:
    """Parts in order of execution. The operations are numbered from 0 through all parts; -1, -2, …
    are the inputs.

    ``is_uneven``: a formula was used that may fall where what it is given rises.
    ``main`` and ``named`` are its outputs. ``asked``: the holes that its steps asked, in order, with
    the decisions. ``effort`` and ``depth``: the steps that made it, and the blocks that these were
    nested in.
    """

    __slots__ = ("asked", "depth", "effort", "ends", "is_uneven", "main", "named", "parts", "size", "whole")

    def __init__(self, parts: tuple["Part", ...], size: int, outputs: Outputs,
                 asked: tuple[tuple[Asked, Atom], ...], effort: int, depth: int,
                 is_uneven: bool) -> None:
        self.parts, self.size, self.asked = parts, size, asked
        self.effort, self.depth, self.is_uneven = effort, depth, is_uneven
        self.main, self.named = outputs
        found = (*self.named.values(), *([] if self.main is None else [self.main]))
        self.ends = tuple(sorted({tensor.node for tensor in found if tensor.node >= 0}))
        self.whole: Live | None = None          # what all of its outputs need

    def live(self, wanted: tuple[int, ...]) -> Live:
        """What the operations ``wanted`` need, they among it."""
        if wanted != self.ends:
            return self._live(wanted)
        if self.whole is None:
            self.whole = self._live(wanted)
        return self.whole

    def _live(self, wanted: tuple[int, ...]) -> Live:
        alive, parts = set(wanted), []
        macs = params = nodes = 0
        base = self.size
        for piece, sources in reversed(self.parts):
            if isinstance(piece, Leaf):
                base -= 1
                if base in alive:
                    macs += piece.cost.macs
                    params += piece.cost.params
                    nodes += 1
                    alive.update(sources)
                    parts.append(LivePart(piece, base, sources, (0,)))
            else:
                base -= piece.size
                ends = tuple([end for end in piece.ends if base + end in alive])
                if ends:
                    more = piece.live(ends)
                    macs += more.macs
                    params += more.params
                    nodes += more.nodes
                    alive.update([sources[i] for i in more.inputs])
                    parts.append(LivePart(piece, base, sources, ends))
        return Live(macs, params, nodes, tuple([-1 - i for i in alive if i < 0]),
                    tuple(reversed(parts)))


Part = tuple[Leaf | Fragment, tuple[int, ...]]     # with what it takes: operations, or inputs


def flat(fragment: Fragment) -> tuple[list[Node], int]:
    """The operations of a network that lead to its output, and the output's number."""
    nodes: list[Node] = []
    output, = _flatten(fragment, fragment.ends, (-1,), nodes) or [-1]
    return nodes, output


def _flatten(fragment: Fragment, ends: tuple[int, ...], inputs: tuple[int, ...],
             nodes: list[Node]) -> list[int]:
    """Add the operations that some of a fragment's outputs need; where these outputs are."""
    place: dict[int, int] = {-1 - i: node for i, node in enumerate(inputs)}
    for piece, base, sources, wanted in fragment.live(ends).parts:
        # what a part does not need may be dead itself
        taken = tuple([place.get(i, -1) for i in sources])
        if isinstance(piece, Leaf):
            op, shape, cost, at, name, calls = piece
            place[base] = len(nodes)
            nodes.append(Node(name, op, taken, shape, cost, calls, at))
        else:
            for end, node in zip(wanted, _flatten(piece, wanted, taken, nodes), strict=True):
                place[base + end] = node
    return [place[end] for end in ends]
