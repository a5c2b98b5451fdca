"""Batch norm merged into convolutions: at inference it is a factor and a summand a channel.

Behind a convolution or linear layer it is merged into that one's weights; in front of convolutions
without padding, as in SINet's order, into theirs. Where an activation or a border of zeros stands
between the two there is no such convolution, and it stays.
"""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, fx, nn

from searchspace.building.tracing import flat_graph

Layer = nn.Conv2d | nn.Linear
_SIZES = ("kernel_size", "stride", "padding", "dilation", "padding_mode")


def fold(network: nn.Module) -> fx.GraphModule:
    """A network for inference with the outputs of ``network`` in eval mode, without the batch norms
    that convolutions can take over, and without dropout. That one is left as it is.

    ``network`` is what `build` returns, or any module that torch.fx can trace. The result is a flat
    graph of torch.nn's layers, and its weights do not require gradients.
    """
    flat = flattened(network)
    for node in list(flat.graph.nodes):
        match called(flat, node):
            case nn.Dropout() | nn.Dropout2d() | nn.Identity():
                drop(node)
            case nn.BatchNorm2d() as norm:
                _merge(flat, node, norm)
    return finished(flat)


def flattened(network: nn.Module) -> fx.GraphModule:
    """A copy of a network as one graph of torch.nn's layers, each called once, in eval mode."""
    copied = deepcopy(network).eval().requires_grad_(False)
    flat = fx.GraphModule(copied, flat_graph(copied), class_name=type(network).__name__)
    layers: dict[str, fx.Node] = {}
    for node in flat.graph.nodes:
        if node.op == "call_module":
            name = str(node.target)
            while str(node.target) in layers:       # called again: its other calls may change
                node.target = f"{node.target}_"
            if node.target != name:
                flat.add_submodule(str(node.target), deepcopy(flat.get_submodule(name)))
            layers[str(node.target)] = node
    return flat


def finished(flat: fx.GraphModule) -> fx.GraphModule:
    """A graph whose nodes were changed, without what is not used any more."""
    flat.graph.eliminate_dead_code()
    flat.delete_all_unused_submodules()
    flat.recompile()
    for container in list(flat.modules()):      # found at once, without a search of the registry
        vars(container).update(container._modules)
    return flat


def called(flat: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    """The layer that a node calls; None if it calls none."""
    return flat.get_submodule(str(node.target)) if node.op == "call_module" else None


def source(node: fx.Node) -> fx.Node:
    """The first input of a node."""
    first = node.args[0]
    assert isinstance(first, fx.Node)
    return first


def drop(node: fx.Node) -> None:
    """Pass the input of a node on in its place."""
    node.replace_all_uses_with(source(node))
    node.graph.erase_node(node)


def put(flat: fx.GraphModule, node: fx.Node, layer: nn.Module) -> None:
    """Replace the layer that a node calls."""
    parent, _, name = str(node.target).rpartition(".")
    setattr(flat.get_submodule(parent), name, layer)


def _merge(flat: fx.GraphModule, node: fx.Node, norm: nn.BatchNorm2d) -> None:
    """Merge a batch norm into the layer before it or into those behind it, where that is exact."""
    if not norm.track_running_stats:        # it takes the batch's own, whatever the mode
        return
    scale, shift = factors(norm)
    before = source(node)
    layer = called(flat, before)
    if isinstance(layer, Layer) and len(before.users) == 1:
        weight = layer.weight.double()
        bias = scale * _bias(layer) + shift
        put(flat, before, renewed(layer, weight * _rows(scale, weight), bias))
        drop(node)
    elif node.users and all(_absorbs(flat, user) for user in node.users):
        for user in node.users:
            conv = called(flat, user)
            assert isinstance(conv, nn.Conv2d)
            own = conv.in_channels // conv.groups       # an output's inputs: those of its group
            group = torch.arange(conv.out_channels) // (conv.out_channels // conv.groups)
            inputs = group[:, None] * own + torch.arange(own)
            weight = conv.weight.double()
            bias = _bias(conv) + (weight.sum((2, 3)) * shift[inputs]).sum(1)
            put(flat, user, renewed(conv, weight * scale[inputs][:, :, None, None], bias))
        drop(node)


def factors(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """What batch norm with its running statistics does to each channel: the factor and the summand,
    in double precision."""
    assert norm.running_var is not None and norm.running_mean is not None
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    if not norm.affine:
        return scale, -norm.running_mean.double() * scale
    scale = scale * norm.weight.double()
    return scale, norm.bias.double() - norm.running_mean.double() * scale


def _absorbs(flat: fx.GraphModule, user: fx.Node) -> bool:
    """Whether a node is a convolution without padding."""
    conv = called(flat, user)
    return isinstance(conv, nn.Conv2d) and conv.padding in (0, (0, 0), "valid")


def _bias(layer: Layer) -> Tensor:
    """The bias of a layer in double precision, zeros where it has none."""
    return layer.weight.new_zeros(layer.weight.shape[0]).double() if layer.bias is None \
        else layer.bias.double()


def _rows(values: Tensor, like: Tensor) -> Tensor:
    """One value for each row of a tensor, spread over the rest."""
    return values.reshape(-1, *[1] * (like.dim() - 1))


def renewed(layer: Layer, weight: Tensor, bias: Tensor | None, groups: int | None = None) -> Layer:
    """A layer like this with other weights (in any precision). A convolution's may be in other
    ``groups``; its channels follow."""
    old = layer.weight
    made: Layer
    if isinstance(layer, nn.Conv2d):
        groups = groups or layer.groups
        size: dict[str, Any] = {name: getattr(layer, name) for name in _SIZES}
        made = nn.Conv2d(weight.shape[1] * groups, weight.shape[0], **size, groups=groups,
                         bias=bias is not None, device=old.device, dtype=old.dtype)
    else:
        made = nn.Linear(weight.shape[1], weight.shape[0], bias is not None, old.device, old.dtype)
    with torch.no_grad():
        made.weight.copy_(weight)
        if bias is not None and made.bias is not None:
            made.bias.copy_(bias)
    return made.eval().requires_grad_(False)
