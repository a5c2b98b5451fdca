"""Expansion: from programs to graphs of operations with shapes and costs, without torch."""

from searchspace.expansion.expand import Network, expand, run, trace
from searchspace.expansion.graph import Call, Expansion, Node

__all__ = ["Call", "Expansion", "Network", "Node", "expand", "run", "trace"]
