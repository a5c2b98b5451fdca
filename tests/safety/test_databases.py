"""SQLite databases from anybody: opening one touches no other file, ends soon, and is one sentence."""

import gc
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest
import sqlalchemy as sa
from test_hostile_files import soon
from test_reading import NAME, READING, Command, snapshot

from benchmarks.reliability import SPACE
from search import run, status
from search.archive import Archive, StorageError
from search.archive import __main__ as archive_command
from search.archive.connection import sqlite
from search.archive.connection.access import Access
from search.archive.connection.untrusted import LONGEST
from search.archive.owner import _optunas
from search.archive.schema import VERSION_TABLE, Base
from search.cli import network_argument
from search.results.read import read_study
from search.storage.opening import open_storage, read_storage, study_attributes
from searchspace import GenotypeError


def go_on(folder: Path, _: Path) -> int:
    return run.main(["--space", SPACE, "--objective", "table", "--budget", "400K", "--trials", "6",
                     "--input", "8", "--batch", "4", "--sampler", "random", "--no-warm-start",
                     "--study", folder.name, "--studies", str(folder.parent)])


WRITING: dict[str, Command] = {
    "archive migrate": lambda study, _: archive_command.main(["migrate", str(study)]),
    "archive check --repair": lambda study, _: archive_command.main(
        ["check", "--repair", str(study)]),
    "archive import --into": lambda study, out: archive_command.main(
        ["import", "--into", str(study / "study.db"), str(out / "other.db")]),
    "run": go_on,
}
COMMANDS = READING | WRITING
EVERY = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive without networks."""
    path = tmp_path_factory.mktemp("archives") / "other.db"
    with Archive(f"sqlite:///{path}"):
        pass
    return path


@pytest.fixture
def folder(finished: Path, other: Path, tmp_path: Path) -> Path:
    """A copy of a study at rest, and beside it the folder ``out`` with an archive."""
    (tmp_path / "out").mkdir()
    shutil.copy(other, tmp_path / "out")
    return Path(shutil.copytree(finished, tmp_path / NAME))


def refused(command: Command, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command says that refuses the study, in one sentence, and changes nothing of it."""
    before = snapshot(folder)
    capsys.readouterr()
    with soon():
        assert command(folder, folder.parent / "out") == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1
    after = snapshot(folder)
    for own in (".", "lock"):           # a search locks its folder before it looks
        before.pop(own), after.pop(own, None)
    assert after == before
    return said


# --- journals -----------------------------------------------------------------------------------


def interrupted(folder: Path) -> None:
    """Make a study's database one in whose last transaction the process was killed."""
    database = folder / "study.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA cache_size=1")       # so that it is written to the file
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE arch_evaluation SET machine = hex(randomblob(20000))")
        kept = {path: path.read_bytes() for path in (database, Path(f"{database}-journal"))}
        connection.execute("ROLLBACK")
    for path, content in kept.items():
        path.write_bytes(content)
    assert (folder / "study.db-journal").stat().st_size > 512


