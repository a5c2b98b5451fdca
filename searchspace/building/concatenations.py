"""Concatenations that copy every channel once."""

import torch
from torch import fx

from searchspace.building.branches import Part, part


def flatten_concatenations(flat: fx.GraphModule) -> None:
    """Copy into a concatenation what would go through another one first, and take neighbouring
    slices of one tensor as one slice; a concatenation of a single tensor is that tensor."""
    for node in list(flat.graph.nodes):
        if not _joins(node):
            continue
        tensors: list[fx.Node] = []
        for tensor in _parts(node):
            tensors += _parts(tensor) if _joins(tensor) and len(tensor.users) == 1 else [tensor]
        tensors = _joined(node, tensors)
        node.args = tensors, 1
        if len(tensors) == 1:
            node.replace_all_uses_with(tensors[0])


def _joins(node: fx.Node) -> bool:
    """Whether a node concatenates channels."""
    return node.target is torch.cat and node.args[1:] == (1,)


def _parts(node: fx.Node) -> list[fx.Node]:
    """What a concatenation puts together."""
    tensors = node.args[0]
    assert isinstance(tensors, list | tuple)
    return [tensor for tensor in tensors if isinstance(tensor, fx.Node)]


def _joined(node: fx.Node, tensors: list[fx.Node]) -> list[fx.Node]:
    """The tensors, of which neighbours may be one slice."""
    joined: list[tuple[fx.Node, Part | None]] = []
    for tensor in tensors:
        last, here = joined[-1][1] if joined else None, part(tensor)
        if last and here and (last.of, last.end) == (here.of, here.start):
            whole = Part(last.of, last.start, here.end)
            with node.graph.inserting_before(node):
                both = node.graph.call_function(
                    torch.narrow, (whole.of, 1, whole.start, whole.end - whole.start))
            joined[-1] = both, whole
        else:
            joined.append((tensor, here))
    return [tensor for tensor, _ in joined]
