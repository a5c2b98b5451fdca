"""Archives of every released schema open, and nothing in them is lost."""

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from recording import record

from search.archive import Archive, Measure, StorageError, migrate, schema
from search.archive.connection.access import Access

ROOT = Path(__file__).parents[1]
FIRST = {dialect: (ROOT / f"fixtures/archive-v1-{dialect}.sql").read_text(encoding="utf-8")
         for dialect in ("sqlite", "postgresql")}
OLD = ("identity", "score", "data", "seed", "value", "seconds", "error", "study", "trial")
A, B, C = ("a" * 32, "b" * 32, "c" * 32)
DIGITS = "digits 32x3x224x224 seed 0"
EVALUATIONS = [
    (A, "naswot", DIGITS, 0, 1.5, 0.25, None, "first", 0),
    (A, "naswot", DIGITS, 4294967295, -1.25e-7, 0.25, None, "first", 1),
    (B, "naswot", DIGITS, 0, None, 0.25,
     "the network's last layer isn't finite; 100 % of it", "first", 2),
    (B, "table", "c0ffee", 0, 97.25, 0.25, None, None, None),
    (C, "naswot", "digits 4x3x32x32 seed 1", 0, 0.1 + 0.2, 0.25, None, "second", 0)]


def release(url: str) -> None:
    """Write the archive that the first release left."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(sa.make_url(url).database)
        connection.executescript(FIRST["sqlite"])
        connection.close()
        return
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.connection.driver_connection.execute(FIRST["postgresql"])
    engine.dispose()


def test_an_archive_of_the_first_release_loses_nothing(url: str) -> None:
    release(url)
    for _ in range(2):
        with Archive(url, access=Access.MIGRATE) as archive:
            kept = archive.evaluations()
            assert [tuple(getattr(e, name) for name in OLD) for e in kept] == EVALUATIONS
            assert {(e.recipe, e.fidelity, e.curve, e.machine) for e in kept} == {("", 0, None, "")}
            assert {tuple(sorted(e.versions.items())) for e in kept} == {
                (("python", "3.11.7"), ("searchspace", "0.1.0"), ("torch", "2.13.0+cpu"))}
            assert all(abs(e.created - datetime(2026, 11, 20, 19, 24, 24, tzinfo=UTC)
                           ).total_seconds() < 3 for e in kept)
            with archive.engine.connect() as connection:
                rows = connection.execute(sa.select(
                    schema.ArchitectureTable.identity, schema.ArchitectureTable.genotype,
                    schema.ArchitectureTable.space, schema.ArchitectureTable.macs).order_by("identity")).all()
            assert rows == [(i, f"name: {i}\n# it's ×\n", space, macs) for i, space, macs in (
                (A, "mobile", 300_000_000), (B, "mobile", 5_000_000_000), (C, None, 300_000_000))]
    with Archive(url) as archive:       # and it goes on: the key is the new one, ids grow
        new = {"identity": A, "genotype": "g", "name": "n", "macs": 1, "params": 1,
               "input_size": 224, "score": "naswot", "data": DIGITS, "seed": 0, "seconds": 0.0}
        assert record(archive, **new, value=9.0).value == 1.5
        assert record(archive, **new, value=9.0, recipe="r", fidelity=3).value == 9.0
        best = archive.best(Measure("naswot", DIGITS))
        assert [(s.identity, s.mean, s.count) for s in best] == [(A, (1.5 - 1.25e-7) / 2, 2)]
        assert len(archive.evaluations()) == len(EVALUATIONS) + 1


@pytest.mark.parametrize("old", [False, True], ids=["new", "first release"])
def test_migrations_lead_to_the_tables_that_the_program_knows(url: str, old: bool) -> None:
    if old:
        release(url)
    with Archive(url, access=Access.MIGRATE if old else Access.WRITE) as archive, archive.engine.connect() as connection:
        def ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
            return kind != "table" or name in schema.Base.metadata.tables

        context = MigrationContext.configure(connection, opts={
            "include_object": ours, "compare_type": True, "version_table": schema.VERSION_TABLE})
        assert compare_metadata(context, schema.Base.metadata) == []


def test_the_newest_migration_is_the_programs_revision() -> None:
    here = Path(migrate.__file__).parent
    script = ScriptDirectory(str(here), version_locations=[str(here / "migrations")])
    assert script.get_heads() == [schema.REVISION]


def test_the_first_release_refuses_a_newer_archive(url: str) -> None:
    """It reads this table, knows version 1 only, and says so."""
    with Archive(url) as archive, archive.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version FROM arch_schema")) == int(schema.REVISION)


def test_a_failed_migration_leaves_the_archive_as_it_was(
        url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    release(url)

    def fail(*_: object) -> None:
        raise sa.exc.OperationalError("UPDATE", {}, Exception("disk I/O error"))

    with monkeypatch.context() as broken:
        broken.setattr(op, "execute", fail)         # the last step of a migration
        with pytest.raises(StorageError, match="cannot be opened: disk I/O error"):
            Archive(url, access=Access.MIGRATE)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) == {
            "arch_architecture", "arch_evaluation", "arch_schema"}
        assert "memory" not in {c["name"] for c in
                                sa.inspect(connection).get_columns("arch_architecture")}
    engine.dispose()
    with Archive(url, access=Access.MIGRATE) as archive:
        assert len(archive.evaluations()) == len(EVALUATIONS)


@pytest.mark.parametrize("access", [Access.READ, Access.WRITE])
def test_an_older_archive_is_migrated_only_where_that_is_asked_for(url: str,
                                                                   access: Access) -> None:
    release(url)
    with pytest.raises(StorageError, match=r"an older release, 0001 and not 0003: .* migrate ARCHIVE"):
        Archive(url, access=access)
    with Archive(url, access=Access.MIGRATE) as archive:
        assert archive.database.found == "0001"
    with Archive(url, access=access) as archive:
        assert len(archive.evaluations()) == len(EVALUATIONS)


OPEN = ("import sys; from search.archive import Archive; from search.archive.connection.access import Access; "
        "Archive(sys.argv[1], access=Access.MIGRATE).close()")


def test_several_processes_upgrade_at_once(url: str) -> None:
    release(url)
    workers = [subprocess.Popen([sys.executable, "-c", OPEN, url], stderr=subprocess.PIPE,
                                text=True) for _ in range(3)]
    assert [(w.communicate(timeout=100)[1], w.returncode) for w in workers] == [("", 0)] * 3
    with Archive(url) as archive:
        assert len(archive.evaluations()) == len(EVALUATIONS)