def name_another(journal: Path, other: Path) -> None:
    """Let a journal say that its transaction was part of a larger one with a journal ``other``."""
    name, magic = os.fsencode(other), bytes.fromhex("d9d505f920a163d7")
    page = (0x40000000 // 4096) + 1
    with journal.open("ab") as file:
        file.write(struct.pack(">I", page) + name + struct.pack(">II", len(name), sum(name)) + magic)


@EVERY
def test_no_journal_leads_to_another_file(command: Command, folder: Path,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    victim = folder.parent / "victim.txt"
    victim.write_text("a diary")
    interrupted(folder)
    name_another(folder / "study.db-journal", victim)
    assert "study.db-journal names another file" in refused(command, folder, capsys)
    assert victim.read_text() == "a diary"


@pytest.mark.parametrize("command", WRITING.values(), ids=WRITING)
def test_a_transaction_of_ours_that_was_interrupted_is_undone(command: Command, folder: Path,
                                                              finished: Path) -> None:
    interrupted(folder)
    assert command(folder, folder.parent / "out") == 0
    assert not (folder / "study.db-journal").exists()
    with closing(sqlite3.connect(folder / "study.db")) as here, \
            closing(sqlite3.connect(finished / "study.db")) as there:
        query = "SELECT identity, machine FROM arch_evaluation WHERE trial < 4 ORDER BY id"
        assert here.execute(query).fetchall() == there.execute(query).fetchall()
        assert here.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


ODD = {"pipe": os.mkfifo, "folder": Path.mkdir, "device": lambda path: path.symlink_to("/dev/zero"),
       "link": lambda path: path.symlink_to("lock"), "lost": lambda path: path.symlink_to("nowhere")}


@pytest.mark.parametrize("name, kind", [
    (name, kind) for name in COMMANDS for kind in ODD
    if kind == "pipe" or name in ("archive check", "archive import --into", "report")])
@pytest.mark.parametrize("suffix", ["", "-journal", "-wal", "-shm"])
def test_what_is_no_file_of_sqlites_is_refused(name: str, kind: str, suffix: str, folder: Path,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    command = COMMANDS[name]
    if command is WRITING["archive import --into"] and not suffix and kind in ("link", "lost"):
        pytest.skip("a person names the file, which may be a link")
    path = folder / f"study.db{suffix}"
    path.unlink(missing_ok=True)
    ODD[kind](path)
    said = refused(command, folder, capsys)
    assert "is no regular file" in said or f"study.db{suffix} is a link" in said or \
        "there is no study.db" in said


# --- schemas ------------------------------------------------------------------------------------

TABLES = sorted({*Base.metadata.tables, VERSION_TABLE, *_optunas({"version_info"})})
LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9999)"    # or endless
# What is strange about a table, which has this column.
STRANGE: dict[str, tuple[str, str]] = {
    "view": ("a view", f"ALTER TABLE {{table}} RENAME TO away; CREATE VIEW {{table}} AS {LONG} "
             "SELECT away.* FROM away, n"),
    "trigger": ("a trigger", "CREATE TRIGGER more AFTER INSERT ON {table} BEGIN "
                f"SELECT count(*) FROM ({LONG} SELECT i FROM n); END"),
    "computed": ("a table with a computed column",
                 "ALTER TABLE {table} ADD COLUMN more TEXT AS (hex(zeroblob(10000000)))"),
    "index": ("an index of expressions", "CREATE INDEX more ON {table} (hex({column}))"),
    "part": ("an index of expressions",
             "CREATE INDEX more ON {table} ({column}) WHERE {column} LIKE '%a%'"),
    "virtual": ("a virtual table", "DROP TABLE {table}; CREATE VIRTUAL TABLE {table} USING fts4(a)"),
}


def make_strange(folder: Path, kind: str, table: str) -> str:
    """Change a table of a study; what is to be said of it."""
    said, statements = STRANGE[kind]
    with closing(sqlite3.connect(folder / "study.db")) as connection:
        column = connection.execute(f"PRAGMA table_info({table})").fetchone()[1]
        connection.executescript(statements.format(table=table, column=f'"{column}"'))
    return f"it holds {said}, '{table if kind in ('view', 'computed', 'virtual') else 'more'}', "


@EVERY
@pytest.mark.parametrize("kind, table", [
    ("view", "arch_standing"), ("view", "studies"), ("trigger", "arch_worker")])
def test_a_database_that_does_anything_by_itself_is_refused(
        command: Command, kind: str, table: str, folder: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    said = make_strange(folder, kind, table)
    assert said in refused(command, folder, capsys)


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("table", TABLES)
def test_no_table_is_anything_else(kind: str, table: str, folder: Path) -> None:
    said = re.escape(make_strange(folder, kind, table))
    url = f"sqlite:///{folder / 'study.db'}"
    for access in Access:
        with pytest.raises(StorageError, match=said):
            Archive(url, access=access)
    with pytest.raises(StorageError, match=said), read_storage(url):
        pass
    with pytest.raises(sa.exc.DatabaseError, match=said):
        open_storage(url, "w", 0)
    assert study_attributes(url, NAME) is None


@pytest.mark.parametrize("name", ["sqlite_master", "sqlite_schema", "sqlite_temp_master", "x"])
@pytest.mark.parametrize("kind", ["view", "table", "index", "VIEW", "odd"])
def test_no_entry_of_the_schema_hides_a_view(name: str, kind: str, folder: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(folder / "study.db")) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, 0, ?)",
                           [kind, name, name, f"CREATE VIEW {name} AS {LONG} SELECT i FROM n"])
        connection.commit()
    refused(READING["archive check"], folder, capsys)


def test_a_database_may_hold_only_so_long_a_value(folder: Path,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(folder / "study.db")) as connection:
        connection.execute("UPDATE arch_evaluation SET machine = zeroblob(?)", [LONGEST + 1])
        connection.commit()
    assert "too big" in refused(READING["archive export"], folder, capsys)


@pytest.mark.parametrize("access", Access)
def test_functions_are_not_called_from_a_schema(access: Access, folder: Path) -> None:
    with Archive(f"sqlite:///{folder / 'study.db'}", access=access) as archive:
        assert archive.database.read(
            lambda c: c.exec_driver_sql("PRAGMA trusted_schema").scalar()) == 0


# --- logs ---------------------------------------------------------------------------------------


def crash(folder: Path) -> None:
    """Leave a log without its index, as when a machine goes down."""
    database = folder / "study.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE arch_evaluation SET machine = 'in the log'")
        connection.commit()
        kept = {path: path.read_bytes() for path in (database, Path(f"{database}-wal"))}
    for path, content in kept.items():
        path.write_bytes(content)
    assert (folder / "study.db-wal").stat().st_size and not (folder / "study.db-shm").exists()


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


