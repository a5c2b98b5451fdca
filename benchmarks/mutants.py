"""Whether the tests see a changed program: random mutants of the notation, the expansion, the costs
and the spaces; see docs/reliability.md.

  python benchmarks/mutants.py 300                   a sample
  python benchmarks/mutants.py 1 --first 17          mutant 17 again
  python benchmarks/mutants.py 50 --show             what would be changed

A mutant is one small change: a comparison, an operator, a number, a condition, a statement. The
tests are run once as they are, by coverage, which tells which of them reach each line. A mutant
meets those that reach what it changes, the fastest first; all of them, where that is run by an
import. It is killed if one fails, or takes many times as long. The survivors are printed. Each
mutant runs in a process forked from one that has imported the libraries.
"""

import argparse
import ast
import importlib
import importlib.abc
import importlib.util
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHANGED = "notation", "expansion", "cost.py", "space"       # of searchspace
TESTS = [ROOT / "tests" / f"{name}.py" for name in (
    *(f"searchspace/test_{name}" for name in (
        "formula", "notation", "holes", "errors", "bases", "limits", "versions", "properties",
        "rules", "costs", "everywhere", "memory", "budget", "spaces")),
    "search/test_feasibility", "safety/test_frozen")]
STARTED, LONGER = 60, 5     # seconds for imports, and how many times as long tests may take

COMPARE = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
           ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot,
           ast.IsNot: ast.Is}
BINARY = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult,
          ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr}


def sites(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """What can be changed: nodes, and how; not annotations, docstrings and messages."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            skipped.update(map(id, ast.walk(node.annotation)))
        if isinstance(node, ast.FunctionDef):
            for part in (node.returns, *(a.annotation for a in node.args.args)):
                skipped.update(map(id, ast.walk(part)) if part else ())
        if isinstance(node, ast.Raise | ast.Assert | ast.JoinedStr | ast.Import | ast.ImportFrom):
            skipped.update(map(id, ast.walk(node)))
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARE:
            yield node, "compare"
        elif isinstance(node, ast.BinOp) and type(node.op) in BINARY:
            yield node, "operator"
        elif isinstance(node, ast.BoolOp):
            yield node, "and or"
        elif isinstance(node, ast.Constant) and type(node.value) in (int, bool):
            yield node, "number"
        elif isinstance(node, ast.If | ast.IfExp | ast.While):
            yield node, "condition"
        elif isinstance(node, ast.AugAssign) or (isinstance(node, ast.Expr) and not isinstance(
                node.value, ast.Constant | ast.Yield)):
            yield node, "statement"


def change(node: ast.AST, kind: str) -> None:
    """Change a node in place."""
    if isinstance(node, ast.Compare):
        node.ops[0] = COMPARE[type(node.ops[0])]()
    elif isinstance(node, ast.BinOp):
        node.op = BINARY[type(node.op)]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.Constant):
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        node.test = ast.UnaryOp(ast.Not(), node.test)
    else:
        vars(node).clear()
        node.__class__ = ast.Pass


@cache
def places() -> list[tuple[Path, int]]:
    """Each node that can be changed: the file, and its number there."""
    found = []
    for part in CHANGED:
        home = ROOT / "searchspace" / part
        for path in sorted(home.glob("*.py")) if home.is_dir() else [home]:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found += [(path, i) for i, _ in enumerate(sites(tree))]
    return found


class Mutant:
    """The mutant of a number: a module, with one of its nodes changed."""

    def __init__(self, number: int) -> None:
        self.path, index = random.Random(number).choice(places())
        tree = ast.parse(self.path.read_text(encoding="utf-8"))
        node, self.kind = list(sites(tree))[index]
        self.lines = range(node.lineno, node.end_lineno + 1)        # type: ignore[attr-defined]
        before = ast.unparse(node)
        change(node, self.kind)
        self.what = f"{before.splitlines()[0][:60]} → {ast.unparse(node).splitlines()[0][:60]}"
        self.code = compile(ast.fix_missing_locations(tree), str(self.path), "exec")
        inside = self.path.relative_to(ROOT).with_suffix("")
        self.module = ".".join(inside.parts).removesuffix(".__init__")

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.lines[0]} {self.kind}: {self.what}"


class Changed(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports the changed module in place of the one on the disk."""

    def __init__(self, module: str, code: CodeType, path: Path) -> None:
        self.module, self.code, self.path = module, code, path

    def find_spec(self, fullname, path=None, target=None):          # type: ignore[no-untyped-def]
        if fullname != self.module:
            return None
        is_package = self.path.name == "__init__.py"
        return importlib.util.spec_from_loader(fullname, self, origin=str(self.path),
                                               is_package=is_package)

    def get_code(self, fullname):                                   # type: ignore[no-untyped-def]
        return self.code

    def get_source(self, fullname):                                 # type: ignore[no-untyped-def]
        return None

    def is_package(self, fullname):                                 # type: ignore[no-untyped-def]
        return self.path.name == "__init__.py"


@dataclass
class Reach:
    """Which tests reach the lines of the program, and how long each takes, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)
    tests: dict[str, dict[int, list[str]]] = field(default_factory=dict)    # by file and line

    def of(self, mutant: Mutant) -> list[str]:
        """The tests that may see a mutant, the fastest first; all, where an import runs it."""
        lines = self.tests.get(str(mutant.path), {})
        found = {test for line in mutant.lines for test in lines.get(line, [""])}
        return sorted(self.seconds if "" in found else found, key=self.seconds.__getitem__)


class Watch:
    """A plugin of pytest that finds out what each test reaches."""

    def __init__(self) -> None:
        import coverage

        self.coverage = coverage.Coverage(data_file=None, config_file=False,
                                          source=[str(ROOT / "searchspace")])
        self.reach = Reach()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        self.coverage.switch_context(item.nodeid)
        start = time.monotonic()
        result = yield
        self.reach.seconds[item.nodeid] = time.monotonic() - start
        self.coverage.switch_context("")
        return result

    def write(self, path: Path) -> None:
        data = self.coverage.get_data()
        tests = {file: data.contexts_by_lineno(file) for file in data.measured_files()}
        path.write_text(json.dumps([self.reach.seconds, tests]), encoding="utf-8")


class Chosen:
    """A plugin of pytest that runs some tests, in the order given."""

    def __init__(self, tests: list[str]) -> None:
        self.place = {test: i for i, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((item for item in items if item.nodeid in self.place),
                          key=lambda item: self.place[item.nodeid])


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
    tests = reach.of(mutant)
    limit = round(STARTED + LONGER * sum(map(reach.seconds.__getitem__, tests)))
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        sys.meta_path.insert(0, Changed(mutant.module, mutant.code, mutant.path))
        files = [path for path in TESTS
                 if any(t.startswith(f"{path.relative_to(ROOT).as_posix()}::") for t in tests)]
        os._exit(_pytest(files, Chosen(tests)))
    end = time.monotonic() + LONGER * limit     # tests may wait, too
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.1)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


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
        for library in ("pytest", "networkx", "optuna", "sqlalchemy", "rich", "yaml"):
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
