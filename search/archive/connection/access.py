"""Access modes of a database: reading, writing, migrating.

Reading changes no table and no file. PostgreSQL ensures that in read-only sessions, and for SQLite
see `search.archive.connection.sqlite`.
"""

from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from search.archive.connection.sqlite import Reader, Writer
from search.archive.connection.untrusted import file_of


class Access(Enum):
    """What may be changed in an opened database."""

    READ = "nothing changes"
    WRITE = "tables are made where there are none"
    MIGRATE = "tables of an older release are brought up to date"


def engine_options(url: sa.URL, access: Access) -> dict[str, Any]:
    """Keyword arguments of `sqlalchemy.create_engine` for a database.

    Raises:
        sqlalchemy.exc.ArgumentError: a part of the URL cannot be read. ImportError: its driver is
            not installed.
    """
    try:
        [*names], options = url.get_dialect()().create_connect_args(url)
        file = file_of(url) if url.get_backend_name() == "sqlite" else None
    except (ValueError, TypeError, OverflowError) as error:
        raise ArgumentError(f"a part of it is wrong: {error}") from None
    if url.get_backend_name() != "sqlite":
        only = {"execution_options": {"postgresql_readonly": True}}
        return {"pool_pre_ping": True, **(only if access is Access.READ else {})}
    if access is not Access.READ:
        return {"pool_pre_ping": True, "creator": Writer(file, names[0], dict(options))}
    if file is None:
        raise ArgumentError("it names no file to read")
    # no pool: an immutable file may have been written to since
    return {"creator": Reader(file), "poolclass": sa.NullPool}
