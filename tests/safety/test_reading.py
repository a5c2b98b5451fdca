"""Who only reads changes nothing: no table and no file, whatever database it is."""

import argparse
import hashlib
import re
import select
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import optuna
import pytest
import sqlalchemy as sa
from test_archive import put
from test_migrations import FIRST

from benchmarks.reliability import study_of
from search import run, status
from search.archive import Archive, StorageError, claims
from search.archive import __main__ as archive_command
from search.archive.connection.access import Access
from search.archive.connection.locations import database_of, url_of, url_of_file
from search.results.read import read_study
from search.storage.opening import open_storage, read_storage
from search.study import Study
from searchspace import SearchspaceError
from viz import report

ROOT = Path(__file__).parents[2]
NAME = "reliability"        # what `study_of` calls its study

# --- the commands ---------------------------------------------------------------------------------

# Every command line of the project: those that open a database only to read it are called below.
READ = {"search/archive/__main__.py", "search/predict.py", "search/status.py", "viz/playground.py",
        "viz/report.py"}
WRITE = {"search/run.py", "search/launchers/__main__.py"}
NO_DATABASE = {"search/honesty.py", "search/latency/__main__.py", "search/latency/judge.py",
               "search/predictors/__main__.py", "search/scores/__main__.py", "search/train.py",
               "searchspace/__main__.py", "viz/diff.py", "viz/render.py", "viz/zoo.py",
               "viz/docs/notebooks.py", "viz/docs/screens.py",
               "viz/pictures.py"}       # reads a study by `read_study`, for the project's own pages


def test_every_command_is_known_here() -> None:
    found = {str(path.relative_to(ROOT)) for package in ("search", "searchspace", "viz")
             for path in (ROOT / package).rglob("*.py")
             if '__name__ == "__main__"' in path.read_text(encoding="utf-8")}
    assert found == READ | WRITE | NO_DATABASE


Command = Callable[[Path, Path], int]      # of a study's folder, and one for what is written


def archive_commands(access: Access) -> Iterator[tuple[str, Command]]:
    """The commands of the archive that open it so, each with what it cannot do without."""
    [commands] = [a for a in archive_command._parser()._actions
                  if isinstance(a, argparse._SubParsersAction)]
    for name, parser in commands.choices.items():
        if parser.get_default("access") is not access:
            continue

        def call(study: Path, out: Path, name: str = name,
                 parser: argparse.ArgumentParser = parser) -> int:
            needed = {"network": "mobilenet-v2", "file": f"{out}/made.csv", "into": f"{out}/into.db"}
            given = [part for a in parser._actions if a.required and a.dest != "archives"
                     for part in (*a.option_strings[:1], needed[a.dest])]
            return archive_command.main([name, *given, str(study)])
        yield f"archive {name}", call


READING: dict[str, Command] = {
    **dict(archive_commands(Access.READ)),
    "status": lambda study, out: status.main([str(study), "--once"]),
    "report": lambda study, out: report.main([str(study), "-o", f"{out}/report.html"]),
    "report --plots": lambda study, out: report.main([str(study), "--plots", f"{out}/plots"]),
}


def test_the_archive_has_commands_of_each_kind() -> None:
    assert {name.split()[1] for name, _ in archive_commands(Access.READ)} >= {
        "best", "show", "disagree", "export", "check", "backup", "import"}
    assert [name for name, _ in archive_commands(Access.MIGRATE)] == ["archive migrate"]


# --- what they are given --------------------------------------------------------------------------


def foreign(path: Path, tables: tuple[str, ...] = ("places", "cookies"), wal: bool = False) -> None:
    """A database of another program."""
    with closing(sqlite3.connect(path)) as connection:
        if wal:
            connection.execute("PRAGMA journal_mode=WAL")
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, secret TEXT)")
            connection.execute(f"INSERT INTO {table} (secret) VALUES ('hunter2')")
        connection.commit()


def as_foreign(folder: Path) -> None:
    foreign(folder / "study.db")


def as_foreign_with_a_log(folder: Path) -> None:
    foreign(folder / "study.db", wal=True)


def as_text(folder: Path) -> None:
    (folder / "study.db").write_text("no database, but as long as the head of one " * 9)


def as_empty(folder: Path) -> None:
    (folder / "study.db").touch()


def as_optunas(folder: Path) -> None:
    storage = optuna.storages.RDBStorage(f"sqlite:///{folder / 'study.db'}")
    optuna.create_study(storage=storage, study_name="theirs")
    storage.engine.dispose()


