"""Weights that a training begins with: those of another training, or public ones."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from search.errors import RecipeError

if TYPE_CHECKING:
    from torch import nn

MOST = 2**36        # bytes of a file


def digest_of(path: Path) -> str:
    """A name for what a file holds, so that a training is continued with the same.

    Raises:
        OSError: the file cannot be read.
    """
    from searchspace.safety.reading import open_file

    with open_file(path, MOST) as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]


def begin_with(network: "nn.Module", path: Path, classes: int) -> tuple[str, ...]:
    """Give a network the weights of a file, as `search/train.py` and ``searchspace import`` write
    it; returns the names of those that it has not, which stay as they were drawn: of the layer with
    an output for each of ``classes``, where the file's is for others.

    Raises:
        RecipeError: they are of another network.
        SearchspaceError: no tensors by name are in the file.
        OSError: it cannot be read.
    """
    from searchspace.importing.files import read_weights

    found, own = read_weights(path), network.state_dict()
    fresh = []
    for name, tensor in own.items():
        if name not in found:
            raise RecipeError(f"{path} has no {name}: it holds the weights of another network")
        shape, wanted = tuple(found[name].shape), tuple(tensor.shape)
        if shape != wanted:
            if shape[1:] != wanted[1:] or wanted[:1] != (classes,):
                raise RecipeError(f"{path}: {name} is {shape}, and the network's is {wanted}")
            fresh.append(name)
    if others := [name for name in found if name not in own]:
        raise RecipeError(f"{path} has {others[0]}, which the network has not")
    network.load_state_dict({**found, **{name: own[name] for name in fresh}})
    return tuple(fresh)
