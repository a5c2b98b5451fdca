"""The file of shared weights: a checkpoint while they are trained, afterwards what networks are
scored with. It is a safetensors file; all that is no tensor is JSON among its metadata.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from search.data.errors import DataError
from search.supernet.weights import SharedWeights
from search.training.checkpoint import check_same
from search.training.epochs import EpochLog
from searchspace.safety.files import replacing
from searchspace.safety.reading import open_file, parse_json
from searchspace.safety.values import FLAG, OBJECT, REAL, TEXT, WHOLE, Kind, list_of, names_to

MOST = 2**32                    # bytes of a file
KEY = "supernet"                # of the metadata
FIELDS = len(fields(EpochLog))
ROW: Kind[list[Any]] = Kind("the numbers of an epoch", lambda value: isinstance(value, list)
                            and len(value) == FIELDS
                            and all(v is None or REAL.accepts(v) for v in value))


@dataclass(frozen=True)
class SupernetState:
    """Everything that changes during a training. ``what``: all that determines it; ``apart``: see
    `SharedWeights`; ``optimiser``: by number of the weight and name; ``dealt``: see `FairPaths`;
    ``curve``: the fields of an `EpochLog` a row."""

    what: Mapping[str, Any]
    apart: bool
    names: tuple[str, ...]
    weights: tuple[Tensor, ...]
    averages: tuple[Tensor, ...]
    optimiser: Mapping[int, Mapping[str, Tensor]]
    dealt: Mapping[str, int]
    scaler: Mapping[str, float]
    curve: tuple[tuple[Any, ...], ...]

    def shared(self) -> SharedWeights:
        """The weights by their names."""
        made = SharedWeights(self.apart)
        for name, weight, average in zip(self.names, self.weights, self.averages, strict=True):
            made.add(name, weight, average)
        return made

    def write(self, path: Path) -> None:
        """Write the file; an earlier one is replaced only when this one is complete. Raises OSError
        if that fails."""
        tensors = {f"{i}.weight": t for i, t in enumerate(self.weights)}
        tensors |= {f"{i}.average": t for i, t in enumerate(self.averages)}
        tensors |= {f"{i}.{key}": t for i, state in self.optimiser.items()
                    for key, t in state.items()}
        about = {"what": self.what, "apart": self.apart, "names": self.names, "dealt": self.dealt,
                 "scaler": self.scaler, "curve": self.curve}
        with replacing(path, alone=True) as fresh:
            save_file({key: t.contiguous() for key, t in tensors.items()}, fresh,
                      {KEY: json.dumps(about)})

    @classmethod
    def read(cls, path: Path, device: torch.device, what: Mapping[str, Any]) -> Self | None:
        """What a file holds; None if there is none.

        Raises:
            DataError: it is damaged, or of another training than ``what``.
        """
        if not path.is_file():
            return None
        try:
            open_file(path, MOST).close()
            with safe_open(path, "pt", str(device)) as file:
                about = OBJECT.check(parse_json((file.metadata() or {}).get(KEY, "").encode()),
                                     "its description")
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            made = cls._of(about, tensors)
        except (SafetensorError, OSError, ValueError, LookupError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            raise DataError(f"{path} is damaged: {reason or error}; delete it to train the shared "
                            "weights anew") from None
        check_same(path, made.what, dict(what))
        return made

    @classmethod
    def _of(cls, about: Mapping[str, Any], tensors: dict[str, Tensor]) -> Self:
        """The state in a file's parts; raises ValueError if they do not belong together."""
        names = list_of(TEXT).of(about, "names")
        optimiser: dict[int, dict[str, Tensor]] = {}
        weights, averages = [], []
        for i in range(len(names)):
            weights.append(tensors.pop(f"{i}.weight"))
            averages.append(tensors.pop(f"{i}.average"))
        for key, tensor in tensors.items():
            number, _, name = key.partition(".")
            shape = weights[int(number)].shape
            if name not in ("step", "exp_avg", "exp_avg_sq", "momentum_buffer") or \
                    tensor.shape not in (torch.Size(), shape):
                raise ValueError(f"{key} is no part of it")
            optimiser.setdefault(int(number), {})[name] = tensor
        if len(set(names)) < len(names) or any(
                a.shape != w.shape or a.dtype != w.dtype or not w.is_floating_point()
                for a, w in zip(averages, weights, strict=True)):
            raise ValueError("its weights and their averages differ in shape")
        return cls(OBJECT.of(about, "what"), FLAG.of(about, "apart"), tuple(names),
                   tuple(weights), tuple(averages), optimiser,
                   names_to(WHOLE).of(about, "dealt"), names_to(REAL).of(about, "scaler"),
                   tuple(map(tuple, list_of(ROW).of(about, "curve"))))
