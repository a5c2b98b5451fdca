"""Graphs of `expand` with plain attributes, for networkx's writers: GraphML, GEXF, JSON."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx as nx


def plain(graph: "nx.DiGraph[str]") -> "nx.DiGraph[str]":
    """A copy of the graph of `expand` whose attributes are numbers and text alone.

    Nodes have ``op`` (its name in YAML), ``params_of_op`` (its parameters, ``k=3 stride=2``),
    ``inputs`` (names, separated by spaces), ``channels``, ``height``, ``width``, ``macs``,
    ``params`` and ``block`` (the innermost around it); the graph has ``input`` and ``output``.

    >>> import json, networkx as nx
    >>> from searchspace import expand, load
    >>> graph = plain(expand(load("mobilenet-v2")))
    >>> graph.nodes["stem"]["channels"], len(json.dumps(nx.node_link_data(graph))) > 10_000
    (32, True)
    """
    import networkx as nx

    made: nx.DiGraph[str] = nx.DiGraph(name=graph.name, input=graph.graph["input"],
                                       output=graph.graph["output"])
    for name, node in graph.nodes(data=True):
        channels, height, width = node["shape"]
        made.add_node(name, op=node["op"].kind if node["op"] else "input",
                      params_of_op=_parameters(node["op"]), inputs=" ".join(node["inputs"]),
                      channels=channels, height=height, width=width, macs=node["macs"],
                      params=node["params"],
                      block=node["calls"][-1].block if node["calls"] else "")
    made.add_edges_from(graph.edges)
    return made


def _parameters(op: Any) -> str:
    return " ".join(f"{f.name}={getattr(op, f.name)}" for f in fields(op)) if op else ""
