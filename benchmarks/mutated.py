"""Random mutants of the program: one small change each, to a comparison, an operator, a number, a
condition or a statement. `benchmarks/mutants.py` tries them."""

import ast
import importlib.abc
import importlib.util
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType

ROOT = Path(__file__).resolve().parents[1]
CHANGED = "notation", "expansion", "cost.py", "space"       # of searchspace

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
