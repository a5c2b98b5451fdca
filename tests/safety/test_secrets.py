"""A secret in a database's URL is seen nowhere: no output, file, row, error or process argument.

The secrets are generated. Each holds a number between whatever other characters, so that a part of
one is noticed too.
"""

import contextlib
import html
import io
import os
import pickle
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

import pytest
import sqlalchemy as sa
from filelock import FileLock
from hypothesis import example, given, settings
from hypothesis import strategies as st

import search.launchers.local
import search.storage.opening
from benchmarks.reliability import study_of
from search.archive import Archive
from search.archive.__main__ import main as archive
from search.archive.connection.arguments import scrub_command, without_secrets
from search.archive.connection.locations import all_urls, database_of, new_url, remember, url_of
from search.archive.connection.urls import (
    MASK,
    VARIABLE,
    bare,
    called,
    environment,
    hidden,
    keep,
    scrub,
    whole,
)
from search.launchers.worker import WorkerJob
from search.results.read import read_study
from search.run import main as run
from search.status import main as status
from searchspace import SearchspaceError
from viz.report import main as report

ROOT = Path(__file__).parents[2]
NUMBER = "9170263548"
SEARCH = ["--budget", "400K", "--space", "digits", "--objective", "table", "--sampler", "random"]

SHAPES = (
    "postgresql+psycopg://me:{}@127.0.0.1:9/db", "postgresql+psycopg://:{}@127.0.0.1:9",
    "postgresql://me:{}@[::1]:9/db", "postgresql+psycopg://me:{}@/db?host=/nowhere",
    "postgresql+psycopg://ü%40x:{}@127.0.0.1:9/db?sslmode=disable&connect_timeout=1",
    *(f"postgresql+psycopg://me@127.0.0.1:9/db?application_name=x&{key}={{}}" for key in (
        "password", "passfile", "sslpassword", "service", "PASSWORD", "pass%77ord", "plugin",
        "nonesuch", "")),
    "postgresql+psycopg://127.0.0.1:9/db?{}", "postgresql+psycopg:///db?host=/nowhere&password={}",
    "postgresql+psycopg://me:{}@127.0.0.1:9/db?sslpassword={}&service={}",
    "mysql://me:{}@127.0.0.1:9/db", "wéird+schème://me:{}@127.0.0.1/db",
    # not URLs, but near enough
    "postgresql+psycopg://me:{}@127.0.0.1:notaport/db", "post-gres://me:{}@127.0.0.1/db",
    "postgresql+psycopg://me:{}@two@hosts/db", "postgresql+psycopg:///me:{}@127.0.0.1/db",
    "postgresql+psycopg://me%3A{}%40127.0.0.1/db", "postgresql+psycopg://me:{}@[::1/db",
    "jdbc:postgresql://me:{}@127.0.0.1/db", "postgresql:/me:{}@127.0.0.1/db",
    "me:{}@127.0.0.1/db", "host=127.0.0.1 password={}", "'postgresql://me:{}@127.0.0.1/db'",
    "sqlite://me:{}@127.0.0.1/db",
)
ENCODINGS: tuple[Callable[[str], str], ...] = (
    str, lambda s: quote(s, safe=""), quote_plus,
    lambda s: "".join(f"%{byte:02x}" for byte in s.encode()))

others = st.text(st.sampled_from("@:/?#&=+%;[]{}'\"$ .,\\<>|\t\r\naZé∞\u00a0\0"), max_size=3)
secrets = st.lists(others, min_size=2, max_size=4).map(NUMBER.join)
urls = st.builds(lambda shape, encode, secret: shape.format(*[encode(secret)] * 3),
                 st.sampled_from(SHAPES), st.sampled_from(ENCODINGS), secrets)


def assert_hidden(*texts: object) -> None:
    """No part of the secret is in the texts, however it is written and wherever a line breaks."""
    for text in map(str, texts):
        bare_text = "".join(text.split())
        for form in (bare_text, unquote(bare_text)):
            assert NUMBER not in form, text


def told(work: Callable[[], object]) -> str:
    """What is printed, returned or raised, which is no traceback."""
    with contextlib.redirect_stdout(io.StringIO()) as out, \
            contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            result: object = work()
        except (SearchspaceError, SystemExit) as error:
            result = error
    return f"{out.getvalue()}{err.getvalue()}{result!r}{result}"