@pytest.mark.parametrize("command", READING.values(), ids=READING)
def test_a_log_without_an_index_is_read_and_stays_as_it_is(command: Command, folder: Path,
                                                           copies: Path) -> None:
    crash(folder)
    before = snapshot(folder)
    gc.freeze()         # the bundled networks are not looked at below, which takes seconds
    assert command(folder, folder.parent / "out") == 0
    assert snapshot(folder) == before
    gc.collect()
    assert not list(copies.glob("searchspace-*"))


def test_what_is_in_the_log_is_read_also_where_it_changes(folder: Path, copies: Path) -> None:
    crash(folder)

    def read(connection: sa.Connection) -> list[str]:
        return list(connection.scalars(sa.text("SELECT DISTINCT machine FROM arch_evaluation")))

    with Archive(f"sqlite:///{folder / 'study.db'}", access=Access.READ) as archive:
        assert archive.database.read(read) == ["in the log"]
        assert archive.database.read(read) == ["in the log"] and len(list(copies.iterdir())) == 1
        with closing(sqlite3.connect(folder / "study.db")) as writer:
            writer.execute("UPDATE arch_evaluation SET machine = 'later'")
            writer.commit()
            assert archive.database.read(read) == ["later"]
        assert archive.database.read(read) == ["later"]


