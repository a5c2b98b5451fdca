"""From any released schema of the archive to the present one, in one transaction."""

import contextlib
import sqlite3
import threading
from pathlib import Path

import sqlalchemy as sa

from search.archive.schema import REVISION, VERSION_TABLE

_LOCK = 0x61726368                  # PostgreSQL's advisory lock of whoever migrates
_ONE_THREAD = threading.Lock()      # alembic's ``op`` is one for the whole process
_VERSIONS = sa.table(VERSION_TABLE, sa.column("version_num", sa.Text))


class NewerError(Exception):
    """Tables that only a newer program knows."""


def prepare(engine: sa.Engine) -> None:
    """Make the tables where they are not, and bring older ones up to `REVISION`.

    Whoever comes first does it, others wait. If it fails or is killed, the database is as it was.

    Raises:
        NewerError: a newer program wrote them. SQLAlchemyError: the database refuses.
    """
    with engine.connect() as connection:
        if _revision(connection) == REVISION:
            return
    with _ONE_THREAD, engine.execution_options(writes=True).connect() as connection:
        if connection.dialect.name == "sqlite":
            _migrate_sqlite(connection)
        else:
            with connection.begin():
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
                _migrate(connection)


def _revision(connection: sa.Connection) -> str | None:
    """The revision of the tables; None where there are none."""
    known = sa.inspect(connection)
    if known.has_table(VERSION_TABLE):
        return connection.scalar(sa.select(_VERSIONS.c.version_num))
    return "0001" if known.has_table("arch_schema") else None


def _migrate_sqlite(connection: sa.Connection) -> None:
    """A table is changed by copying it, during which no key may refer to it."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys=OFF")       # of no effect within a transaction
    with contextlib.suppress(sqlite3.OperationalError):     # another process is at it
        driver.execute("PRAGMA journal_mode=WAL")   # readers and a writer do not wait for another
    try:
        with connection.begin():
            _migrate(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            assert broken is None, f"a migration broke {broken}"
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _migrate(connection: sa.Connection) -> None:
    """Run the missing migrations within the transaction of ``connection``."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    here = Path(__file__).parent
    script = ScriptDirectory(str(here), version_locations=[str(here / "migrations")])
    known = [made.revision for made in script.walk_revisions()]
    revision = _revision(connection)
    if revision == REVISION:        # another process was first
        return
    if revision is not None and revision not in known:
        raise NewerError(f"has tables of revision {revision}, and this program knows those up to "
                         f"{REVISION}; install a newer one")
    with EnvironmentContext(Config(), script, destination_rev=REVISION,
                            fn=lambda at, _: script._upgrade_revs(REVISION, at)) as environment:
        environment.configure(connection=connection, version_table=VERSION_TABLE,
                              transactional_ddl=True)
        context = environment.get_context()
        if revision == "0001" and context.get_current_revision() is None:
            context.stamp(script, "0001")           # the first release did not know alembic
        environment.run_migrations()