def written(folder: Path) -> Iterator[object]:
    """What is in a folder: names, and what the files hold."""
    for path in folder.rglob("*"):
        yield path.name
        if path.is_file():
            yield path.read_bytes()


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is not there is not waited for, and no secret is known from before."""
    monkeypatch.setattr(search.storage.opening, "_TRIES", 1)
    monkeypatch.setattr("search.archive.connection.urls._given", {})
    monkeypatch.delenv(VARIABLE, raising=False)


# The function that scrubs

@settings(max_examples=300)
@given(urls)
def test_no_form_of_a_url_shows_its_secret(url: str) -> None:
    shown = keep(url)
    assert_hidden(scrub(url), shown, bare(url), called(url))
    if "://" in url:        # else nobody can know what it is meant for
        assert_hidden(without_secrets([url, f"--s={url}"]))
    assert shown == scrub(url) == scrub(shown) == keep(shown) and bare(shown) == bare(bare(url))
    assert_hidden(scrub_command(shlex.join(["python", "run.py", "--storage", shown])))
    with contextlib.suppress(sa.exc.ArgumentError):
        assert whole(shown) == whole(url) == whole(bare(url)) == url
        assert environment(shown) == {VARIABLE: url}
        assert_hidden(hidden(f"{url}: {unquote(url)}"))


@given(st.text(st.sampled_from(":/?@&=%[]*.1u"), max_size=12), st.sampled_from(
    ["postgresql+psycopg", "sqlite"]))
@example("me:1/1@host:5432/db?password=a@b", "postgresql")
@example("h:5432/db?password=a@b", "postgresql")
def test_a_url_that_is_taken_is_read_as_sqlalchemy_reads_it(rest: str, scheme: str) -> None:
    url = f"{scheme}://{rest}"
    try:
        wanted = sa.make_url(whole(url))
    except sa.exc.ArgumentError:
        return
    shown = sa.make_url(scrub(url))
    assert shown.password in (None, "", MASK) and not set(shown.query) - {"password"}
    assert shown.set(password=None, query={}) == wanted.set(password=None, query={})


@pytest.mark.parametrize("url", [
    "sqlite:///studies/a@b:c/study.db", "sqlite:////x/ä b=c/study.db?mode=ro&uri=true", "sqlite://",
    "sqlite:////x/a\nb/study.db",
    "postgresql+psycopg://me@host/db?sslmode=require&options=-csearch_path%3Dmine",
    "postgresql+psycopg://postgres:@/postgres?host=/tmp/x", "studies/mine", "mine.db"])
def test_what_holds_no_secret_is_left_as_it_is(url: str) -> None:
    assert scrub(url) == bare(url) == keep(url) == url and not environment()
    assert without_secrets([url, f"--storage={url}"]) == [url, f"--storage={url}"]


def test_secrets_come_from_the_environment_for_their_own_database_only(
        monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql+psycopg://me:secret@host/db?sslpassword=too"
    monkeypatch.setenv(VARIABLE, f"no url\n{url}")
    shown = "postgresql+psycopg://me:***@host/db?sslpassword=***"
    assert whole(shown) == whole(bare(url)) == url
    for other in ("postgresql+psycopg://me@evil/db", "postgresql+psycopg://you:***@host/db"):
        assert whole(other) == bare(other)


# Every place

SEARCHES: tuple[Callable[[str, Path], object], ...] = (
    *(lambda url, folder, said=said: run(
        [*SEARCH, "--trials", "1", "--studies", str(folder), *[s.format(url) for s in said]])
      for said in (["--storage", "{}"], ["--storage={}"], ["--stor", "{}", "--workers", "2"],
                   ["--storage", "{}", "--launcher", "slurm"])),
    lambda url, folder: study_of(folder, url, 1).__enter__())


@settings(max_examples=12)
@given(urls, st.sampled_from(SEARCHES))
def test_no_search_shows_or_writes_a_secret(url: str, search: Callable[[str, Path], object]
                                            ) -> None:
    with tempfile.TemporaryDirectory() as home:
        assert_hidden(told(lambda: search(url, Path(home))), *written(Path(home)))


def places(url: str, folder: Path) -> Iterator[Callable[[], object]]:
    """All else that takes the URL of a database, asked with one."""
    home = ["--studies", str(folder)]
    if "://" in url:
        for misplaced in ([url], ["--seed", url], [f"--input={url}"], ["--storge", url]):
            yield lambda misplaced=misplaced: run([*SEARCH, *home, *misplaced])
    yield lambda: status([url, "--once", *home])
    yield lambda: archive([*home, "check", url])
    yield lambda: archive([*home, "export", str(folder / "x.csv"), url])
    yield lambda: archive([*home, "import", url, "--into", str(folder / "all.db")])
    with Archive(f"sqlite:///{folder / 'own.db'}"):
        yield lambda: archive([*home, "import", str(folder / "own.db"), "--into", url])
    yield lambda: report([str(folder), "--storage", url])
    yield lambda: Archive(url)
    yield lambda: read_study(folder, url)
    yield lambda: WorkerJob(None, folder, "s", url)
    yield lambda: pickle.dumps(WorkerJob(None, folder, "s", url))
    yield lambda: url_of(url, folder)
    yield lambda: new_url(url)
    yield lambda: all_urls([url], folder)
    (folder / "far").mkdir()
    yield lambda: remember(folder / "far", url)
    for text in (bare(url), url):       # as it is remembered, and as it was
        (folder / "far" / "storage.txt").write_text(text, encoding="utf-8")
        yield lambda: database_of(folder / "far")
        yield lambda: read_study(folder / "far")
        yield lambda: status(["far", "--once", *home])
        (folder / "far" / "storage.txt").unlink()


@settings(max_examples=30)
@given(urls)
def test_no_place_shows_or_writes_a_secret(url: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        for ask in places(url, Path(home)):
            assert_hidden(told(ask))
        assert_hidden(*written(Path(home)))


def test_a_study_of_an_older_release_that_holds_one_is_shown_without(tmp_path: Path) -> None:
    with study_of(tmp_path / "reliability", None, 1) as study:
        study.run(lambda _: None)
        for said in (f"python search/run.py --storage postgresql://me:{NUMBER}@host/db",
                     f"python 'search/run.py --storage postgresql://me:{NUMBER}@host/db"):
            study.session.study.set_user_attr("command", said)
            shown = read_study(tmp_path / "reliability").command
            assert MASK in shown
            assert_hidden(shown)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_a_process_that_was_started_with_a_secret_starts_anew_without(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import os, sys\nfrom pathlib import Path\n"
                      "from search.archive.connection.arguments import without_secrets\n"
                      "from search.archive.connection.urls import whole\n"
                      "shown = without_secrets()\n"
                      "print(shown, Path('/proc/self/cmdline').read_bytes(), os.getpid())\n"
                      "assert sys.flags.utf8_mode and sys.stdin.read() == 'typed'\n"
                      "assert whole(shown[1]) == sys.argv[2].replace('***', sys.argv[3][::-1])\n")
    url = f"postgresql+psycopg://me:{NUMBER}@127.0.0.1:9/db"
    with subprocess.Popen([sys.executable, "-X", "utf8", str(script), "--storage", url,
                           NUMBER[::-1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        out, err = process.communicate("typed", timeout=100)
    assert process.returncode == 0 and out.strip().endswith(str(process.pid)), err
    assert_hidden(out, err)


class Started:
    """Stands for a process that is started."""

    def __init__(self, arguments: list[str], env: dict[str, str], **given_too: object) -> None:
        self.arguments, self.environment, self.stdin = arguments, env, io.BytesIO()


def test_a_worker_on_this_machine_finds_the_secret_in_its_environment_alone(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.launchers.local.subprocess, "Popen", Started)
    url = f"postgresql+psycopg://me:{NUMBER}@127.0.0.1:9/db"
    keep(url.replace("127.0.0.1", "localhost"))     # of another database, which it needs not know
    worker = search.launchers.local._start(WorkerJob(None, Path(), "s", url), "search.launchers")
    assert worker.environment.pop(VARIABLE) == url
    assert_hidden(worker.arguments, worker.environment, worker.stdin.getvalue())


# A real server that asks for the password

PASSWORD = f"{NUMBER}@:/?&=%ü {{x}}"


@pytest.fixture
def guarded(postgres: str) -> Iterator[str]:
    """The URL, password and all, of an empty database whose owner has to give it."""
    server = sa.make_url(postgres).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        ask = connection.connection.driver_connection.execute
        ask("DROP DATABASE IF EXISTS guarded")
        ask("DROP ROLE IF EXISTS keeper")
        ask("SET password_encryption = 'scram-sha-256'")
        ask(f"CREATE ROLE keeper LOGIN PASSWORD '{PASSWORD}'")
        ask("CREATE DATABASE guarded OWNER keeper")
        rules = Path(ask("SHOW hba_file").fetchone()[0])
        before = rules.read_text(encoding="utf-8")
        rules.write_text(f"local all keeper scram-sha-256\n{before}", encoding="utf-8")
        ask("SELECT pg_reload_conf()")
    yield server.set(username="keeper", password=PASSWORD, database="guarded").render_as_string(
        hide_password=False)
    rules.write_text(before, encoding="utf-8")
    engine.dispose()


def rows(url: str) -> Iterator[str]:
    """Everything in a database."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            for row in connection.exec_driver_sql(f'SELECT t::text FROM "{table}" t'):
                yield row[0]
    engine.dispose()


