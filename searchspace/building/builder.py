"""Builder: expanded graph to nested torch.fx.GraphModules, so that a call runs plain code.

Each step of the net, each block in it and each repeat is a module with a graph of its own, under
the name of the genotype's step (``stage3.0.expand.conv.weight``); operations are torch.nn layers in
it. So hooks on any of them run, and any of them can be replaced. The genotype is not interpreted at
a call.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, fx, nn

from searchspace.building.capacity import check_layers, check_memory
from searchspace.building.code import Line, Structure, hang
from searchspace.building.features import REDUCTIONS, stage_ends
from searchspace.building.hierarchy import Group, Leaf, fits, hierarchy
from searchspace.building.layers import make_layer
from searchspace.building.module_paths import module_paths
from searchspace.expansion import Expansion, Node, trace
from searchspace.genotype import Genotype
from searchspace.notation.holes import Decisions
from searchspace.ops import Layer
from searchspace.ops.conv import Linear
from searchspace.phases import phase
from searchspace.shapes import Shape


def build(genotype: Genotype, decisions: Decisions | None = None, *,
          features: bool | Sequence[int] = False) -> fx.GraphModule:
    """A torch module of a genotype, freshly initialised.

    Input: (N, C, H, W); output: (N, classes) if the network ends in one value per channel, else
    (N, C, H, W). Weights are initialised by torch's defaults from its global generator;
    ``state_dict`` keys are the steps' names.

    ``features``: the module gives a tuple of the maps at the ends of the stages instead, at
    reductions 4, 8, 16 and 32 or those given, without what only the classifier needs; see
    `features.stage_ends`. It has ``channels`` and ``reductions``, and the network's weights load
    into it with ``strict=False``.

    Raises:
        GenotypeError: an open hole, steps that do not fit each other, more weights and activations
            than this machine has memory, more layers than `BUILT`, or a reduction that the network
            does not have.
    """
    expansion = trace(genotype, decisions)
    if torch.get_default_device().type != "meta":       # where nothing takes any
        check_memory(expansion, genotype.title)
    if features is False:
        return assemble(expansion, genotype.title)
    wanted = REDUCTIONS if features is True else tuple(features)
    ends = stage_ends(expansion, wanted)
    check_layers(expansion)
    made = _Assembly(expansion).module(hierarchy(expansion, ends), genotype.title, ends)
    about = {"channels": tuple(expansion.nodes[end].shape[0] for end in ends), "reductions": wanted}
    for name, value in about.items():
        setattr(made, name, value)
    made.meta["_user_preserved_attributes"] = about     # so that copies have them
    return made


@phase("building")
def assemble(expansion: Expansion, title: str = "") -> fx.GraphModule:
    """The module of an expanded network; see `build`."""
    check_layers(expansion)
    return _Assembly(expansion).module(hierarchy(expansion), title)


class _Assembly:
    """Makes the modules of one network's groups."""

    def __init__(self, expansion: Expansion) -> None:
        self.expansion = expansion
        self.fits, self.is_flat = fits(expansion)     # by number of node

    def module(self, group: Group, title: str, ends: Sequence[int] = ()) -> fx.GraphModule:
        """The module of a group, with those inside it; of the whole network, one that gives the
        tensors ``ends`` instead of its output."""
        inputs = group.inputs if group.path else (-1,)
        values = {number: i for i, number in enumerate(inputs)}     # by number of node
        children: dict[str, nn.Module] = {}
        lines: list[Line] = []
        for child in group.children:
            if isinstance(child, Leaf):
                node = self.expansion.nodes[child.node]
                takes = tuple([(values[i], how) for i, how in
                               zip(node.inputs, self.fits[child.node], strict=True)])
                values[child.node] = len(values)
                shapes = tuple([self.shape(i) for i in node.inputs])
                layer = make_layer(node.op, shapes)
                if isinstance(layer, nn.Module):
                    children[child.label] = layer
                    lines.append(Line(child.label, takes, 1))
                else:
                    lines.append(Line("", takes, 1, (node.op, shapes)))
                continue
            children[child.label] = self.module(child, child.block or child.label)
            lines.append(Line(child.label, tuple([(values[i], "") for i in child.inputs]),
                              len(child.outputs)))
            for number in child.outputs:
                values[number] = len(values)
        wanted = group.outputs if group.path else ends or (self.expansion.output,)
        whole = not group.path and not ends
        return Structure(
            _class_name(title), len(inputs), tuple(lines),
            tuple([(values[number], self.final(number) if whole else "") for number in wanted]),
            bool(ends) or len(wanted) > 1).module(children)

    def shape(self, number: int) -> Shape:
        """The shape (C, H, W) of a node's output, or of the image."""
        return self.expansion.input if number < 0 else self.expansion.nodes[number].shape

    def final(self, number: int) -> str:
        """What is done to the network's output: one value a channel becomes (N, C)."""
        is_flat = number >= 0 and self.is_flat[number]
        return "flatten" if not is_flat and self.shape(number)[1:] == (1, 1) else ""


class TracedNetwork(nn.Module):
    """Runs the nodes one by one, for what looks at each of them."""

    def __init__(self, expansion: Expansion) -> None:
        check_layers(expansion)
        super().__init__()
        self.nodes = expansion.nodes
        self.last = expansion.output
        self.layers: list[Layer] = []
        for node, path in zip(expansion.nodes, module_paths(expansion), strict=True):
            shapes = tuple(expansion.input if i < 0 else expansion.nodes[i].shape
                           for i in node.inputs)
            layer = make_layer(node.op, shapes)
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


@lru_cache(maxsize=1000)
def _class_name(title: str) -> str:
    name = "".join(w.capitalize() for w in re.findall("[A-Za-z0-9]+", title))
    return name if name.isidentifier() else f"Block{name}"
