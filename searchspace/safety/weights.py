"""Weights that were read from a file, for one network: all of them must be there and fit."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from searchspace.errors import SearchspaceError

if TYPE_CHECKING:
    from torch import Tensor, nn


def take_weights(network: "nn.Module", found: "Mapping[str, Tensor]", name: str,
                 classes: int | None = None) -> tuple[str, ...]:
    """Give a network the weights that a file called ``name`` held.

    With ``classes``, those of the layer with an output for each of so many may be for others: they
    stay as the network has them, and their names are returned.

    Raises:
        SearchspaceError: they are of another network; the message names the first that differs.
    """
    own, kept = network.state_dict(), {}
    for key, tensor in own.items():
        if key not in found:
            raise SearchspaceError(f"{name} has no {key}: it holds the weights of another network")
        shape, wanted = tuple(found[key].shape), tuple(tensor.shape)
        if shape != wanted:
            if shape[1:] != wanted[1:] or wanted[:1] != (classes,):
                raise SearchspaceError(f"{name}: {key} is {shape}, and the network's is {wanted}")
            kept[key] = tensor
    for key in found:
        if key not in own:
            raise SearchspaceError(f"{name} has {key}, which the network has not")
    network.load_state_dict({**found, **kept})
    return tuple(kept)
