"""Latency table of a device: timed layers, and the predictor fitted to them."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import numpy as np

from search.gaussian_process import Process
from search.latency.device import Device
from search.latency.layers import Columns, Layer, as_json, from_json
from searchspace import SearchspaceError
from searchspace.safety.files import write_file
from searchspace.safety.reading import MAX_JSON, parse_json, read_bytes

VERSION = 1
MAX_LAYERS = 5000       # predicting takes memory by their square
MAX_COLUMNS = 1000
MAX_NUMBER = 1e15       # its inverse's square is less than any deviation by rounding

Described = TypeVar("Described")


class LatencyError(SearchspaceError):
    """A latency table cannot be read, written or used."""


@dataclass(frozen=True, slots=True)
class Error:
    """Error of predictions over ``networks`` random held-out networks of ``where``: mean absolute
    percentage error, and Spearman's correlation."""

    where: str
    networks: int
    mape: float
    rank: float

    def __str__(self) -> str:
        return (f"{self.mape:.1f} % mean error, rank correlation {self.rank:.2f} on "
                f"{self.networks} random networks of {self.where}")


@dataclass(frozen=True)
class LatencyTable:
    """``layers`` with their seconds; ``columns`` and ``process`` predict others from them. A
    network takes ``scale`` times the sum of its layers plus ``each`` seconds per layer: memory
    layout and overhead differ between a layer in a network and one timed alone."""

    device: Device
    layers: dict[Layer, float]
    columns: Columns
    process: Process
    scale: float
    each: float
    error: Error | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write the table as JSON, atomically.

        Raises:
            TableError: the file cannot be written.
        """
        process = {"lengths": self.process.lengths.tolist(), "linear": self.process.linear,
                   "smooth": self.process.smooth, "noise": self.process.noise}
        document = {
            "version": VERSION, "device": asdict(self.device), "scale": self.scale,
            "each": self.each, "error": asdict(self.error) if self.error else None,
            "versions": self.versions, "columns": self.columns._asdict(), "process": process,
            "layers": [{**as_json(layer), "seconds": s} for layer, s in self.layers.items()]}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, _lines(document))
        except OSError as error:
            raise LatencyError(f"cannot write the latency table {path}: "
                             f"{error.strerror or error}") from None

    @classmethod
    def read(cls, path: Path) -> "LatencyTable":
        """The table in a file.

        Raises:
            TableError: there is none, or it is damaged.
        """
        try:
            document: dict[str, Any] = parse_json(read_bytes(path, MAX_JSON))
            version = document["version"]
            table = cls._of(document) if version == VERSION else None
        except OSError as error:
            raise LatencyError(f"cannot read the latency table {path}: "
                             f"{error.strerror or error}") from None
        except (ArithmeticError, AttributeError, LookupError, SearchspaceError, TypeError,
                ValueError) as error:
            raise LatencyError(f"{path} is no latency table, or damaged ({type(error).__name__}: "
                             f"{error})") from None
        if table is None:
            raise LatencyError(f"the latency table {path} has version {version!r}, and this "
                               f"program knows {VERSION}; measure it again")
        return table

    @classmethod
    def _of(cls, document: dict[str, Any]) -> "LatencyTable":
        """The table in a document of `write`; raises one of several errors if it is invalid."""
        columns = Columns(*(tuple(document["columns"][name]) for name in Columns._fields))
        names, means, scales = columns
        if not 0 < len(document["layers"]) <= MAX_LAYERS or \
                not len(names) == len(means) == len(scales) <= MAX_COLUMNS:
            raise ValueError(f"1 to {MAX_LAYERS:,} layers in up to {MAX_COLUMNS:,} columns belong "
                             "there")
        layers = {from_json(row): row["seconds"] for row in document["layers"]}
        given = document["process"]
        process = Process(np.array(columns.groups), np.array(given["lengths"], dtype=float),
                          given["linear"], given["smooth"], given["noise"])
        if process.lengths.shape != (max(columns.groups, default=-1) + 1,):
            raise ValueError("its columns and their lengths differ")
        for positive in (layers.values(), scales, process.lengths.tolist(),
                         (document["scale"], process.noise)):
            _check_numbers(positive, 1 / MAX_NUMBER**2)
        _check_numbers((document["each"], process.linear, process.smooth), 0)
        _check_numbers(means, -MAX_NUMBER)
        if not np.isfinite(columns(list(layers))).all():
            raise ValueError("a layer is of no finite size")
        error = document["error"]
        return cls(_made(Device, document["device"]), layers, columns, process, document["scale"],
                   document["each"], _made(Error, error) if error else None,
                   {str(name): str(v) for name, v in document["versions"].items()})

    def with_error(self, error: Error) -> "LatencyTable":
        """The same table with its error."""
        return replace(self, error=error)

    @property
    def digest(self) -> str:
        """Short hash of all that determines predictions."""
        rows = [(as_json(layer), s) for layer, s in self.layers.items()]
        text = json.dumps([rows, self.scale, self.each, self.columns,
                           self.process.lengths.tolist(), self.process.linear,
                           self.process.smooth, self.process.noise])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _made(kind: type[Described], given: dict[str, Any]) -> Described:
    """A dataclass of strings and numbers; raises one of several errors for other values."""
    types = get_type_hints(kind)
    for name, value in given.items():
        wanted = (int, float) if types[name] is float else (types[name],)
        if type(value) not in wanted:
            raise TypeError(f"{name} is no {types[name].__name__}")
    return kind(**given)


def _check_numbers(values: Iterable[Any], least: float) -> None:
    for value in values:
        if isinstance(value, bool) or not least <= value <= MAX_NUMBER:
            raise ValueError(f"{value} is out of range")


def _lines(document: dict[str, Any]) -> str:
    """JSON with one line per entry, and per layer."""
    rows = ",\n  ".join(json.dumps(row) for row in document["layers"])
    rest = ",\n ".join(f"{json.dumps(key)}: {json.dumps(value)}"
                       for key, value in document.items() if key != "layers")
    return f'{{{rest},\n "layers": [\n  {rows}]}}\n'
