"""Random graphs for !graph holes: drawn with networkx, made acyclic by the order of the nodes.

Xie et al. 2019, "Exploring Randomly Wired Neural Networks for Image Recognition": WS (Watts and
Strogatz), ER (Erdős and Rényi), BA (Barabási and Albert). An edge goes from the node with the
smaller to the one with the larger number. BA begins with m nodes without edges, all of which the
next node takes, so that a stage has m inputs.
"""

from typing import Any

from searchspace.errors import GenotypeError
from searchspace.notation.tree import Map, Scalar

MAX_NODES = 1000

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
    if set(values) != set(wanted) or not 2 <= values["n"] <= MAX_NODES:
        raise GenotypeError(f"{generator} needs {', '.join(wanted)}, with n from 2 to {MAX_NODES}",
                            parameters.place)
    make: dict[str, Any] = {"er": nx.gnp_random_graph, "ba": nx.barabasi_albert_graph,
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
