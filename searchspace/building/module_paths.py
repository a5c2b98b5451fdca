"""Operations' names as the paths of their modules, safe in the code that torch.fx generates.

torch.fx pastes these paths into Python source as they are. So, whatever the operations are called,
a path is made of plain words here, none of which means anything to Python, torch.nn or torch.fx;
and no module stands in the place of another one, or inside one.
"""

import keyword
import re
from functools import cache

from searchspace.errors import GenotypeError, Place
from searchspace.expansion.graph import Expansion

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_NETWORK = ("nodes", "last", "layers", "input", "apply_node")       # of `builder.Network`


def module_paths(expansion: Expansion) -> list[str]:
    """A dotted path for each node, under which its module hangs in the network.

    It is the node's name; a part that means something already ends in one more ``_``. An operation
    in whose name others begin, like one behind branches, hangs inside under its kind.

    Raises:
        GenotypeError: two nodes have one name, or a name has another character in it.
    """
    paths = [".".join(_attribute(part, node.place) for part in name.split("."))
             for name, node in zip(expansion.names(), expansion.nodes, strict=True)]
    containers = {path[:i] for path in paths for i, c in enumerate(path) if c == "."}
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
    """A part of a name as an attribute; different ones stay different."""
    if not _PLAIN.fullmatch(part):
        raise GenotypeError(f"{part[:100]!a} cannot name a module", place)
    return f"{part}_" if part.startswith("__") or part.rstrip("_") in _reserved() else part


@cache
def _reserved() -> frozenset[str]:
    """What cannot name a module: words of Python, and what the networks themselves have."""
    from torch import fx, nn

    return frozenset((*keyword.kwlist, *dir(fx.GraphModule(nn.Module(), fx.Graph())), *_NETWORK))
