"""Attributes of the nodes in the graph of `expand`: plain values that networkx's writers take, and
what is none of them under its name alone."""

from typing import Any

import networkx as nx

from searchspace.expansion.graph import Node
from searchspace.ops import schema
from searchspace.shapes import Shape

INPUT = "input"


class Attributes(dict[str, Any]):
    """The attributes of one node. Iterating over them gives the plain ones; ``shape`` (C, H, W),
    ``inputs`` (names in order), ``calls`` (the blocks around it) and ``place`` are looked up.

    >>> from searchspace import expand, load
    >>> stem = expand(load("mobilenet-v2")).nodes["stem"]
    >>> stem["shape"], stem["op"], stem["inputs"]
    ((32, 112, 112), 'conv', ('input',))
    >>> list(stem)
    ['op', 'settings', 'takes', 'channels', 'height', 'width', 'macs', 'params', 'block']
    """

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.rich: dict[str, Any] = {}

    def __missing__(self, key: str) -> Any:
        return self.rich[key]

    def copy(self) -> "Attributes":
        """Another one with the same attributes."""
        made = Attributes(self)
        made.rich = dict(self.rich)
        return made


class NetworkGraph(nx.DiGraph):  # type: ignore[type-arg]
    """A directed graph whose nodes have `Attributes`."""

    node_attr_dict_factory = Attributes

    def add_image(self, shape: Shape) -> None:
        """Add the node of the image."""
        self._add(INPUT, {"op": INPUT, "settings": ""}, (), shape, (0, 0, ""))
        self._rich(INPUT).update(calls=(), place=None)

    def add_operation(self, node: Node, inputs: tuple[str, ...]) -> None:
        """Add the node of an operation, with an edge from each of its inputs."""
        settings = " ".join(f"{name}={getattr(node.op, name)}" for name in schema(type(node.op)))
        block = node.calls[-1].block if node.calls else ""
        self._add(node.name, {"op": node.op.kind, "settings": settings}, inputs, node.shape,
                  (node.cost.macs, node.cost.params, block))
        self._rich(node.name).update(calls=node.calls, place=node.place)
        self.add_edges_from((source, node.name) for source in inputs)

    def _add(self, name: str, what: dict[str, str], inputs: tuple[str, ...], shape: Shape,
             rest: tuple[int, int, str]) -> None:
        channels, height, width = shape
        macs, params, block = rest
        self.add_node(name, **what, takes=" ".join(inputs), channels=channels, height=height,
                      width=width, macs=macs, params=params, block=block)
        self._rich(name).update(shape=shape, inputs=inputs)

    def _rich(self, name: str) -> dict[str, Any]:
        attributes = self.nodes[name]
        assert isinstance(attributes, Attributes)
        return attributes.rich