def processes() -> dict[int, str]:
    """What every process was started with."""
    found = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdecimal():
                found[int(folder.name)] = (folder / "cmdline").read_text(errors="replace")
    return found


def search_by(launcher: list[str], url: str, home: Path) -> str:
    """What a whole search prints, during which no process shows the password, but for the moment
    before the first one starts anew."""
    command = [sys.executable, str(ROOT / "search" / "run.py"), *SEARCH, "--study", "s", "--trials",
               "6", "--studies", str(home), *launcher, "--storage", url]
    alone = FileLock(Path(tempfile.gettempdir()) / "searchspace-secrets.lock")   # among test processes
    with alone, tempfile.TemporaryFile("w+") as out, \
            subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT) as process:
        open_to_all = 0
        while process.poll() is None:
            seen = processes()
            seen.pop(os.getpid(), None)
            if NUMBER in unquote(seen.get(process.pid, "")):
                open_to_all += 1
            else:
                assert_hidden(*seen.values())
            time.sleep(0.02)
        out.seek(0)
        assert process.returncode == 0, out.read()
        assert open_to_all
        return out.read()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
@pytest.mark.parametrize("launcher", [
    ["--workers", "2"], ["--workers", "2", "--launcher", "slurm", "--address", "local"],
    ["--workers", "2", "--launcher", "ray"]], ids=["local", "slurm", "ray"])
