"""The latency table of a device: layers that were timed on it, and what was learned from them."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from search.gaussian_process import Process
from search.latency.device import Device
from search.latency.layers import Columns, Layer, as_json, from_json
from searchspace import SearchspaceError
from searchspace.files import write_file

VERSION = 1


class TableError(SearchspaceError):
    """A latency table that cannot be read, written or used."""


@dataclass(frozen=True, slots=True)
class Error:
    """How far predictions were from measurements, over random ``networks`` of ``where`` that
    nothing was learned from: mean absolute percentage error, and Spearman's correlation."""

    where: str
    networks: int
    mape: float
    rank: float

    def __str__(self) -> str:
        return (f"{self.mape:.1f} % mean error, rank correlation {self.rank:.2f} on "
                f"{self.networks} random networks of {self.where}")


@dataclass(frozen=True)
class LatencyTable:
    """``layers`` with their seconds; ``columns`` and ``process`` foretell others from them. A
    network takes ``scale`` times the sum of its layers and ``each`` seconds a layer more: inside a
    network tensors lie elsewhere than alone, and its code is called without a timer's."""

    device: Device
    layers: dict[Layer, float]
    columns: Columns
    process: Process
    scale: float
    each: float
    error: Error | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Keep the table as JSON, all of it or nothing.

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
            raise TableError(f"cannot write the latency table {path}: "
                             f"{error.strerror or error}") from None

    @classmethod
    def read(cls, path: Path) -> "LatencyTable":
        """The table in a file.

        Raises:
            TableError: there is none, or it is damaged.
        """
        try:
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if document["version"] != VERSION:
                raise TableError(f"the latency table {path} has version {document['version']!r}, "
                                 f"and this program knows {VERSION}; measure it again")
            columns = Columns(*(tuple(document["columns"][n]) for n in Columns._fields))
            p = document["process"]
            process = Process(np.array(columns.groups), np.array(p["lengths"], dtype=float),
                              p["linear"], p["smooth"], p["noise"])
            table = cls(Device(**document["device"]),
                        {from_json(row): float(row["seconds"]) for row in document["layers"]},
                        columns, process, document["scale"], document["each"],
                        Error(**document["error"]) if document["error"] else None,
                        document["versions"])
            if not all(math.isfinite(s) and s > 0 for s in (*table.layers.values(), table.scale)):
                raise ValueError("a time that is none")
        except OSError as error:
            raise TableError(f"cannot read the latency table {path}: "
                             f"{error.strerror or error}") from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise TableError(f"{path} is no latency table, or damaged ({type(error).__name__}: "
                             f"{error})") from None
        return table

    def with_error(self, error: Error) -> "LatencyTable":
        """The same table, its error known."""
        return replace(self, error=error)

    @property
    def digest(self) -> str:
        """What predictions follow from, as a short hash: of two tables with one they are equal."""
        rows = [(as_json(layer), s) for layer, s in self.layers.items()]
        text = json.dumps([rows, self.scale, self.each, self.columns,
                           self.process.lengths.tolist(), self.process.linear,
                           self.process.smooth, self.process.noise])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _lines(document: dict[str, Any]) -> str:
    """JSON with a line for each entry, and for each layer."""
    rows = ",\n  ".join(json.dumps(row) for row in document["layers"])
    rest = ",\n ".join(f"{json.dumps(key)}: {json.dumps(value)}"
                       for key, value in document.items() if key != "layers")
    return f'{{{rest},\n "layers": [\n  {rows}]}}\n'
