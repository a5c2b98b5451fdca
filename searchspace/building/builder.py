"""Builder: expanded graph to torch.fx.GraphModule, so that a call runs plain code.

The modules of the operations form a tree under the names of the genotype's steps
(``stage3.0.expand.conv.weight``); a symbolic trace records their sequence once, with torch.nn
layers as leaves and everything else inlined. The genotype is not interpreted at a call.
"""

import re
from typing import Any

import torch
from torch import Tensor, fx, nn

from searchspace.building.capacity import check_layers, check_memory
from searchspace.building.module_paths import module_paths
from searchspace.expansion import Expansion, Node, trace
from searchspace.genotype import Genotype
from searchspace.notation.holes import Decisions
from searchspace.ops import Layer
from searchspace.ops.base import guarded
from searchspace.ops.conv import Linear


def build(genotype: Genotype, decisions: Decisions | None = None) -> fx.GraphModule:
    """A torch module of a genotype, freshly initialised.

    Input: (N, C, H, W); output: (N, classes) if the network ends in one value per channel, else
    (N, C, H, W). Weights are initialised by torch's defaults from its global generator;
    ``state_dict`` keys are the steps' names.

    Raises:
        GenotypeError: an open hole, steps that do not fit each other, more weights and activations
            than this machine has memory, or more layers than `BUILT`.
    """
    expansion = trace(genotype, decisions)
    if torch.get_default_device().type != "meta":       # where nothing takes any
        check_memory(expansion, genotype.title)
    return assemble(expansion, genotype.title)


def assemble(expansion: Expansion, title: str = "") -> fx.GraphModule:
    """The module of an expanded network; see `build`."""
    network = TracedNetwork(expansion)
    module = fx.GraphModule(network, Tracer().trace(network), class_name=_class_name(title))
    for container in list(module.modules()):
        # `self.stage3.expand.conv` in the generated code would search nn.Module's registries level
        # by level, up to 7 % of a small network's forward; plain attributes are found at once.
        vars(container).update(container._modules)
    return module


class TracedNetwork(nn.Module):
    """Runs the nodes one by one; only traced, never called."""

    def __init__(self, expansion: Expansion) -> None:
        check_layers(expansion)
        super().__init__()
        self.nodes = expansion.nodes
        self.last = expansion.output
        self.layers: list[Layer] = []
        for node, path in zip(expansion.nodes, module_paths(expansion), strict=True):
            shapes = tuple(expansion.input if i < 0 else expansion.nodes[i].shape
                           for i in node.inputs)
            with guarded(type(node.op)):
                layer = node.op.module(*shapes)
            if isinstance(layer, nn.Module):
                hang(self, path, layer)
            self.layers.append(layer)
        self.input = expansion.input

    def forward(self, x: Tensor) -> Tensor:
        values: list[Any] = []
        for node, layer in zip(self.nodes, self.layers, strict=True):
            inputs = [(x, False) if i < 0 else values[i] for i in node.inputs]
            values.append(self.apply_node(node, layer, inputs))
        y, flat = values[self.last] if values else (x, False)
        shape = self.nodes[self.last].shape if values else self.input
        return y if flat or shape[1:] != (1, 1) else torch.flatten(y, 1)

    def apply_node(self, node: Node, layer: Layer,
                   inputs: list[tuple[Tensor, bool]]) -> tuple[Tensor, bool]:
        """Run one node; tensors have a flag for the shape (N, C) instead of (N, C, 1, 1)."""
        if isinstance(node.op, Linear):
            return layer(*(t if flat else torch.flatten(t, 1) for t, flat in inputs)), True
        if node.op.takes_flat and all(flat for _, flat in inputs):
            return layer(*(t for t, _ in inputs)), True
        return layer(*(t[:, :, None, None] if flat else t for t, flat in inputs)), False


class Tracer(fx.Tracer):
    """Tracer for which torch.nn's layers are leaves; containers and our modules are inlined."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return type(m).__module__.startswith("torch.nn") and not isinstance(m, nn.Sequential)


def hang(root: nn.Module, path: str, module: nn.Module) -> None:
    """Register a module under a dotted path, creating containers as needed."""
    *containers, last = path.split(".")
    for part in containers:
        if part not in root._modules:
            root.add_module(part, nn.Module())
        root = root.get_submodule(part)
    root.add_module(last, module)


def _class_name(title: str) -> str:
    return "".join(w.capitalize() for w in re.findall("[A-Za-z0-9]+", title)) or "Network"
