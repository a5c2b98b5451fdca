"""Whether the tests see a changed program: random mutants of the notation, the expansion, the costs
and the spaces, each against the tests of its room; see docs/reliability.md.

  python benchmarks/mutants.py 300                   a sample
  python benchmarks/mutants.py 1 --first 17          mutant 17 again
  python benchmarks/mutants.py 50 --show             what would be changed

A mutant is one small change: a comparison, an operator, a number, a condition, a statement. It is
killed if a test fails, hangs or cannot be collected. The survivors are printed. Each mutant runs in
a process forked from one that has imported the libraries.
"""

import argparse
import ast
import importlib
import importlib.abc
import importlib.util
import os
import random
import resource
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType

ROOT = Path(__file__).resolve().parents[1]

# The code of each room, and its tests, those that fail soonest first.
ROOMS = {
    "notation": ["test_formula", "test_notation", "test_holes", "test_errors", "test_bases",
                 "test_limits", "test_versions", "test_properties", "test_rules"],
    "expansion": ["test_notation", "test_holes", "test_costs", "test_everywhere", "test_limits",
                  "test_memory", "test_errors", "test_properties"],
    "cost.py": ["test_costs", "test_memory", "test_limits"],
    "space": ["test_holes", "test_budget", "test_spaces", "test_properties",
              "../search/test_feasibility", "../safety/test_frozen"],
}
SECONDS = 400           # of processor time for a mutant's tests, which may loop,
PATIENCE = 2_000        # and of the clock, since they may also wait

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
def places() -> list[tuple[str, Path, int]]:
    """Each node that can be changed: the room, the file, and its number there."""
    found = []
    for room in ROOMS:
        home = ROOT / "searchspace" / room
        for path in sorted(home.glob("*.py")) if home.is_dir() else [home]:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found += [(room, path, i) for i, _ in enumerate(sites(tree))]
    return found


class Mutant:
    """The mutant of a number: a module, with one of its nodes changed."""

    def __init__(self, number: int) -> None:
        self.room, self.path, index = random.Random(number).choice(places())
        tree = ast.parse(self.path.read_text(encoding="utf-8"))
        node, self.kind = list(sites(tree))[index]
        self.line = node.lineno         # type: ignore[attr-defined]
        before = ast.unparse(node)
        change(node, self.kind)
        self.what = f"{before.splitlines()[0][:60]} → {ast.unparse(node).splitlines()[0][:60]}"
        self.code = compile(ast.fix_missing_locations(tree), str(self.path), "exec")
        inside = self.path.relative_to(ROOT).with_suffix("")
        self.module = ".".join(inside.parts).removesuffix(".__init__")

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} {self.kind}: {self.what}"


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


def passes(room: str, mutant: Mutant | None = None) -> bool:
    """Whether the tests of a room pass, with a mutant in it or as it is."""
    child = os.fork()
    if child == 0:
        _test(room, mutant)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.1)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


def _test(room: str, mutant: Mutant | None) -> None:
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    if mutant is not None:
        sys.meta_path.insert(0, Changed(mutant.module, mutant.code, mutant.path))
    tests = [str(ROOT / "tests" / "searchspace" / f"{name}.py") for name in ROOMS[room]]
    status = 3
    try:
        status = int(pytest.main([
            "-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-p", "no:doctest",
            "-o", "addopts=-m 'not slow and not campaign'", *tests]))
    finally:
        os._exit(status)


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
    survivors, sound = [], set()
    for done, number in enumerate(range(given.first, given.first + given.count), 1):
        mutant = Mutant(number)
        if given.show:
            print(number, mutant)
            continue
        if mutant.room not in sound and not passes(mutant.room):
            print(f"error: the tests of {mutant.room} fail without a mutant", file=sys.stderr)
            return 1
        sound.add(mutant.room)
        if passes(mutant.room, mutant):
            survivors.append(mutant)
            print(f"{number} survives (of {done}): {mutant}", flush=True)
        else:
            print(f"{number} killed: {mutant}", flush=True)
    if not given.show:
        print(f"{given.count} mutants, {given.count - len(survivors)} killed "
              f"({1 - len(survivors) / given.count:.0%})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
