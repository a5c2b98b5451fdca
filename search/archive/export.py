"""Export of the archive as a flat file: one row per evaluation, with its network's columns."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from search import spreadsheet
from search.archive import schema
from search.archive.archive import Archive
from search.archive.rows import rows_of
from search.errors import StorageError
from searchspace.scripts import install

CHUNK = 5000
_OF_NETWORK = ("name", "space", "macs", "params", "memory", "input_size", "genotype")
_OF_EVALUATION = ("identity", "score", "data", "recipe", "fidelity", "seed", "value", "curve",
                  "seconds", "error", "study", "trial", "machine", "versions", "created")
COLUMNS = (*_OF_EVALUATION, *_OF_NETWORK)
_WHOLE = {"fidelity", "seed", "trial", "macs", "params", "memory", "input_size"}
_REAL = {"value", "seconds"}


def export(archives: list[Archive], file: Path) -> int:
    """Write all evaluations as CSV, JSON or Parquet, by the file's suffix; returns their number.
    Evaluations that are in several archives are written once.

    ``curve`` and ``versions`` are JSON, as text in CSV and Parquet; ``created`` is UTC, ISO 8601.

    Raises:
        StorageError: no such format, or the package for it is missing.
    """
    writers = {".csv": _csv, ".json": _json, ".parquet": _parquet}
    if file.suffix not in writers:
        raise StorageError(f"{file}: write .csv, .json or .parquet")
    try:
        return writers[file.suffix](rows(archives), file)
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror or error}") from None


def rows(archives: list[Archive]) -> Iterator[dict[str, Any]]:
    """All evaluations with their networks, each once."""
    seen: set[tuple[Any, ...]] = set()
    table = schema.EvaluationTable
    for archive in archives:
        last = 0
        while True:
            query = sa.select(table.id, *(getattr(table, c) for c in _OF_EVALUATION),
                              *(getattr(schema.ArchitectureTable, c) for c in _OF_NETWORK))
            query = query.join(schema.ArchitectureTable).where(table.id > last)
            query = query.order_by(table.id).limit(CHUNK)
            found = rows_of(archive.database, query)
            if not found:
                break
            last = found[-1].id
            for row in found:
                made: dict[str, Any] = dict(zip(COLUMNS, row[1:], strict=True))
                key = tuple(made[c] for c in _OF_EVALUATION[:6])
                if key in seen:
                    continue
                if len(archives) > 1:
                    seen.add(key)
                made["created"] = made["created"].isoformat()
                yield made


def _as_text(row: dict[str, Any]) -> dict[str, Any]:
    return row | {c: None if row[c] is None else json.dumps(row[c]) for c in ("curve", "versions")}


def _csv(found: Iterator[dict[str, Any]], file: Path) -> int:
    return spreadsheet.write(file, COLUMNS, ([made[c] for c in COLUMNS]
                                             for made in map(_as_text, found)))


def _json(found: Iterator[dict[str, Any]], file: Path) -> int:
    count = 0
    with file.open("w", encoding="utf-8") as out:
        out.write("[")
        for row in found:
            out.write(",\n" if count else "\n")
            json.dump(row, out)
            count += 1
        out.write("\n]\n")
    return count


def _parquet(found: Iterator[dict[str, Any]], file: Path) -> int:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise StorageError(f"Parquet needs the package pyarrow: {install('parquet')}"
                           ) from None
    columns = pa.schema([(c, pa.int64() if c in _WHOLE else pa.float64() if c in _REAL
                         else pa.string()) for c in COLUMNS])
    count, part = 0, list[dict[str, Any]]()
    with pq.ParquetWriter(file, columns) as writer:
        for row in found:
            part.append(_as_text(row))
            count += 1
            if len(part) == CHUNK:
                writer.write_table(pa.Table.from_pylist(part, columns))
                part = []
        writer.write_table(pa.Table.from_pylist(part, columns))
    return count
