"""Whether the tests see a changed program: random mutants of the notation, the expansion, the costs
and the spaces; see docs/reliability.md.

  python benchmarks/mutants.py 300                   a sample
  python benchmarks/mutants.py 1 --first 17          mutant 17 again
  python benchmarks/mutants.py 50 --show             what would be changed

The tests are run once as they are, by coverage, which tells which of them reach each line. A
mutant (`benchmarks/mutated.py`) meets those that reach what it changes, the fastest first; all of
them, where an import runs that. It is killed if one fails, or takes many times as long. Each mutant
runs in a process forked from one that has imported the libraries.
"""

import argparse
import importlib
import json
import math
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from mutated import ROOT, Changed, Mutant

TESTS = [ROOT / "tests" / f"{name}.py" for name in (
    *(f"searchspace/test_{name}" for name in (
        "formula", "notation", "holes", "errors", "bases", "limits", "versions", "properties",
        "rules", "costs", "everywhere", "memory", "budget", "spaces")),
    "search/test_feasibility", "safety/test_frozen")]
EXTRA, LONGER = 20, 5       # seconds more than, and times as long as usual that a test may take


class Reach(NamedTuple):
    """Which tests reach the lines of the program, and how long each takes, in seconds."""

    seconds: dict[str, float]
    tests: dict[str, dict[int, list[str]]]      # by file and line

    def of(self, mutant: Mutant) -> dict[str, float]:
        """The tests that may see a mutant, the fastest first; all, where an import runs it."""
        lines = self.tests.get(str(mutant.path), {})
        found = {test for line in mutant.lines for test in lines.get(line, [""])}
        return {test: self.seconds[test] for test in sorted(
            self.seconds if "" in found else found, key=self.seconds.__getitem__)}


class Watch:
    """A plugin of pytest that finds out what each test reaches."""

    def __init__(self) -> None:
        import coverage

        self.coverage = coverage.Coverage(data_file=None, config_file=False,
                                          source=[str(ROOT / "searchspace")])
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        self.coverage.switch_context(item.nodeid)
        start = time.monotonic()
        result = yield
        self.seconds[item.nodeid] = time.monotonic() - start
        self.coverage.switch_context("")
        return result

    def write(self, path: Path) -> None:
        data = self.coverage.get_data()
        tests = {file: data.contexts_by_lineno(file) for file in data.measured_files()}
        path.write_text(json.dumps([self.seconds, tests]), encoding="utf-8")


class Chosen:
    """A plugin of pytest that runs some tests, in the order given, and ends the process where one
    takes much more processor time than usual."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds, self.place = seconds, {test: i for i, test in enumerate(seconds)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((item for item in items if item.nodeid in self.place),
                          key=lambda item: self.place[item.nodeid])

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        end = used.ru_utime + used.ru_stime + EXTRA + LONGER * self.seconds[item.nodeid]
        _limit(end)


def measured() -> Reach | None:
    """What the tests reach in the program as it is; None if one of them fails."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reach.json"
        child = os.fork()
        if child == 0:
            watch = Watch()
            watch.coverage.start()
            status = _pytest(TESTS, watch)
            watch.coverage.stop()
            watch.write(path)
            os._exit(status)
        if os.waitpid(child, 0)[1] != 0:
            return None
        seconds, tests = json.loads(path.read_text(encoding="utf-8"))
    return Reach(seconds, {file: {int(line): found for line, found in lines.items()}
                           for file, lines in tests.items()})


def survives(mutant: Mutant, reach: Reach) -> bool:
    """Whether all the tests that reach a mutant pass with it."""
    seconds = reach.of(mutant)
    child = os.fork()
    if child == 0:
        _limit(LONGER * EXTRA)      # imports
        sys.meta_path.insert(0, Changed(mutant.module, mutant.code, mutant.path))
        names = {test.partition("::")[0] for test in seconds}
        os._exit(_pytest([path for path in TESTS if path.relative_to(ROOT).as_posix() in names],
                         Chosen(seconds)))
    limit = EXTRA + LONGER * (EXTRA + sum(seconds.values()))    # tests may wait, too
    end = time.monotonic() + limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.1)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


def _limit(seconds: float) -> None:
    """The process ends once it has taken so much processor time."""
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), resource.RLIM_INFINITY))


def _pytest(files: list[Path], plugin: object) -> int:
    """The exit status of tests, which say nothing."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    try:
        return int(pytest.main([
            "-x", "-q", "-n", "0", "-p", "no:cacheprovider",
            "-o", "addopts=-m 'not slow and not campaign'", *map(str, files)], [plugin]))
    except BaseException:       # a changed module can raise anything
        return 3


def main() -> int:
    """Try mutants."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, help="how many mutants")
    parser.add_argument("--first", type=int, default=0, help="number of the first one (default: 0)")
    parser.add_argument("--show", action="store_true", help="print the mutants, and run nothing")
    given = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    os.chdir(ROOT)
    if not given.show:
        for library in ("networkx", "optuna", "sqlalchemy", "rich", "yaml"):
            importlib.import_module(library)
    mutants = [(number, Mutant(number)) for number in range(given.first, given.first + given.count)]
    if given.show:
        for number, mutant in mutants:
            print(number, mutant)
        return 0
    if (reach := measured()) is None:
        print("error: the tests fail without a mutant", file=sys.stderr)
        return 1
    print(f"{len(reach.seconds):,} tests, {sum(reach.seconds.values()):.0f} s", flush=True)
    alive = 0
    for done, (number, mutant) in enumerate(mutants, 1):
        alive += (lives := survives(mutant, reach))
        print(f"{number} {'survives' if lives else 'killed'} (of {done}): {mutant}", flush=True)
    print(f"{given.count} mutants, {given.count - alive} killed ({1 - alive / given.count:.0%})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
