"""Creation of the archive's tables, and their migration from any released schema to the present
one, in one transaction."""

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from search.archive.connection.access import Access
from search.archive.owner import listed, strangers
from search.archive.schema import REVISION, VERSION_TABLE

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_LOCK = 0x61726368                  # PostgreSQL's advisory lock for migrations
_ONE_THREAD = threading.Lock()      # alembic's ``op`` is one for the whole process
_VERSIONS = sa.table(VERSION_TABLE, sa.column("version_num", sa.Text))


class TablesError(Exception):
    """Tables that cannot be used as they are; one sentence after the database's name."""


def prepare(engine: sa.Engine, access: Access) -> str | None:
    """Ensure that the tables have revision `REVISION`, as far as ``access`` permits: writing
    creates missing ones, and only migrating changes older ones. Returns the revision that they
    had, None if there were none.

    Concurrent processes wait for the first. If it fails or is killed, the database is unchanged.

    Raises:
        TablesError: they cannot be used. SQLAlchemyError: the database refuses.
    """
    with engine.connect() as connection:
        revision = _revision(connection)
        if not _is_to_be_changed(connection, revision, access):
            return revision
    with _ONE_THREAD, engine.execution_options(writes=True).connect() as connection:
        if connection.dialect.name == "sqlite":
            _migrate_sqlite(connection, access)
        else:
            with connection.begin():
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
                _migrate(connection, access)
    return revision


def _is_to_be_changed(connection: sa.Connection, revision: str | None, access: Access) -> bool:
    """Whether tables are missing or old; raises TablesError if ``access`` forbids the change."""
    if revision == REVISION:
        return False
    if revision is None:
        if others := strangers(connection):
            raise TablesError(f"is no archive: another program keeps {listed(others)} in it")
        if access is not Access.WRITE:
            raise TablesError("is no archive: there are no tables of one in it")
    elif revision not in _revisions():
        raise TablesError(f"has tables of revision {revision}, and this program knows those up to "
                          f"{REVISION}; install a newer one")
    elif access is not Access.MIGRATE:
        raise TablesError(f"has tables of an older release, {revision} and not {REVISION}: "
                          "python -m search.archive migrate ARCHIVE brings it up to date")
    return True


def _revision(connection: sa.Connection) -> str | None:
    """The revision of the tables; None where there are none."""
    known = sa.inspect(connection)
    if known.has_table(VERSION_TABLE):
        return connection.scalar(sa.select(_VERSIONS.c.version_num))
    return "0001" if known.has_table("arch_schema") else None


def _migrate_sqlite(connection: sa.Connection, access: Access) -> None:
    """Migrate with foreign keys off: SQLite changes a table by copying it."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys=OFF")       # has no effect within a transaction
    with contextlib.suppress(sqlite3.OperationalError):     # another process is migrating
        driver.execute("PRAGMA journal_mode=WAL")   # readers and a writer do not block each other
    try:
        with connection.begin():
            _migrate(connection, access)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            assert broken is None, f"a migration broke {broken}"
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _script() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    here = Path(__file__).parent
    return ScriptDirectory(str(here), version_locations=[str(here / "migrations")])


def _revisions() -> list[str]:
    return [made.revision for made in _script().walk_revisions()]


def _migrate(connection: sa.Connection, access: Access) -> None:
    """Run the missing migrations within the transaction of ``connection``."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    script, revision = _script(), _revision(connection)
    if not _is_to_be_changed(connection, revision, access):     # another process was first
        return
    with EnvironmentContext(Config(), script, destination_rev=REVISION,
                            fn=lambda at, _: script._upgrade_revs(REVISION, at)) as environment:
        environment.configure(connection=connection, version_table=VERSION_TABLE,
                              transactional_ddl=True)
        context = environment.get_context()
        if revision == "0001" and context.get_current_revision() is None:
            context.stamp(script, "0001")           # the first release did not know alembic
        environment.run_migrations()