NOT_OURS = [as_foreign, as_foreign_with_a_log, as_text, as_empty, as_optunas]


def snapshot(folder: Path) -> dict[str, object]:
    """What a folder holds, to the byte and the nanosecond; of SQLite's shared memory only that it
    is there."""
    return {str(path.relative_to(folder)): (
        path.is_symlink(),
        path.is_file() and not path.name.endswith("-shm")
        and (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns),
        path.is_dir() and path.stat().st_mtime_ns) for path in (folder, *folder.rglob("*"))}


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", READING.values(), ids=READING)
@pytest.mark.parametrize("make", NOT_OURS)
def test_what_is_not_ours_is_refused_and_stays_as_it_is(
        command: Command, make: Callable[[Path], None], tmp_path: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / NAME, tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    make(folder)
    before = snapshot(folder)
    assert command(folder, out) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ") and told.count("\n") == 1 and "hunter2" not in told
    assert snapshot(folder) == before


@pytest.mark.parametrize("command", READING.values(), ids=READING)
def test_a_study_at_rest_is_read_and_stays_as_it_is(command: Command, finished: Path,
                                                    tmp_path: Path) -> None:
    before = snapshot(finished)
    assert command(finished, tmp_path) == 0
    assert snapshot(finished) == before


@pytest.mark.parametrize("command", READING.values(), ids=READING)
def test_a_study_that_is_running_is_read_and_goes_on(
        command: Command, running: Study, tmp_path: Path) -> None:
    assert (running.session.folder / "study.db-wal").stat().st_size
    before = snapshot(running.session.folder)
    assert command(running.session.folder, tmp_path) == 0
    assert snapshot(running.session.folder) == before
    count = len(running.trials())
    running.run(lambda _: None, lambda: len(running.trials()) > count)
    assert len(running.trials()) == count + 1


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """A study that runs, and writes only when a test lets it: its heart beats once."""
    with pytest.MonkeyPatch.context() as patch, \
            study_of(tmp_path_factory.mktemp("studies") / NAME, None, 99) as study:
        patch.setattr(claims, "BEAT_S", 10**6)
        study.run(lambda _: None, lambda: len(study.trials()) >= 3)
        yield study


@pytest.fixture
def old(finished: Path, tmp_path: Path) -> Path:
    """The folder of a study whose archive is that of the first release."""
    folder = tmp_path / "studies" / NAME
    shutil.copytree(finished, folder)
    with closing(sqlite3.connect(folder / "study.db")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' "
                                   "AND name LIKE 'arch%'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TABLE {name}")
        connection.executescript(FIRST["sqlite"])
    return folder


@pytest.mark.parametrize("command", READING.values(), ids=READING)
def test_an_older_archive_is_not_migrated_by_reading(
        command: Command, old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(old)
    if command(old, tmp_path) == 2:         # the report needs none of its tables
        told = capsys.readouterr().err
        assert "older release" in told and "python -m search.archive migrate" in told
        assert told.count("\n") == 1
    assert snapshot(old) == before
    assert archive_command.main(["migrate", str(old)]) == 0
    assert "brought from 0001 to " in capsys.readouterr().out
    assert command(old, tmp_path) == 0


def test_a_log_that_a_crash_left_is_read(finished: Path, running: Study, tmp_path: Path) -> None:
    folder = tmp_path / NAME
    shutil.copytree(running.session.folder, folder)         # as a kill would leave it
    before = snapshot(folder)
    assert len(read_study(folder).rows) == len(running.trials())
    assert snapshot(folder) == before


def test_what_is_written_while_a_file_at_rest_is_read_is_noticed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    with Archive(url) as archive:
        put(archive)

    def read(connection: sa.Connection, meanwhile: Callable[[], object] = lambda: None) -> object:
        meanwhile()
        return connection.scalar(sa.text("SELECT count(*) FROM arch_evaluation"))

    def write() -> None:
        with Archive(url) as other:     # its log is brought into the file when it closes
            put(other, seed=1)

    with Archive(url, access=Access.READ) as archive:
        with pytest.raises(StorageError, match="another process began to write"):
            archive.database.read(lambda connection: read(connection, write))
        assert archive.database.read(read) == 2


def test_nothing_is_written_through_what_is_opened_to_be_read(url: str) -> None:
    with Archive(url) as archive:
        put(archive)
    optuna.create_study(storage=(storage := open_storage(url, "w", 0)), study_name="s")
    storage.engine.dispose()
    with Archive(url, access=Access.READ) as archive:
        with pytest.raises(StorageError, match=r"cannot be written: .*read-?only"):
            put(archive, seed=1)
        assert len(archive.evaluations()) == 1
    with read_storage(url) as storage:
        study = optuna.load_study(study_name="s", storage=storage)
        with pytest.raises(StorageError, match=r"read-?only"):
            study.set_user_attr("a", 1)
        assert study.user_attrs == {}


def test_a_study_elsewhere_is_read_where_a_person_names_it(
        url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with study_of(tmp_path / NAME, url, 3) as study:
        study.run(lambda _: None)
    assert status.main([url, "--study", NAME, "--once"]) == 0
    assert "3 of 3 finished" in capsys.readouterr().out
    assert report.main([str(tmp_path / NAME), "--storage", url]) == 0
    assert archive_command.main(["check", url]) == 0


# --- writing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("access", Access)
@pytest.mark.parametrize("table", ["places", "trials", "studies", "alembic_version"])
def test_tables_are_made_in_no_database_of_another_program(url: str, access: Access,
                                                           table: str) -> None:
    """Also where a table of theirs is called as one of Optuna's."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE {table} (id INTEGER)"))
    with pytest.raises(StorageError, match=f"is no archive: another program keeps '{table}' in it"):
        Archive(url, access=access)
    assert sa.inspect(engine).get_table_names() == [table]
    engine.dispose()


@pytest.mark.parametrize("arguments", [
    ["import", "--into", "{file}", "{ours}"], ["check", "--repair", "{file}"], ["migrate", "{file}"],
    ["run"]], ids=" ".join)
@pytest.mark.parametrize("make", [as_foreign, as_foreign_with_a_log, as_text])
def test_no_command_writes_to_what_is_not_ours(
        arguments: list[str], make: Callable[[Path], None], finished: Path, tmp_path: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    make(folder)
    before = snapshot(folder / "study.db")
    given = [a.format(file=folder / "study.db", ours=finished) for a in arguments]
    asked = run.main(["--space", "digits", "--objective", "table", "--budget", "400K", "--studies",
                      str(tmp_path / "ours"), "--storage", f"sqlite:///{folder / 'study.db'}"]) \
        if given == ["run"] else archive_command.main(given)
    assert asked == 2 and capsys.readouterr().err.count("\n") == 1
    assert snapshot(folder / "study.db") == before


# --- where a study says that it is ----------------------------------------------------------------


@pytest.mark.parametrize("command", READING.values(), ids=READING)
def test_no_file_chooses_which_database_is_opened(command: Command, finished: Path, tmp_path: Path,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    """A server that a stranger names would be told the password in PGPASSWORD."""
    folder = tmp_path / NAME
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for text in (f"postgresql+psycopg://me:secret@127.0.0.1:{port}/db?passfile=/etc/passwd",
                     f"sqlite:///{finished / 'study.db'}", "a\x1b[2Jb", "\x00", ""):
            (folder / "storage.txt").write_text(text)
            assert command(folder, tmp_path) == 2
            told = capsys.readouterr().err
            assert "no file chooses what is opened" in told and told.count("\n") == 1
            assert "secret" not in told and told.replace("\n", "").isprintable()
        assert select.select([server], [], [], 0)[0] == []


@pytest.mark.parametrize("name", ["study.db", "storage.txt", "finals.csv"])
def test_no_link_in_a_study_leads_to_another_file(name: str, finished: Path,
                                                  tmp_path: Path) -> None:
    folder = tmp_path / NAME
    shutil.copytree(finished, folder)
    if name != "finals.csv":
        (folder / "study.db").unlink()
    (folder / name).symlink_to(finished / "study.db")
    with pytest.raises(SearchspaceError, match=f"{name} is a link"):
        read_study(folder)


@pytest.mark.parametrize("name", ["a b", "a?mode=rwc&uri=true", "a%41", "a#b", "a{b}", "ä@:x"])
def test_a_folders_name_is_never_a_part_of_a_url(name: str, finished: Path,
                                                 tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(finished, folder)
    assert len(read_study(folder).rows) == 4
    for url in (database_of(folder), url_of(str(folder / "study.db")),
                url_of_file(folder / "study.db")):
        with Archive(url, access=Access.READ) as archive:
            assert len(archive.evaluations()) == 4
    with study_of(folder, None, 5) as study:
        study.run(lambda _: None)
    assert len(read_study(folder).rows) == 5 and not (folder / "storage.txt").exists()
    assert re.fullmatch(r"sqlite:///[^?]*", database_of(folder))
