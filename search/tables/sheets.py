"""Tables in CSV and Parquet: a line a network, columns of decisions or one of names, and values.

The network of a line is given by columns whose headings are names of holes, or by the one column
that the space's genotype names under ``table``. Cells of holes that are not there stay empty; lines
at the top that begin with ``#`` are remarks.
Columns ``macs`` and ``params`` are compared with our counts; all others are values.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from search.tables.columns import Cell, Column, Heading
from search.tables.errors import TableError
from search.tables.rows import Labels, Names, Raw, refused
from searchspace import Genotype, SearchspaceError
from searchspace.notation.holes import Decisions
from searchspace.scripts import install

COUNTS = ("macs", "params")


class Sheet(NamedTuple):
    """Columns by heading, and the line in which each row begins."""

    columns: Mapping[str, Sequence[Cell]]
    lines: Sequence[int]


def read_csv(data: bytes, file: Path) -> Sheet:
    """The columns of CSV text in UTF-8 by heading; raises TableError if it is none."""
    try:
        text = list(io.StringIO(data.decode("utf-8-sig"), newline=""))
        remarks = sum(1 for _ in takewhile(lambda line: line.startswith("#"), text))
        lines = csv.reader(text[remarks:], strict=True)
        heading = [cell.strip() for cell in next(lines, [])]
        rows, begins, begin = [], [], remarks + lines.line_num + 1
        for row in lines:
            if row and len(row) != len(heading):
                raise TableError(f"{file}, line {begin}: {len(row)} cells under "
                                 f"{len(heading)} headings")
            if row:
                rows.append(row)
                begins.append(begin)
            begin = remarks + lines.line_num + 1
    except UnicodeDecodeError:
        raise TableError(f"{file} is no CSV: it is not text in UTF-8") from None
    except csv.Error as error:
        raise TableError(f"{file} is no CSV: {error}") from None
    twice = next((name for name in heading if heading.count(name) > 1), None)
    if twice is not None:
        raise TableError(f"{file}: the heading {twice!r} stands there twice")
    return Sheet({name: [row[i] for row in rows] for i, name in enumerate(heading)}, begins)


def read_parquet(data: bytes, file: Path) -> Sheet:
    """The columns of a Parquet file by heading.

    Raises:
        TableError: it is none, or pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise TableError(f"a table in Parquet needs the package pyarrow: "
                         f"{install('parquet')}") from None
    try:
        found = pq.read_table(pa.BufferReader(data)).to_pydict()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TableError(f"{file} is no Parquet file: {str(error).splitlines()[0]}") from None
    for name, cells in found.items():
        if any(not isinstance(cell, str | int | float | None) for cell in cells):
            raise TableError(f"{file}: the column {name!r} holds neither numbers nor text")
    return Sheet(found, range(1, 1 + max(map(len, found.values()), default=0)))


def table_of(sheet: Sheet, file: Path, space: Genotype) -> Raw:
    """The table that a sheet is, of the networks of ``space``.

    Raises:
        TableError: no column names the networks, or a line is not in the space.
    """
    labels, form = Labels(space), space.header.table
    cells = sheet.columns
    holes = [name for name in cells if labels.hole(name) is not None]
    if form is not None and form.column in cells:
        holes, found = [form.column], _named(sheet, form.column, file, Names(labels))
    elif holes:
        found = _decided(sheet, holes, file, labels)
    else:
        wanted = [f"the column {form.column!r}"] if form else []
        wanted += [f"a column for each hole: {', '.join(list(labels.holes)[:3])}, …"]
        raise TableError(f"{file}: nothing names the networks of {space.title}; that does "
                         f"{' or '.join(wanted)}")
    macs, params = (map(_whole, cells.get(name, [None] * len(sheet.lines))) for name in COUNTS)
    columns = []
    for name, values in cells.items():
        if name not in holes and name not in COUNTS:
            try:
                columns.append(Column(Heading.read(name), values))
            except TableError as fault:
                raise TableError(f"{file}: {fault}") from None
    return Raw(space, "the value of the table", list(found), tuple(columns),
               list(zip(macs, params, strict=True)))


def _named(sheet: Sheet, column: str, file: Path,
           names: Names) -> Iterator[tuple[str, Decisions]]:
    for line, cell in zip(sheet.lines, sheet.columns[column], strict=True):
        try:
            yield f"line {line}", names.decisions(str(cell).strip())
        except TableError as fault:
            raise TableError(f"{file}, line {line}: {fault}") from None


def _decided(sheet: Sheet, holes: Sequence[str], file: Path,
             labels: Labels) -> Iterator[tuple[str, Decisions]]:
    for line, *cells in zip(sheet.lines, *(sheet.columns[name] for name in holes), strict=True):
        given = {name: cell for name, cell in zip(holes, cells, strict=True)
                 if cell is not None and str(cell).strip() and cell == cell}
        try:
            yield f"line {line}", labels.read(given)
        except SearchspaceError as fault:
            raise refused(file, f"line {line}", fault, labels.space) from None


def _whole(cell: Cell) -> Cell:
    """A count as a number; what is none stays as it is, and an empty cell is None."""
    if isinstance(cell, str) and not cell.strip():
        return None
    try:
        number = float(cell) if cell is not None else None
    except (TypeError, ValueError):
        return cell
    return int(number) if number is not None and number.is_integer() else cell
