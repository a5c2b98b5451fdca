"""Ownership of a database: our tables go into an empty one or beside Optuna's, nowhere else."""

import sqlalchemy as sa

from search.archive.schema import VERSION_TABLE, Base

SHOWN = 3


def strangers(connection: sa.Connection) -> list[str]:
    """The tables and views in a database that are neither ours nor Optuna's."""
    known = sa.inspect(connection)
    names = {*known.get_table_names(), *known.get_view_names()} - {*Base.metadata.tables,
                                                                   VERSION_TABLE}
    if not names:
        return []
    keys = _optunas(names)
    return sorted(name for name in names if name not in keys or not
                  keys[name] <= {column["name"] for column in known.get_columns(name)})


def _optunas(names: set[str]) -> dict[str, set[str]]:
    """Optuna's tables with the names of their keys: other programs too may have a table
    ``trials``, or that of alembic, which comes last."""
    from optuna.storages._rdb.models import BaseModel

    tables = {name: {column.name for column in table.primary_key}
              for name, table in BaseModel.metadata.tables.items()}
    return tables | ({"alembic_version": {"version_num"}} if "version_info" in names else {})


def listed(names: list[str]) -> str:
    """Some of these tables, human-readable."""
    rest = len(names) - SHOWN
    return ", ".join(repr(n) for n in names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