def test_a_copy_is_not_read_if_it_changed_meanwhile(
        folder: Path, copies: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    crash(folder)
    copy = shutil.copyfileobj

    def slowly(source: BinaryIO, target: BinaryIO, size: int) -> None:
        copy(source, target, size)
        with (folder / "study.db-wal").open("ab") as log:
            log.write(b"more")

    monkeypatch.setattr(sqlite.shutil, "copyfileobj", slowly)
    assert READING["archive check"](folder, copies) == 2
    assert "another process began to write" in capsys.readouterr().err


def test_only_so_much_is_copied(folder: Path, copies: Path, monkeypatch: pytest.MonkeyPatch,
                                capsys: pytest.CaptureFixture[str]) -> None:
    crash(folder)
    monkeypatch.setattr(sqlite, "MOST_COPIED", 10_000)
    assert "too many to copy" in refused(READING["archive check"], folder, capsys)
    assert not list(copies.iterdir())


def test_a_search_goes_on_with_the_log_that_a_crash_left(folder: Path) -> None:
    crash(folder)
    assert go_on(folder, folder) == 0
    assert len(read_study(folder).rows) == 6


WRITES = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as connection:
    connection.execute("UPDATE arch_evaluation SET machine = 'elsewhere'")
connection.close()
"""


@pytest.mark.parametrize("written", [False, True])
def test_reading_leaves_the_locks_of_its_own_process(written: bool, folder: Path) -> None:
    """Another process that closes the file removes the log if it takes itself for the last one."""
    database = folder / "study.db"
    with closing(sqlite3.connect(database)) as ours:
        ours.execute("SELECT * FROM arch_evaluation").fetchall()
        if written:
            ours.execute("UPDATE arch_evaluation SET machine = 'here'")
            ours.commit()
        assert len(read_study(folder).rows) == 4
        subprocess.run([sys.executable, "-c", WRITES, database], check=True)
        assert (folder / "study.db-wal").exists()
        assert ours.execute("SELECT DISTINCT machine FROM arch_evaluation").fetchall() == [
            ("elsewhere",)]


# --- URLs ---------------------------------------------------------------------------------------

BAD_URLS = [f"sqlite:///{{file}}{end}" for end in (
    "?timeout=abc", "?cached_statements=x", f"?cached_statements={10**30}", "?detect_types=x",
    "?check_same_thread=zz", "?uri=zz", "?isolation_level=zz", "%00", "%00.db", "?timeout=a&timeout=b")]
BAD_URLS += ["sqlite:///file:{file}%2500?uri=true", "sqlite:///file://[x?uri=true", "sqlite://",
             "postgresql+psycopg://me@127.0.0.1:9/db?port=abc",
             "postgresql+psycopg://me@127.0.0.1:9/db?connect_timeout=abc"]


@pytest.mark.parametrize("url", BAD_URLS)
@pytest.mark.parametrize("command", ["status", "check", "migrate", "into", "run"])
def test_a_wrong_url_is_one_sentence(url: str, command: str, folder: Path,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    """Or it is taken, where its parameters do no harm."""
    given = url.format(file=folder / "study.db")
    attempt: Callable[[], int] = {
        "status": lambda: status.main([given, "--once"]),
        "check": lambda: archive_command.main(["check", given]),
        "migrate": lambda: archive_command.main(["migrate", given]),
        "into": lambda: archive_command.main(["import", "--into", given, str(folder)]),
        "run": lambda: run.main(["--space", SPACE, "--objective", "table", "--budget", "400K",
                                 "--input", "8", "--trials", "1", "--sampler", "random", "--studies",
                                 str(folder.parent / "more"), "--storage", given])}[command]
    with soon():
        ended = attempt()
    said = capsys.readouterr().err
    assert ended == 0 or (ended == 2 and said.startswith("error: ") and said.count("\n") == 1)
    if "abc" in url or "zz" in url.partition("check")[2] or "%00" in url:
        assert ended == 2


# --- beside a network ---------------------------------------------------------------------------

DAMAGED = {"null": None, "deep": "[" * 100_000, "bytes": b"\xff\0", "number": "5", "list": "[]",
           "empty": "", "long": "1" * 5000, "half": '{"space": {"text": "a", "sha256": "b"}}'}


def damage(folder: Path, key: str, value: str | bytes | None) -> None:
    with closing(sqlite3.connect(folder / "study.db")) as connection:
        connection.execute("UPDATE study_user_attributes SET value_json = ? WHERE key = ?",
                           [value, key])
        connection.commit()


def fails_to_load(network: Path) -> None:
    network.write_text("name: b\ninput: [3, 8, 8]\nnet: [nonesuch: , gap: ]\n")
    with soon(), pytest.raises(GenotypeError, match="nonesuch"):
        network_argument.found_network(str(network))


@pytest.mark.parametrize("name", ["best.yaml", "front/001.yaml"])
@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("suffix", ["", "-journal", "-wal", "-shm"])
def test_what_lies_beside_a_network_is_no_matter(name: str, kind: str, suffix: str,
                                                 folder: Path) -> None:
    path = folder / f"study.db{suffix}"
    path.unlink(missing_ok=True)
    ODD[kind](path)
    (folder / "front").mkdir()
    before = snapshot(folder / "study.db")
    fails_to_load(folder / name)
    assert snapshot(folder / "study.db") == before


def test_no_link_beside_a_network_is_followed(finished: Path, tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "study.db").symlink_to(finished / "study.db")
    monkeypatch.setattr(network_argument, "study_attributes", lambda *_: pytest.fail("it is opened"))
    fails_to_load(tmp_path / NAME / "best.yaml")


@pytest.mark.parametrize("key", ["kept", "settings", "objectives"])
@pytest.mark.parametrize("kind", DAMAGED)
def test_what_a_study_keeps_may_be_damaged(key: str, kind: str, folder: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    damage(folder, key, DAMAGED[kind])
    fails_to_load(folder / "best.yaml")
    (folder / "best.yaml").unlink()
    if key != "objectives":
        said = refused(WRITING["run"], folder, capsys)
        assert "damaged" in said or "was made with" in said


def test_a_folders_name_beside_a_network_is_no_part_of_a_url(folder: Path) -> None:
    odd = folder.rename(folder.with_name("a?mode=rwc&uri=true"))
    fails_to_load(odd / "best.yaml")
    assert not (folder.parent / "a").exists()
