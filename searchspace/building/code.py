"""The code of a forward pass: compiled once for all modules of one structure.

A network repeats few structures, and so do the candidates of a space: what differs is the sizes of
the layers, which code does not mention. So a module is like the first one of its structure, with
layers of its own.
"""

import copy
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import fx, nn

from searchspace.building.layers import Pattern, make_layer, pattern
from searchspace.ops import Op
from searchspace.shapes import Shape

FITTING: dict[str, Callable[[Any], Any]] = {
    "": lambda x: x, "flatten": lambda x: torch.flatten(x, 1),
    "unflatten": lambda x: x[:, :, None, None]}

Taken = tuple[tuple[int, str], ...]     # values by number, each with its key in `FITTING`


class Line(NamedTuple):
    """One line of a forward pass: the child under ``label`` called on values, or an ``operation``
    that is a function written out.

    Values are numbered: first the inputs, then what the lines give, in order.
    """

    label: str
    takes: Taken
    gives: int
    operation: tuple[Op, tuple[Shape, ...]] | None = None       # with the shapes of its inputs


class Structure(NamedTuple):
    """What a module's code depends on; ``name`` is that of its class."""

    name: str
    inputs: int
    lines: tuple[Line, ...]
    results: Taken
    gives_tuple: bool

    def module(self, children: Mapping[str, nn.Module]) -> fx.GraphModule:
        """A module of this structure with these children."""
        made = _code(self).module()
        for path in sorted(children, key=lambda path: path.count(".")):     # as fx registers them
            hang(made, path, children[path])
        assert isinstance(made, SharedCode)
        return made


class SharedCode(fx.GraphModule):
    """A GraphModule whose class and graph are those of all modules of its structure, until its
    graph is looked at or its code made anew: from then on it has its own."""

    _is_shared = False

    @property
    def graph(self) -> fx.Graph:
        """The graph of its own."""
        if self._is_shared:
            self.recompile()
        return self._graph

    @graph.setter
    def graph(self, graph: fx.Graph) -> None:
        self._graph = graph
        graph.owning_module = self
        self.recompile()

    def __deepcopy__(self, memo: dict[int, Any]) -> fx.GraphModule:
        """A copy that shares its code as this does: fx would make it anew for every module."""
        if not self._is_shared:
            copied: fx.GraphModule = super().__deepcopy__(memo)
            return copied
        made: fx.GraphModule = object.__new__(type(self))
        memo[id(self)] = made
        own = {name: value for name, value in vars(self).items() if name != "_graph"}
        object.__setattr__(made, "__dict__", copy.deepcopy(own, memo) | {"_graph": self._graph})
        return made

    def recompile(self) -> Any:
        """Make the code of its graph; returns it."""
        if self._is_shared:
            self._is_shared = False
            own = type(type(self).__new__(type(self)))      # each GraphModule has a class
            own.__name__ = type(self).__name__
            self.__class__ = own
            self._graph = copy.deepcopy(self._graph)
            self._graph.owning_module = self
        code = super().recompile()
        # fx's own call tells where in its code an error arose, and takes time
        del type(self).__call__
        return code


def hang(root: nn.Module, path: str, module: nn.Module) -> None:
    """Register a module under a dotted path, creating containers as needed."""
    *containers, last = path.split(".")
    for part in containers:
        if part not in root._modules:
            root.add_module(part, nn.Module())
        root = root.get_submodule(part)
    root._modules[last] = module        # `add_module`, without its checks: paths are checked


@lru_cache(maxsize=1000)
def _code(structure: Structure) -> Pattern:
    """What all modules of a structure share, their children apart."""
    graph = fx.Graph()
    graph.on_generate_code(lambda _: _from_registry)
    tracer = fx.proxy.GraphAppendingTracer(graph)
    values: list[Any] = [
        fx.Proxy(graph.placeholder("x" if structure.inputs == 1 else f"x{i}"), tracer)
        for i in range(1, structure.inputs + 1)]

    def taken(numbers: Taken) -> list[fx.Proxy]:
        return [FITTING[how](values[number]) for number, how in numbers]

    children: dict[str, nn.Module] = {}
    for label, takes, gives, operation in structure.lines:
        if operation is not None:
            values.append(make_layer(*operation)(*taken(takes)))
            continue
        children[label] = nn.Module()
        y: Any = fx.Proxy(graph.call_module(label, tuple(p.node for p in taken(takes))), tracer)
        values += [y] if gives == 1 else [y[i] for i in range(gives)]
    found = tuple(proxy.node for proxy in taken(structure.results))
    graph.output(found if structure.gives_tuple else found[0])
    made = SharedCode(children, graph, class_name=structure.name)
    made._is_shared = True
    return pattern(made)._replace(children=())


_CHILD = re.compile(r"""self\.(\w+)\(|getattr\(self, "([^"]+)"\)\(""")


def _from_registry(code: list[str]) -> list[str]:
    """Code in which children are looked up where modules are registered: `self.conv` searches an
    object, its class and three registries, up to 7 % of a small network's forward."""
    return [_CHILD.sub(lambda m: f'self._modules["{m[1] or m[2]}"](', line) for line in code]
