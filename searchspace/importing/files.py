"""Files of weights, read without running anything that they say."""

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from searchspace.errors import SearchspaceError

if TYPE_CHECKING:
    from torch import Tensor

WRAPPERS = ("state_dict", "model", "model_state_dict", "state_dict_ema", "model_ema")
MARKS = ("module.", "_orig_mod.")      # of data parallelism, and of torch.compile


def read_weights(path: str | Path) -> "dict[str, Tensor]":
    """The state dict in a file, on the CPU: safetensors, or what `torch.save` wrote.

    A checkpoint that holds it under ``state_dict`` or ``model`` is opened; the prefixes that
    wrappers leave on all names are taken off. Only tensors are unpickled (``weights_only=True``).

    Raises:
        SearchspaceError: the file holds no tensors by name, or would run code.
        OSError: it cannot be read.
    """
    file = Path(path)
    with file.open("rb"):
        pass                            # a missing file is named by the usual error
    held = _safetensors(file) if file.suffix == ".safetensors" else _pickled(file)
    return state_dict(held, str(path))


def state_dict(held: object, name: str = "the weights") -> "dict[str, Tensor]":
    """The tensors by name in what a file of weights held; see `read_weights`."""
    import torch

    for wrapper in WRAPPERS:
        if isinstance(held, Mapping) and isinstance(held.get(wrapper), Mapping):
            held = held[wrapper]
            break
    found = {key: value for key, value in held.items()
             if isinstance(key, str) and isinstance(value, torch.Tensor)} \
        if isinstance(held, Mapping) else {}
    if not found:
        raise SearchspaceError(f"{name}: no tensors by name are in it; a state dict is expected")
    for mark in MARKS:
        if all(key.startswith(mark) for key in found):
            found = {key.removeprefix(mark): value for key, value in found.items()}
    return found


def _safetensors(file: Path) -> object:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except SafetensorError as error:
        raise SearchspaceError(f"{file}: {error}") from None


def _pickled(file: Path) -> object:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")         # about old pickles, which are refused or read
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise SearchspaceError(f"{file}: it is no state dict of tensors alone; what else it holds "
                               "would run code when read, so it is refused") from None
    except (RuntimeError, ValueError, EOFError, KeyError) as error:
        said = (str(error) or "it ends too early").splitlines()[0]
        raise SearchspaceError(f"{file}: {said}") from None
