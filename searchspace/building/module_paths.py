"""Module paths from names of operations, safe in the code that torch.fx generates.

torch.fx inserts these paths into Python source without escaping. So paths consist of words that
have no meaning for Python, torch.nn or torch.fx, and no path equals or contains another module's.
"""

import keyword
import re
from functools import cache, lru_cache

from searchspace.errors import GenotypeError, Place
from searchspace.expansion.graph import Expansion

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_NETWORK = ("nodes", "last", "layers", "input", "apply_node")       # of `builder.Network`


def module_paths(expansion: Expansion) -> list[str]:
    """A dotted path of the module of each node.

    It is the node's name, with ``_`` appended to reserved parts. An operation whose name is a
    prefix of others', like one after branches, gets its kind as a further part.

    Raises:
        GenotypeError: two nodes have the same name, or a name has an invalid character.
    """
    paths = [".".join(_attribute(part, node.place) for part in name.split("."))
             for name, node in zip(expansion.names(), expansion.nodes, strict=True)]
    containers: set[str] = set()
    for path in paths:
        while (path := path.rpartition(".")[0]) and path not in containers:
            containers.add(path)
    taken = containers.union(paths)
    for index, (path, node) in enumerate(zip(paths, expansion.nodes, strict=True)):
        if path in containers:
            path = f"{path}.{_attribute(node.op.kind, node.place)}"
            while path in taken:
                path += "_"
            taken.add(path)
            paths[index] = path
    return paths


def _attribute(part: str, place: Place) -> str:
    """A part of a name as an attribute; different parts give different attributes."""
    if (attribute := _safe(part)) is None:
        raise GenotypeError(f"{part[:100]!a} cannot name a module", place)
    return attribute


@lru_cache(maxsize=1 << 12)
def _safe(part: str) -> str | None:
    if not _PLAIN.fullmatch(part):
        return None
    return f"{part}_" if part.startswith("__") or part.rstrip("_") in _reserved() else part


@cache
def _reserved() -> frozenset[str]:
    """Names that modules cannot have: words of Python, and attributes of the networks."""
    from torch import fx, nn

    return frozenset((*keyword.kwlist, *dir(fx.GraphModule(nn.Module(), fx.Graph())), *_NETWORK))
