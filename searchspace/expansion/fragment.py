"""Fragments: what a step became, with tensors numbered inside; costs and graphs are read off them.

A fragment is a list of parts, each a single operation (`Leaf`) or a fragment again, which any
number of networks share. A network is one fragment. Its costs are sums over parts, made once; its
list of nodes (`flat`) is made only where nodes are needed.
"""

from collections.abc import Sequence
from typing import NamedTuple

from searchspace.errors import Place
from searchspace.expansion.graph import Call, Node, Tensor
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.ops import Cost, Op
from searchspace.shapes import Shape

Outputs = tuple[Tensor | None, dict[str, Tensor]]     # the main tensor, and all by name


class Leaf(NamedTuple):
    """One operation. In fragments that networks share, its name and calls are empty."""

    op: Op
    shape: Shape
    cost: Cost
    place: Place
    name: str
    calls: tuple[Call, ...]


class Part(NamedTuple):
    """A piece of a fragment: the number of its first operation, what it takes, and which of its own
    operations are needed outside of it."""

    piece: "Leaf | Fragment"
    base: int
    sources: tuple[int, ...]
    ends: tuple[int, ...]


class Live(NamedTuple):
    """What some operations of a fragment need, they among it: sums over operations, the inputs by
    number, and the parts."""

    macs: int
    params: int
    nodes: int
    inputs: tuple[int, ...]
    parts: tuple[Part, ...]


class Asked(NamedTuple):
    """The holes that some steps asked, in order, with the decisions: three tuples of one length."""

    names: tuple[str, ...] = ()
    holes: tuple[Hole, ...] = ()
    labels: tuple[Atom, ...] = ()


NOTHING = Asked()


class Fragment:
    """Parts in order of execution, without those that lead nowhere. The operations are numbered
    from 0 through all parts; -1, -2, … are the inputs.

    ``main`` and ``named`` are its outputs, ``ends`` those that are its own operations, and it has
    all fields of what these need (`Live`) and of what its steps asked (`Asked`). ``effort`` and
    ``depth``: the steps that made it, and the blocks that these were nested in. ``is_uneven``: a
    formula was used that may fall where what it is given rises.

    Thousands are remembered, and Python's garbage collector looks at each object in them: so there
    are few, and no tuples of tuples where tuples of numbers or texts will do.
    """

    __slots__ = ("depth", "effort", "ends", "holes", "inputs", "is_uneven", "labels", "macs",
                 "main", "named", "names", "nodes", "params", "parts", "size")

    def __init__(self, parts: list[Part], size: int, outputs: Outputs, asked: Asked = NOTHING,
                 effort: int = 0, depth: int = 0, is_uneven: bool = False) -> None:
        self.size, self.effort, self.depth, self.is_uneven = size, effort, depth, is_uneven
        self.names, self.holes, self.labels = asked
        self.main, self.named = outputs
        found = {tensor.node for tensor in self.named.values()}
        if self.main is not None:
            found.add(self.main.node)
        self.ends = tuple(sorted([node for node in found if node >= 0]))
        self.macs, self.params, self.nodes, self.inputs, self.parts = _live(parts, self.ends)

    def needed(self, ends: tuple[int, ...]) -> "Fragment | Live":
        """What some of its outputs need."""
        return self if ends == self.ends else _live(self.parts, ends)


def _live(parts: Sequence[Part], ends: tuple[int, ...]) -> Live:
    alive, kept = set(ends), []
    macs = params = nodes = 0
    for part in reversed(parts):
        piece, base, sources, _ = part
        if isinstance(piece, Leaf):
            if base in alive:
                macs += piece.cost.macs
                params += piece.cost.params
                nodes += 1
                alive.update(sources)
                kept.append(part)
            continue
        wanted = tuple([end for end in piece.ends if base + end in alive])
        if wanted:
            more = piece.needed(wanted)
            macs += more.macs
            params += more.params
            nodes += more.nodes
            alive.update([sources[i] for i in more.inputs])
            kept.append(part if wanted == part.ends else part._replace(ends=wanted))
    return Live(macs, params, nodes, tuple([-1 - i for i in alive if i < 0]),
                tuple(reversed(kept)))


def flat(fragment: Fragment) -> tuple[list[Node], int]:
    """The operations of a network that lead to its output, and the output's number."""
    nodes: list[Node] = []
    output, = _flatten(fragment, fragment.ends, (-1,), nodes) or [-1]
    return nodes, output


def _flatten(fragment: Fragment, ends: tuple[int, ...], inputs: tuple[int, ...],
             nodes: list[Node]) -> list[int]:
    """Add the operations that some of a fragment's outputs need; where these outputs are."""
    place: dict[int, int] = {-1 - i: node for i, node in enumerate(inputs)}
    for piece, base, sources, wanted in fragment.needed(ends).parts:
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
