"""Equality of networks: a hash finds candidates, isomorphism confirms them.

Both use the canonical graph (`canonical`), so that names, defaults, dead ends, the order of
commutative inputs and the grouping into composite operations are ignored.
"""

from hashlib import blake2b

from searchspace.expansion import Expansion, trace
from searchspace.genotype import Genotype
from searchspace.identity.canonical import Vertex, canonical
from searchspace.notation.holes import Decisions
from searchspace.phases import phase

BYTES = 16


@phase("identity")
def identity(genotype: Genotype, decisions: Decisions | None = None) -> str:
    """The hash of a network, or of a space under ``decisions``: 32 hexadecimal digits.

    Equal for every spelling of the same network, in every process and on every machine; `same`
    confirms it, since a hash may collide. It depends on the input size, not on the name.

    >>> from searchspace import load
    >>> identity(load("mobilenet-v2")) == identity(load("mobilenet-v2", w=1.4))
    False

    Raises:
        GenotypeError: an open hole, or steps that do not fit each other.
    """
    return digest(trace(genotype, decisions, named=False))


def digest(expansion: Expansion) -> str:
    """The hash of an expanded network; see `identity`."""
    return _hash(b"".join(sorted(_colours(canonical(expansion))))).hex()


def same(a: Expansion, b: Expansion) -> bool:
    """Whether two expanded networks are the same: their canonical graphs are isomorphic."""
    first, second = (canonical(expansion) for expansion in (a, b))
    colours, others = _colours(first), _colours(second)
    if sorted(colours) != sorted(others):
        return False
    if len(set(colours)) == len(colours):    # each colour identifies a vertex: the only mapping
        return _by_colour(first, colours) == _by_colour(second, others)
    return _isomorphic(first, colours, second, others)


def _colours(vertices: list[Vertex]) -> list[bytes]:
    """A hash for each vertex of all its ancestors and descendants (colour refinement).

    One forward and one backward pass distinguish vertices of different origin or use; twins, like
    two equal convolutions of one tensor, need further rounds, until no class splits.
    """
    uses: list[list[tuple[int, bytes]]] = [[] for _ in vertices]
    takes = [[(u, label.encode() + b";") for u, label in vertex.inputs] for vertex in vertices]
    for index, inputs in enumerate(takes):
        for u, label in inputs:
            uses[u].append((index, label))
    colours, classes = [_hash(vertex.sign.encode()) for vertex in vertices], 0
    while True:
        origin: list[bytes] = []
        for colour, inputs in zip(colours, takes, strict=True):
            origin.append(_hash(colour + b"".join(sorted([origin[u] + lb for u, lb in inputs]))))
        colours = list(origin)
        for index in range(len(vertices) - 1, -1, -1):
            after = sorted([colours[v] + label for v, label in uses[index]])
            colours[index] = _hash(origin[index] + b"".join(after))
        found = len(set(colours))
        if found in (len(vertices), classes):
            return colours
        classes = found


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=BYTES, person=b"searchspace 1").digest()


def _by_colour(vertices: list[Vertex],
               colours: list[bytes]) -> dict[bytes, tuple[str, list[tuple[bytes, str]]]]:
    return {colour: (sign, sorted((colours[u], label) for u, label in inputs))
            for colour, (sign, inputs) in zip(colours, vertices, strict=True)}


def _isomorphic(first: list[Vertex], colours: list[bytes], second: list[Vertex],
                others: list[bytes]) -> bool:
    """Isomorphism search among twins, restricted to pairs of equal colours."""
    import networkx as nx

    graphs: list[nx.DiGraph[int]] = []
    for vertices, hashes in ((first, colours), (second, others)):
        graph: nx.DiGraph[int] = nx.DiGraph()
        for v, (vertex, colour) in enumerate(zip(vertices, hashes, strict=True)):
            graph.add_node(v, kind=(vertex.sign, colour))
            for u, _ in vertex.inputs:
                labels = sorted(label for w, label in vertex.inputs if w == u)
                graph.add_edge(u, v, labels=labels)
        graphs.append(graph)
    return bool(nx.is_isomorphic(
        graphs[0], graphs[1], node_match=lambda u, v: bool(u["kind"] == v["kind"]),
        edge_match=lambda u, v: bool(u["labels"] == v["labels"])))
