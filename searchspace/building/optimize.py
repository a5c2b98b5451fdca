"""The same function with less to do at inference: the form of a network that is deployed."""

import torch
from torch import fx, nn

from searchspace.building.branches import merge_branches
from searchspace.building.concatenations import flatten_concatenations
from searchspace.building.fold import finished, fold
from searchspace.building.shuffles import absorb_shuffles


def optimize(network: nn.Module) -> fx.GraphModule:
    """A network for inference with the outputs of ``network`` in eval mode, up to rounding, in less
    time. That one is left as it is.

    Batch norm is merged (`fold`), equal branches on slices of a tensor run as one, nothing is
    concatenated twice, small grouped convolutions take channel shuffles over, and images are kept
    with the channels last, as convolutions read them. ``network`` is what `build` returns, or any
    module that torch.fx can trace: (N, C, H, W) → as ``network``. The result has no gradients, and
    its layers keep their names where they keep their place.
    """
    flat = fold(network)
    merge_branches(flat)
    flatten_concatenations(flat)
    absorb_shuffles(flat)
    image = next(node for node in flat.graph.nodes if node.op == "placeholder")
    with flat.graph.inserting_after(image):
        arranged = flat.graph.call_method("contiguous", (image,),
                                          {"memory_format": torch.channels_last})
    image.replace_all_uses_with(arranged, lambda user: user is not arranged)
    return finished(flat.to(memory_format=torch.channels_last))  # type: ignore[call-overload]
