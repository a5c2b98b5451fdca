"""Each language that text reaches has one door: what speaks it elsewhere is found here."""

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@cache
def nodes() -> dict[str, list[ast.AST]]:
    """What the syntax tree of each module holds."""
    return {str(path.relative_to(ROOT)): [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
            for package in ("searchspace", "search", "viz") for path in (ROOT / package).rglob("*.py")}


def called(node: ast.AST) -> str:
    """The last name of what is called."""
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else \
        function.id if isinstance(function, ast.Name) else ""


def imports(*names: str) -> Callable[[ast.AST], bool]:
    """Whether a module, something from it, or a name of one is imported."""
    def found(node: ast.AST) -> bool:
        module = f"{'.' * node.level}{node.module}." if isinstance(node, ast.ImportFrom) else ""
        return isinstance(node, ast.Import | ast.ImportFrom) and any(
            f"{module}{alias.name}.".startswith(f"{name}.") for alias in node.names
            for name in names)
    return found


def is_built(node: ast.AST) -> bool:
    """Whether a text is put together from others."""
    return isinstance(node, ast.JoinedStr | ast.BinOp) or called(node) in ("format", "join")


# What speaks a language, and the only modules that do.
DOORS: dict[str, tuple[Callable[[ast.AST], bool], set[str]]] = {
    "a terminal": (lambda n: isinstance(n, ast.Call) and ast.unparse(n.func) in (
        "print", "sys.stdout.write", "sys.stderr.write"),
        {"searchspace/scripts.py"}),        # before it is known whether the rest is this project's
    "rich": (imports("rich.console.Console", "rich.print", "rich.get_console"), set()),
    "rich's markup": (lambda n: called(n) in ("from_markup", "render_markup") or (
        isinstance(n, ast.keyword) and n.arg in ("markup", "emoji")), {"searchspace/cli/console.py"}),
    "argparse's errors": (lambda n: called(n) == "ArgumentParser" or (isinstance(n, ast.ClassDef)
                          and "argparse" in "".join(map(ast.unparse, n.bases))),
                          {"searchspace/cli/options.py"}),
    # tables of others are only read, and by column
    "CSV": (imports("csv"), {"search/spreadsheet.py", "search/tables/sheets.py"}),
    "HTML": (imports("html"), {"searchspace/text.py"}),
    "templates": (lambda n: called(n) in ("Environment", "Template", "from_string", "Markup"),
                  {"viz/templates.py"}),
    "YAML": (imports("yaml"), {"searchspace/notation/reader.py", "searchspace/notation/writer.py"}),
    "SQL": (lambda n: called(n) in ("execute", "exec_driver_sql", "text", "literal_column")
            and any(is_built(a) for a in n.args), set()),  # type: ignore[attr-defined]
    "a shell": (lambda n: called(n) in ("system", "popen", "getoutput") or (
        isinstance(n, ast.keyword) and n.arg == "shell"), set()),
    "Python": (lambda n: isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
               and n.func.id in ("eval", "exec", "compile"),
               {"searchspace/plugins.py", "searchspace/export/code.py", "searchspace/export/timm.py"}),
}


@pytest.mark.parametrize("language", DOORS)
def test_a_language_has_one_door(language: str) -> None:
    speaks, doors = DOORS[language]
    assert {path for path, inside in nodes().items() if any(map(speaks, inside))} == doors
