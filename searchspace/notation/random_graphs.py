"""Random graphs for !graph holes: drawn with networkx, made acyclic by the order of the nodes.

Xie et al. 2019, "Exploring Randomly Wired Neural Networks for Image Recognition": WS (Watts and
Strogatz), ER (Erdős and Rényi), BA (Barabási and Albert). An edge goes from the node with the
smaller to the one with the larger number. BA begins with m nodes without edges, all of which the
next node takes, so that a stage has m inputs.
"""

import random
from typing import TYPE_CHECKING, Any

from searchspace.errors import GenotypeError
from searchspace.notation.tree import Map, Scalar
from searchspace.safety.limits import beyond, current

MAX_NODES = 1000

if TYPE_CHECKING:
    import networkx as nx

# The paper draws until the graph is connected.
_TRIES = 100

GENERATORS: dict[str, dict[str, type]] = {
    "ws": {"n": int, "k": int, "p": float},
    "er": {"n": int, "p": float},
    "ba": {"n": int, "m": int},
}


def draw(generator: str, parameters: Map, seed: int) -> list[tuple[int, int]]:
    """Edges (from, to), from < to, of one drawn graph; the same seed gives the same graph.

    Raises:
        GenotypeError: a parameter is missing, misspelt or impossible, or no connected graph
            comes up in 100 draws.
    """
    import networkx as nx  # half of the package's import time, and few genotypes draw

    wanted = GENERATORS[generator]
    values: dict[str, Any] = {}
    for name, tree in parameters.items.items():
        value = tree.value if isinstance(tree, Scalar) else None
        if name not in wanted or isinstance(value, bool) or not isinstance(value, int | float) or (
                wanted[name] is int and not isinstance(value, int)):
            raise GenotypeError(f"{generator} takes {', '.join(wanted)} as plain numbers",
                                tree.place)
        values[name] = value
    if set(values) != set(wanted) or not 2 <= values["n"] <= MAX_NODES or \
            not 0 <= values.get("p", 0) <= 1:
        raise GenotypeError(f"{generator} needs {', '.join(wanted)}, with n from 2 to {MAX_NODES}"
                            + (" and p from 0 to 1" if "p" in wanted else ""), parameters.place)
    n = values["n"]
    expected = int(n * (values["k"] // 2 if "k" in values else values["m"] if "m" in values
                        else values["p"] * (n - 1) / 2))
    if expected > (most := current().edges):
        raise GenotypeError(f"{generator}: {beyond(expected, most, 'edges')}", parameters.place)
    make: dict[str, Any] = {"er": pairs, "ba": nx.barabasi_albert_graph,
                            "ws": nx.watts_strogatz_graph}
    if generator == "ba" and values["m"] < values["n"]:
        m = int(values["m"])
        values["initial_graph"] = nx.star_graph([m, *range(m)])   # node m with all before it
    try:
        for attempt in range(_TRIES):
            graph = make[generator](**values, seed=seed + attempt * 1_000_003)
            if nx.is_connected(graph):
                return sorted((min(e), max(e)) for e in graph.edges)
    except nx.NetworkXError as error:
        raise GenotypeError(f"{generator}: {error}", parameters.place) from None
    raise GenotypeError(f"{generator}: no connected graph in {_TRIES} draws; raise p or k",
                        parameters.place)


def pairs(n: int, p: float, seed: int) -> "nx.Graph[int]":
    """The graph of `networkx.gnp_random_graph`, draw by draw, in a fifteenth of its time: each pair
    of nodes is joined with probability ``p``."""
    import networkx as nx
    import numpy as np

    _, state, _ = random.Random(seed).getstate()
    rng = np.random.RandomState()       # the same generator as Python's
    rng.set_state(("MT19937", np.array(state[:-1], dtype=np.uint32), state[-1], 0, 0.0))
    joined = np.flatnonzero(rng.random_sample(n * (n - 1) // 2) < p)      # pairs by number,
    rows = np.cumsum([0, *range(n - 1, 0, -1)])                           # row by row
    first = np.searchsorted(rows, joined, side="right") - 1
    second = joined - rows[first] + first + 1
    graph: nx.Graph[int] = nx.empty_graph(n)
    graph.add_edges_from(zip(first.tolist(), second.tolist(), strict=True))
    return graph
