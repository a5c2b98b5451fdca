"""Checkpoints: everything a training needs to go on, written so that it is whole or not there."""

import os
from pathlib import Path
from typing import Any

import torch

from search.errors import DataError
from searchspace.files import replacing


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint in place of an earlier one, which stays until this one is on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as fresh, fresh.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())


def read_checkpoint(path: Path, device: torch.device) -> dict[str, Any] | None:
    """A checkpoint; None where there is none. Nothing that it says is executed.

    Raises:
        DataError: the file is no checkpoint, or damaged.
    """
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:          # torch fails in many ways on damaged bytes
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path} is no checkpoint, or damaged: {line}; delete it to begin "
                        "anew") from None
    if not isinstance(state, dict) or "what" not in state:
        raise DataError(f"{path} is no checkpoint of a training; delete it to begin anew")
    return state