def test_a_search_with_workers_leaves_no_password(
        launcher: list[str], guarded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
        ) -> None:
    for kind, package in (("slurm", "submitit"), ("ray", "ray")):
        if kind in launcher:
            pytest.importorskip(package)
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as logs:     # sockets: a short name
        monkeypatch.setenv("RAY_TMPDIR", logs)
        assert_hidden(search_by(launcher, guarded, tmp_path), *written(tmp_path),
                      *written(Path(logs)), *rows(guarded))
        assert ("ray" in launcher) == any(Path(logs).rglob("*.out"))


def asked(arguments: list[str], returns: int = 0) -> str:
    """What a command of the project prints."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=200)
    assert done.returncode == returns, done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_study_is_continued_by_who_has_the_password(
        guarded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def page() -> str:
        return (tmp_path / "s" / "report.html").read_text(encoding="utf-8")

    home = ["--studies", str(tmp_path)]
    # no file in a study's folder chooses what is opened: the database is named
    watch = ["search/status.py", scrub(guarded), "--study", "s", "--once"]
    monkeypatch.setenv(VARIABLE, guarded)
    said = asked(["search/run.py", *SEARCH, "--study", "s", "--trials", "2", *home, "--storage",
                  scrub(guarded)])
    told = html.unescape(page().partition('class="command">')[2].partition("</code>")[0])
    assert "keeper:***@" in told
    assert_hidden(said, asked(shlex.split(told)[1:]), asked(watch))     # it can be done again
    monkeypatch.delenv(VARIABLE)
    said = asked(watch, returns=2)
    assert f"set PGPASSWORD, or {VARIABLE} to the whole URL" in said and said.count("\n") == 1
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert_hidden(said, asked(watch), asked(["viz/report.py", str(tmp_path / "s"), "--storage",
                                             scrub(guarded)]), page(),
                  *written(tmp_path), *rows(guarded))
