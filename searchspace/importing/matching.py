"""When two built networks are one function, and which of their modules correspond.

Compared are the graphs of `torch.fx`: layers with all that they are constructed with, functions
with their constants, and who takes what. Left out is what has no effect on outputs in eval mode:
dropout, and batch norm's momentum; batch norm's epsilon is left to the caller.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple

from torch import fx, nn

from searchspace.building.tracing import flat_graph
from searchspace.errors import SearchspaceError

IDLE = (nn.Dropout, nn.Dropout2d, nn.Identity)
COMMUTATIVE = ("add", "mul")


class NotTheSameError(SearchspaceError):
    """Two networks are different functions; the message says where."""


class Vertex(NamedTuple):
    """One node: what it computes, the vertices that it takes, and the path of its module."""

    sign: str
    inputs: tuple[int, ...]
    path: str


def correspondence(ours: fx.GraphModule, theirs: fx.GraphModule) -> dict[str, str]:
    """For the path of each layer or parameter of the first network, that of the second.

    Raises:
        NotTheSameError: the networks are different functions.
    """
    first, second = _vertices(ours), _vertices(theirs)
    if [v[:2] for v in first] == [v[:2] for v in second]:
        return {a.path: b.path for a, b in zip(first, second, strict=True) if a.path}
    colours, others = _colours(first), _colours(second)
    if Counter(colours) != Counter(others):
        raise NotTheSameError(_difference(first, second))
    twins = defaultdict(list)       # equal branches, each in its order
    for vertex, colour in zip(reversed(second), reversed(others), strict=True):
        twins[colour].append(vertex.path)
    pairs = [(v.path, twins[colour].pop()) for v, colour in zip(first, colours, strict=True)]
    return {a: b for a, b in pairs if a}


def _vertices(network: fx.GraphModule) -> list[Vertex]:
    """The nodes in order, without those that do nothing in eval mode."""
    place: dict[fx.Node, int] = {}
    vertices: list[Vertex] = []
    for node in flat_graph(network).nodes:
        inputs: list[int] = []
        arguments = _constants((node.args, node.kwargs), place, inputs)
        path, sign = "", f"{getattr(node.target, '__name__', node.target)} {arguments}"
        if node.op == "call_module":
            module = network.get_submodule(str(node.target))
            if isinstance(module, IDLE):
                place[node] = inputs[0]
                continue
            path, sign = str(node.target), _layer(module)
        elif node.op == "get_attr":
            path = str(node.target)
            sign = f"parameter {tuple(attrgetter(path)(network).shape)}"
        elif node.op in ("placeholder", "output"):
            sign = node.op
        elif sign.startswith(COMMUTATIVE):
            inputs.sort()
        place[node] = len(vertices)
        vertices.append(Vertex(sign, tuple(inputs), path))
    return vertices


def _constants(argument: Any, place: Mapping[fx.Node, int], inputs: list[int]) -> Any:
    """An argument with blanks for the nodes in it, whose places are added to ``inputs``."""
    if isinstance(argument, fx.Node):
        inputs.append(place[argument])
        return None
    if isinstance(argument, Mapping):
        return {key: _constants(value, place, inputs) for key, value in argument.items()}
    if isinstance(argument, list | tuple):
        return [_constants(value, place, inputs) for value in argument]
    return argument


def _layer(module: nn.Module) -> str:
    if isinstance(module, nn.BatchNorm2d):
        return f"BatchNorm2d({module.num_features})"
    return repr(module).replace(", inplace=True", "").replace("inplace=True", "")


def _colours(vertices: list[Vertex]) -> list[bytes]:
    """A hash for each vertex of all that leads to it and all that it leads to."""
    uses: list[list[bytes]] = [[] for _ in vertices]
    origin: list[bytes] = []
    for vertex in vertices:
        inputs = [origin[i] for i in vertex.inputs]
        if vertex.sign.startswith(COMMUTATIVE):
            inputs.sort()
        origin.append(_hash(vertex.sign.encode(), *inputs))
    colours = list(origin)
    for i in range(len(vertices) - 1, -1, -1):
        vertex = vertices[i]
        colours[i] = _hash(origin[i], *sorted(uses[i]))
        for position, j in enumerate(vertex.inputs):
            place = 0 if vertex.sign.startswith(COMMUTATIVE) else position
            uses[j].append(_hash(colours[i], bytes([place])))
    return colours


def _hash(*parts: bytes) -> bytes:
    return blake2b(b"".join(_sized(part) for part in parts), digest_size=16).digest()


def _sized(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def _difference(first: list[Vertex], second: list[Vertex]) -> str:
    """The first place, in the order of use, where two networks part."""
    for a, b in zip(first, second, strict=False):
        if a.sign != b.sign:
            return f"{a.path or a.sign} is {a.sign} here and {b.sign} there"
        if a.inputs != b.inputs:
            return f"{a.path or a.sign} takes other tensors here than there"
    return f"there are {len(first)} operations here and {len(second)} there"
