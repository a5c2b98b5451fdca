"""Weights that a training begins with: those of another training, or public ones."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

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
        SearchspaceError: no tensors by name are in the file, or they are of another network.
        OSError: it cannot be read.
    """
    from searchspace.importing.files import read_weights
    from searchspace.safety.weights import take_weights

    return take_weights(network, read_weights(path), str(path), classes)
