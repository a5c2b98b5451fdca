"""Tables from files, each row checked against the space, several files joined by network."""

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path

from search.tables.columns import Cell, Column
from search.tables.errors import TableError
from search.tables.files import content, is_sheet
from search.tables.objects import read_json
from search.tables.rows import Labels, Raw, refused
from search.tables.sheets import read_csv, read_parquet, table_of
from search.tables.table import Key, Row, Table
from searchspace import Genotype, SearchspaceError
from searchspace.expansion import trace
from searchspace.notation.holes import Decisions
from searchspace.space.point import sample


def read_tables(files: Sequence[Path], space: Genotype | None = None) -> Table:
    """The table in some files, of which every one has a part of the columns.

    JSON says which space it is about; lines of CSV and Parquet are networks of ``space``. In a
    table of moderate size every row is expanded, and its counts are compared with ours; in a larger
    one only rows of which the decisions do not tell whether they are complete. A process that opens
    several studies does it once, for as long as files and space stay the same.

    Raises:
        TableError: a file is no table, or a row contradicts its space.
    """
    read = []
    for file in files:
        data = content(file)
        read.append((file, hashlib.sha256(data).hexdigest(), _raw(data, file, space)))
    if not read:
        raise TableError("the objective 'table' needs --table FILE")
    joined = read[0][2] if len(read) == 1 else _joined([(file, raw) for file, _, raw in read])
    digests = [digest for _, digest, _ in read]
    if (known := _READ.get(tuple(files))) and (known.digest, known.space) == (
            _digest(digests), joined.space):
        return known
    table = Table(
        tuple(files), _digest(digests), joined.what, joined.space,
        tuple(Row(*row) for row in joined.rows), joined.columns)
    if not table.rows:
        raise TableError(f"{files[0]} has no rows")
    for file, _, raw in read:
        _check(raw, file, 0)        # the size of the table follows from it
    for file, _, raw in read:
        labels = Labels(raw.space)
        for i, (_, decisions) in enumerate(raw.rows):
            if table.is_small or not labels.is_complete(decisions):
                _check(raw, file, i)
    _READ.clear()       # one is enough, and large
    _READ[tuple(files)] = table
    return table


_READ: dict[tuple[Path, ...], Table] = {}


def _digest(digests: Sequence[str]) -> str:
    return digests[0] if len(digests) == 1 else hashlib.sha256(
        " ".join(digests).encode()).hexdigest()


def table_for(space: Genotype, files: Sequence[Path]) -> Table:
    """The table for a search of ``space``; see `read_tables`.

    Raises:
        TableError: no file is named, or its networks have another input shape than the space.
    """
    table = read_tables(files, space)
    shape = trace(space, sample(space, random.Random(0)).decisions).input
    if shape != table.input:
        theirs, ours = ("×".join(map(str, s)) for s in (table.input, shape))
        raise TableError(f"the networks in {files[0]} take images of {theirs}, those of this "
                         f"search {ours}")
    return table


def _raw(data: bytes, file: Path, space: Genotype | None) -> Raw:
    if not is_sheet(file):
        return read_json(data, file)
    if space is None:
        raise TableError(f"{file}: lines of CSV and Parquet are networks of a space; name it")
    sheet = (read_csv if file.suffix.lower() == ".csv" else read_parquet)(data, file)
    return table_of(sheet, file, space)


def _check(raw: Raw, file: Path, i: int) -> None:
    """Raise TableError if a row is no network, or has other counts than that."""
    if i >= len(raw.rows):
        return
    name, decisions = raw.rows[i]
    try:
        cost = trace(raw.space, decisions, named=False).cost()
    except SearchspaceError as fault:
        raise refused(file, name, fault, raw.space) from None
    theirs = raw.costs[i] if raw.costs else (None, None)
    for what, count, ours in zip(("MACs", "params"), theirs, (cost.macs, cost.params), strict=True):
        if count is not None and count != ours:
            raise TableError(f"{file}, {name}: the table has {count} {what}, and the network of "
                             f"{raw.space.title} has {ours}")


def _joined(read: Sequence[tuple[Path, Raw]]) -> Raw:
    """The tables as one, with a row for each network of any of them."""
    place: dict[Key, int] = {}
    rows: list[tuple[str, Decisions]] = []
    columns: list[Column] = []
    wheres = []
    for file, raw in read:
        if [(h.name, h.labels) for h in raw.space.holes] != \
                [(h.name, h.labels) for h in read[0][1].space.holes]:
            raise TableError(f"{file} is about other networks than {read[0][0]}")
        where = []
        for name, decisions in raw.rows:
            key = frozenset(decisions.items())
            if key not in place:
                place[key] = len(rows)
                rows.append((name, decisions))
            where.append(place[key])
        if len(set(where)) < len(where):
            raise TableError(f"{file} has a network twice, and several tables are joined by it")
        wheres.append(where)
    for (file, raw), where in zip(read, wheres, strict=True):
        for column in raw.columns:
            if column.heading in [c.heading for c in columns]:
                raise TableError(f"{file}: another table has the column {column.heading.name!r} "
                                 "too")
            cells: list[Cell] = [None] * len(rows)
            for i, cell in zip(where, column.cells, strict=True):
                cells[i] = cell
            columns.append(Column(column.heading, cells))
    return Raw(read[0][1].space, read[0][1].what, rows, tuple(columns))
