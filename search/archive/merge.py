"""Import of one archive into another without duplicates, and backup."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from search.archive import schema
from search.archive.archive import KEY, RENEWED, Archive
from search.archive.database import Database
from search.archive.ranking import magnitude, refresh
from search.archive.rows import fetch, rows_of
from search.errors import StorageError

CHUNK = 2000        # rows per transaction; those imported before a crash stay


@dataclass(slots=True)
class Merged:
    """Counts of imported rows. ``renewed``: failures here that succeeded there; ``known``: in
    both; ``different``: of those, the ones whose values differ, where ours is kept."""

    architectures: int = 0
    evaluations: int = 0
    renewed: int = 0
    known: int = 0
    different: int = 0
    studies: int = 0


def merge(source: Archive, target: Archive) -> Merged:
    """Import the rows of ``source`` into ``target``. Idempotent, so it may be repeated after a
    crash. A study that has other settings here gets a number appended to its name.

    Raises:
        StorageError: a database cannot be read or written.
    """
    merged = Merged()
    names = _merge_studies(source.database, target.database, merged)
    for rows in _pages(source.database, schema.ArchitectureTable.identity):
        merged.architectures += write_architectures(target.database, rows)
    for rows in _pages(source.database, schema.EvaluationTable.id):
        for row in rows:
            row["study"] = names.get(row["study"], row["study"])
            del row["id"]
        counts = write_evaluations(target.database, rows)
        merged.evaluations += counts.evaluations
        merged.renewed += counts.renewed
        merged.known += counts.known
        merged.different += counts.different
    return merged


def _pages(database: Database, key: "sa.orm.InstrumentedAttribute[Any]"
           ) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table in the order of a key, in pages."""
    table, last = key.class_.__table__, None
    while True:
        query = sa.select(table).order_by(key).limit(CHUNK)
        if last is not None:
            query = query.where(key > last)
        rows = [dict(row._mapping) for row in rows_of(database, query)]
        if not rows:
            return
        last = rows[-1][key.key]
        yield rows


def _execute(statement: sa.Executable, connection: sa.Connection) -> None:
    connection.execute(statement)


def _merge_studies(source: Database, target: Database, merged: Merged) -> dict[str, str]:
    """Import the studies; the new names of those that had to be renamed, by their old ones."""
    table = schema.StudyTable
    query = sa.select(table.name, table.space, table.settings, table.created)
    here = {row.name: row.settings for row in rows_of(target, query)}
    names: dict[str, str] = {}
    for row in rows_of(source, query):
        name, number = row.name, 1
        while name in here and here[name] != row.settings:
            number += 1
            name = f"{row.name} ({number})"
        if name != row.name:
            names[row.name] = name
        if name not in here:
            here[name] = row.settings
            merged.studies += 1
            made = target.insert(table).values(name=name, space=row.space, settings=row.settings,
                                               created=row.created).on_conflict_do_nothing()
            target.write(partial(_execute, made))
    return names


def write_architectures(target: Database, rows: list[dict[str, Any]]) -> int:
    """Write networks in one transaction; returns how many of them are new."""
    table = schema.ArchitectureTable
    made = target.insert(table)
    made = made.on_conflict_do_update(
        index_elements=["identity"], set_={"memory": made.excluded.memory},
        where=table.memory.is_(None) & made.excluded.memory.is_not(None))
    for row in rows:
        row["magnitude"] = magnitude(row["macs"])

    def work(connection: sa.Connection) -> int:
        known = connection.scalar(sa.select(sa.func.count()).select_from(table).where(
            table.identity.in_([row["identity"] for row in rows]))) or 0
        connection.execute(made, rows)
        return len(rows) - known
    return target.write(work)


def write_evaluations(target: Database, rows: list[dict[str, Any]]) -> Merged:
    """Write evaluations of known networks in one transaction; returns the counts. Existing ones
    are kept, except that a success replaces a failure."""
    table = schema.EvaluationTable
    made = target.insert(table)
    made = made.on_conflict_do_update(
        index_elements=KEY, set_={c: made.excluded[c] for c in RENEWED},
        where=table.value.is_(None) & made.excluded.value.is_not(None))
    identities = sorted({row["identity"] for row in rows})
    keys = sa.select(*(getattr(table, name) for name in KEY), table.value).where(
        table.identity.in_(identities))

    def work(connection: sa.Connection) -> Merged:
        here = {tuple(found[:-1]): found.value for found in fetch(connection, keys)}
        fresh, counts = [], Merged()
        for row in rows:
            key = tuple(row[name] for name in KEY)
            if key not in here:
                fresh.append(row)
                counts.evaluations += 1
            elif here[key] is None and row["value"] is not None:
                fresh.append(row)
                counts.renewed += 1
            else:
                counts.known += 1
                counts.different += row["value"] is not None and row["value"] != here[key]
        if fresh:
            connection.execute(made, fresh)
            refresh(connection, target.insert, sorted({row["identity"] for row in fresh}))
        return counts
    return target.write(work)


def backup(archive: Archive, file: str) -> None:
    """Copy an SQLite database, Optuna's tables included, even while it is written to.

    Raises:
        StorageError: it is PostgreSQL, or the copy cannot be written.
    """
    if archive.database.kind != "sqlite":
        raise StorageError("a PostgreSQL database is backed up by pg_dump, see docs/workers.md")
    try:
        with sqlite3.connect(file) as copy, archive.engine.connect() as connection:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            source.backup(copy)
        copy.close()
    except sqlite3.Error as error:
        raise StorageError(f"{file} cannot be written: {error}") from None
