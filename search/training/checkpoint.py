"""Checkpoints of a training, written atomically and read without executing code."""

import os
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, ZipFile

import torch
from torch import Tensor

from search.data.errors import DataError
from search.data.pickles import steps
from searchspace.safety.files import replacing
from searchspace.safety.reading import open_file

# Globals allowed in a checkpoint's pickle; torch allows more, such as making a gigabyte of zeros.
_NAMES = frozenset((
    "collections OrderedDict", "collections Counter", "torch._utils _rebuild_tensor_v2",
    *(f"torch {kind}Storage" for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int",
                                          "Bool", "Byte"))))
# State that changes during a training, besides tensors: increasing numbers, and others.
_COUNTS = frozenset(("last_epoch", "_step_count", "T_cur", "T_i", "_growth_tracker"))
_MOVING = frozenset(("curve", "lr", "_last_lr", "scale", "_is_initial",
                     "_get_lr_called_within_step"))


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint; an earlier one is replaced only when this one is on disk.

    Raises:
        OSError: it cannot be written, since the disk is full, say.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, alone=True) as fresh, fresh.open("wb") as file:
        try:
            torch.save(state, file)
        except RuntimeError as error:       # torch's own, after that of the file
            raise error.__context__ if isinstance(error.__context__, OSError) else error from None
        file.flush()
        os.fsync(file.fileno())


def read_checkpoint(path: Path, device: torch.device, most: int) -> dict[str, Any] | None:
    """A checkpoint of at most ``most`` bytes; None if there is none. No code in it is executed, and
    only objects of allowed types are created.

    Raises:
        DataError: the file is no checkpoint, damaged, or larger.
    """
    if not path.is_file():
        return None
    try:
        with open_file(path, most) as file:
            _check_archive(file, most)
            file.seek(0)
            state = torch.load(file, map_location=device, weights_only=True)
    except Exception as error:          # torch fails in many ways on damaged bytes
        reason = error.strerror if isinstance(error, OSError) else None
        line = (reason or str(error) or type(error).__name__).splitlines()[0]
        raise DataError(f"{path} is no checkpoint, or damaged: {line}; delete it to begin "
                        "anew") from None
    if not isinstance(state, dict) or "what" not in state:
        raise DataError(f"{path} is no checkpoint of a training; delete it to begin anew")
    return state


def _check_archive(file: BinaryIO, most: int) -> None:
    """Raise ValueError if a checkpoint's archive would unpack to more than ``most`` bytes, or if
    its pickle names anything but tensors and the mappings that hold them."""
    with ZipFile(file) as archive:
        members = archive.infolist()
        pickled = [m for m in members if m.filename.lower().endswith("/data.pkl")]
        if any(m.compress_type != ZIP_STORED for m in members) or len(pickled) != 1 or \
                sum(m.file_size for m in members) > most:
            raise ValueError("its archive was not written by a training")
        for operation, argument in steps(archive.read(pickled[0])):
            if operation in ("GLOBAL", "STACK_GLOBAL", "INST") and argument not in _NAMES:
                raise ValueError(f"it names {argument or 'what is put together'}")


def check_same(path: Path, found: Any, own: dict[str, Any]) -> None:
    """Check that a checkpoint is of this training, by all that determines the result.

    Raises:
        DataError: it is of another one; the message names the difference.
    """
    held = found if isinstance(found, dict) else {}
    for name in {**own, **held}:
        value, other = own.get(name), held.get(name)
        if type(other) is not type(value) or other != value:
            shown, wanted = ("missing" if not isinstance(v, str | int | float) else v
                             for v in (other, value))
            raise DataError(f"{path} is of another training: its {name} is {shown}, not {wanted}; "
                            "name another --out, or delete it")


def check_like(found: Any, own: Any, *where: Any) -> None:
    """Check that a part of a checkpoint has the structure of this training's own: mappings of the
    same keys, tensors of the same types and shapes, and the same settings; numbers that change
    during a training may be any finite ones.

    Raises:
        ValueError: it is not; the message names the part, ``where`` in the checkpoint.
    """
    if isinstance(own, Tensor):
        alike = type(found) is Tensor and found.layout is own.layout and \
            (found.dtype, found.shape) == (own.dtype, own.shape)
    elif isinstance(own, dict):
        alike = isinstance(found, dict) and found.keys() == own.keys()
    elif isinstance(own, list | tuple):
        alike = isinstance(found, list | tuple) and len(found) == len(own)
    elif not _COUNTS.isdisjoint(where):
        alike = type(found) is int and own <= found < 2**53
    elif not _MOVING.isdisjoint(where) and type(own) in (int, float):
        alike = type(found) in (int, float) and abs(found) < 1e300
    else:
        alike = type(found) is type(own) and (found == own or not _MOVING.isdisjoint(where))
    if not alike:
        raise ValueError(f"its {'.'.join(map(str, where))} is not as this training has it")
    for key, part in own.items() if isinstance(own, dict) else \
            enumerate(own) if isinstance(own, list | tuple) else ():
        check_like(found[key], part, *where, key)
