"""The playground: change a line, see the network, its cost and its predicted accuracy at once.

examples:
  python viz/playground.py                       (opens MobileNetV2)
  python viz/playground.py sinet@1.6
  python viz/playground.py my/net.yaml
  python viz/playground.py mobile                (a space: its holes are controls)
  python viz/playground.py studies/mine          (a study, also while it runs)
  python viz/playground.py postgresql+psycopg://me@host/db#mine

A page in the browser, for this machine and this user alone: its address holds a token. It reads
bundled genotypes and what lies in the current folder, and writes only where you save.
"""
# Worker processes import this file for the functions that it gives them; what a function needs is
# imported there, so that a process that only counts begins at once.

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from searchspace import SearchspaceError
from searchspace.cli import Console, Parser, add_option, load_named, remark, run, start
from searchspace.expansion import Expansion
from searchspace.safety.allowed import noted_in
from searchspace.safety.files import file_name, write_file
from searchspace.safety.reading import read_bytes
from searchspace.scripts import install
from viz.live.folder import Folder
from viz.live.guard import new_token
from viz.live.model.state import State
from viz.live.model.tools import Follow, Known, Near, Told, Tools
from viz.live.processes.lane import Spares
from viz.live.session import World
from viz.live.views import plane
from viz.results import Progress, Results

USUAL = "mobilenet-v2"
SEARCH = "from search.run import main; raise SystemExit(main())"


def predict(expansion: Expansion) -> Told:
    """The predicted accuracy of a network.

    Raises:
        SearchspaceError: it is too far from what is known.
    """
    from search.errors import ScoreError
    from search.predictors.artefact import bundled

    predictor = bundled()
    try:
        found = predictor(expansion)
    except ScoreError as error:
        raise SearchspaceError(str(error)) from None
    nearest = {n.network: Near(n.network, n.top1, n.distance) for n in reversed(found.nearest)}
    return Told(found.value, found.spread, found.lower,
                f"{predictor.scope.data}, trained as its paper would",
                tuple(reversed(nearest.values())))


def known() -> tuple[Known, ...]:
    """The published networks with accuracies, each once, as its own paper trained it."""
    from search.predictors.artefact import bundled

    found = bundled().calibration.known
    rows: dict[str, Known] = {}
    for name, macs, top1 in zip(found.networks, found.macs, found.top1, strict=True):
        rows.setdefault(name, Known(name, float(macs), float(top1)))
    return tuple(rows.values())


@cache
def clock(table: Path) -> Callable[[Expansion], int]:
    """What predicts latencies by a device's table; see `search.latency`."""
    from search.latency.predict import Predictor
    from search.latency.table import LatencyTable

    return Predictor(LatencyTable.read(table)).nanoseconds


def study(follow: Follow, seen: int) -> Progress | None:
    """A study so far."""
    from search.results.follow import reader

    return reader(follow.folder, follow.url).progress(seen)


def trial(follow: Follow, number: int) -> Results | None:
    """A study with one of its trials."""
    from search.results.follow import reader

    return reader(follow.folder, follow.url).trial(number)


def prepare() -> None:
    """Load what reads studies, which takes longer than reading one."""
    for name in ("alembic.command", "search.results.follow"):
        import_module(name)


def command(options: Mapping[str, str]) -> list[str]:
    """The arguments of the process that searches."""
    return [sys.executable, "-c", SEARCH,
            *(word for name, value in options.items() for word in (f"--{name}", value))]


TOOLS = Tools(predict, known, clock, study, trial, prepare, command)


def arguments() -> argparse.ArgumentParser:
    """The options of the command line."""
    parser = Parser("python viz/playground.py", __doc__ or "")
    parser.add_argument("what", nargs="?", default=USUAL, metavar="NAME|PATH|STUDY",
                        help=f"a bundled name, a YAML file, a study's folder or database "
                             f"(default: {USUAL})")
    parser.add_argument("--port", type=int, metavar="N",
                        help="where it listens (default: 8017, or a free one if that is taken)")
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS",
                        help="another address than this machine's own: whoever reaches it and "
                             "knows the token can use this page, start searches, and read what "
                             "lies in this folder; nothing is encrypted")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.add_argument("--latency-table", type=Path, metavar="FILE",
                        help="a device's table of layers: latency becomes a cost; see python -m "
                             "search.latency")
    add_option(parser)
    return parser


def main(given: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user error."""
    from search.archive.connection.arguments import without_secrets

    options = arguments().parse_args(without_secrets(given))
    return run(lambda: _serve(options))


def _serve(options: argparse.Namespace) -> None:
    if find_spec("nicegui") is None:
        raise SearchspaceError(f"the playground needs NiceGUI: {install('playground')}")
    from viz.live.server import Address, listen, serve

    load_named(options)
    home = Path.cwd().resolve()
    table = None
    if options.latency_table is not None:
        clock(options.latency_table)        # read once here, so that a fault is told at once
        table = str(options.latency_table.resolve())
    state, follow, folder = _begin(options.what, home)
    bound = listen(options.host, options.port)
    port = bound.getsockname()[1]
    address = Address(options.host, port, _token(home, port))
    console = Console(soft_wrap=True)
    try:
        serve(World(folder, Spares(TOOLS), table, plane(known()), follow), state, address, bound,
              lambda url: console.print(url), not options.no_browser)
    finally:
        bound.close()
    remark("ended; searches that were started go on, and python search/status.py shows them")


def _begin(what: str, home: Path) -> tuple[State, Follow | None, Folder]:
    """What is shown first: a genotype, or a study beside the usual one."""
    folder = Folder(home)
    if "://" in what:
        url, _, name = what.partition("#")
        return _state(folder, USUAL), Follow(home / (name or "study"), url), folder
    if (Path(what) / "study.db").is_file() or (home / "studies" / what / "study.db").is_file():
        path = Path(what) if (Path(what) / "study.db").is_file() else home / "studies" / what
        return _state(folder, USUAL), Follow(path.resolve()), folder
    stem, at, variant = what.partition("@")
    if stem.endswith((".yaml", ".yml")):
        path = Path(stem).resolve()
        inside = path.is_relative_to(home)
        name = str(path.relative_to(home)) if inside else str(path)
        folder = folder if inside else Folder(home, frozenset({name}))
        what = name + at + variant
    return _state(folder, what), None, folder


def _state(folder: Folder, name: str) -> State:
    found = folder.open(name)
    return State(found.text, found.file, found.variant)


def _token(home: Path, port: int) -> str:
    """The token of this folder and port, kept for the user alone: a page that is still open finds
    a server that was started again."""
    path = noted_in().parent / "playground" / file_name(f"{home}-{port}")
    try:
        kept = read_bytes(path, 200).decode()
        if len(kept) >= len(new_token()):
            return kept
    except (OSError, UnicodeDecodeError):
        pass
    made = new_token()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_file(path, made)
        os.chmod(path, 0o600)
    except OSError:
        return made             # a page that is still open must then be opened again
    return made


if __name__ == "__main__":
    start(main)
