"""Rows of the archive, each value of the type of its column.

SQLite keeps text in a column of numbers, and a database may be a stranger's: what comes out of a
query passes here before anything is computed with it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from search.archive import schema
from search.archive.connection.urls import called
from search.archive.database import Database
from search.errors import StorageError, damaged
from searchspace.safety.values import JSON, REAL, WORD, Kind

Query: TypeAlias = "sa.Select[*tuple[Any, ...]] | sa.CompoundSelect[*tuple[Any, ...]]"
Rows: TypeAlias = "Sequence[sa.Row[*tuple[Any, ...]]]"

_KINDS: tuple[tuple[type[sa.types.TypeEngine[Any]], Kind[Any]], ...] = (
    (sa.Integer, Kind("a whole number", lambda value: type(value) is int)),
    (sa.Float, REAL), (sa.String, WORD), (sa.JSON, JSON),
    (schema.Utc, Kind("a time", lambda value: isinstance(value, datetime))))
_SHAPES = {"curve": list, "versions": dict, "settings": dict}


def fetch(connection: sa.Connection, query: Query) -> Rows:
    """All rows of a query.

    Raises:
        StorageError: a value is of another type than its column.
    """
    with damaged(f"the archive in {name_of(connection)}"):
        found = connection.execute(query).all()
        for column, values in zip(query.selected_columns, zip(*found, strict=True), strict=False):
            _check(column, values)
    return found


def rows_of(database: Database, query: Query) -> Rows:
    """All rows of a query to a database; see `fetch`."""
    return database.read(lambda connection: fetch(connection, query))


def contradiction(archive: str, identity: str) -> StorageError:
    """The error for a network whose standing has no evaluations, or no network."""
    return StorageError(f"the archive in {archive} is damaged: the standing of "
                        f"{identity[:12]!r} differs from its evaluations; "
                        "python -m search.archive check --repair mends that")


def _check(column: sa.ColumnElement[Any], values: Sequence[object]) -> None:
    kind = next((kind for type_, kind in _KINDS if isinstance(column.type, type_)), None)
    shape, name = _SHAPES.get(column.key or "", object), str(column.key).replace("_", " ")
    if kind is None:
        raise AssertionError(f"a column of the unknown type {column.type!r}")
    for value in values:
        if value is None and getattr(column, "nullable", True):
            continue
        if not isinstance(value, shape):
            raise TypeError(f"{name} is no {shape.__name__}")
        kind.check(value, name)


def name_of(connection: sa.Connection) -> str:
    """The name of a connection's database, without secrets."""
    return called(connection.engine.url.render_as_string(hide_password=True))
