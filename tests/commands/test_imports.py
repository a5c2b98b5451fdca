"""Imports point one way, and torch is imported only by what computes with it."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("searchspace", "search", "viz")
FILES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))

# Below each other: a module imports from its own layer and those above it in this list.
LAYERS = [
    {"errors"}, {"display"}, {"arithmetic"}, {"formula"}, {"ops"}, {"tree"}, {"graphs"}, {"holes"}, {"naming"}, {"substitute"},
    {"program"}, {"reserved"}, {"steps"}, {"blocks"}, {"header"}, {"documents"}, {"genotype"},
    {"load"}, {"state"}, {"recall"}, {"structure"}, {"inputs"}, {"invoke"}, {"expand"}, {"fill"},
]
# What computes when it is imported; all else imports torch when it is asked for a module.
TORCH = {"searchspace/builder.py", "searchspace/ops/modules.py",
         *(f"search/scores/{name}.py" for name in (
             "agreements", "codes", "exponents", "images", "nodes", "running")),
         *(f"search/training/{name}.py" for name in ("augment", "batches", "checkpoint", "device",
                                                     "loop", "optimise"))}


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path, everywhere: bool = True) -> set[str]:
    """Absolute names of the modules that a file imports: everywhere in it, or when it is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = module(path).split(".")
            if path.name != "__init__.py":
                package = package[:-1]
            base = ".".join(package[:len(package) - node.level + 1]) if node.level else ""
            name = ".".join(part for part in (base, node.module or "") if part)
            found |= {name} | {f"{name}.{a.name}" for a in node.names}
        lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        if everywhere or not (lazy or typing):
            todo += [n for n in ast.iter_child_nodes(node) if not (typing and lazy)]
    return found


def layer(name: str) -> int | None:
    part = name.split(".")[1] if name.startswith("searchspace.") else ""
    return next((i for i, names in enumerate(LAYERS) if part in names), None)


def test_the_files_are_found() -> None:
    names = {module(p) for p in FILES}
    assert {f"searchspace.{n}" for names_ in LAYERS for n in names_} <= names
    assert "searchspace.notation.holes" in imported(ROOT / "searchspace/expansion/expand.py")
    assert "searchspace.errors" in imported(ROOT / "searchspace/ops/base.py")


@pytest.mark.parametrize("path", FILES, ids=module)
def test_imports_point_one_way(path: Path) -> None:
    package, here = module(path).split(".")[0], layer(module(path))
    for name in imported(path):
        root = name.split(".")[0]
        if package == "searchspace":
            assert root not in ("search", "viz"), f"{module(path)} imports {name}"
        elif root in PACKAGES and root not in (package, "searchspace"):
            # results reach `viz` as rows; only command lines put the two together
            assert path.name in ("run.py", "render.py", "report.py", "outputs.py", "rows.py", "pictures.py",
                                 "__main__.py"), \
                f"{module(path)} imports {name}"
        there = layer(name)
        if package == "searchspace" and here is not None and name.startswith("searchspace."):
            if there is None:       # a name of the package itself, or a module above the layers
                assert not (ROOT / f"{name.replace('.', '/')}.py").is_file(), \
                    f"{module(path)} imports {name}"
            elif here < there:
                typed = name not in imported(path, everywhere=False)
                assert typed and here >= layer("searchspace.compiler.program"), \
                    f"{module(path)} imports {name}"


def test_no_import_comes_back() -> None:
    known = {module(p): p for p in FILES}
    edges = [(name, other) for name, path in known.items()
             for other in imported(path, everywhere=False) & set(known)
             if other != name and not name.startswith(f"{other}.")]     # a package and its parts
    assert len(edges) > 100
    assert nx.is_directed_acyclic_graph(graph := nx.DiGraph(edges)), nx.find_cycle(graph)


@pytest.mark.parametrize("path", [p for p in FILES if str(p.relative_to(ROOT)) not in TORCH],
                         ids=module)
def test_no_module_imports_torch_when_it_is_imported(path: Path) -> None:
    heavy = {n for n in imported(path, everywhere=False)
             if n.split(".")[0] in ("torch", "fvcore")}
    assert not heavy, f"{module(path)} imports {', '.join(sorted(heavy))}"


QUIET = """
import sys
{work}
heavy = [m for m in ("torch", "fvcore", "optuna", "sqlalchemy", "sklearn", "numpy") if m in sys.modules]
sys.exit(f"imported: {{', '.join(heavy)}}" if heavy else 0)
"""


@pytest.mark.parametrize("work", [
    "import searchspace",
    "from searchspace import load; load('mixed')",
    "from searchspace import cost, load; cost(load('mobilenet-v2@1.4'))",
    "from searchspace.expansion.expand import trace; from searchspace import load; trace(load('hcgnet'))",
    "from searchspace import load, to_yaml; to_yaml(load('sinet@1.6'))",
    "import random; from searchspace import fill, load, to_yaml; from searchspace.space.point import sample\n"
    "space = load('mixed'); to_yaml(fill(space, sample(space, random.Random(1)).decisions))",
    "from searchspace import expand, load; expand(load('henet'))",
    "import searchspace.space.solver, searchspace.identity.isomorphism, searchspace.space.point",
])
def test_counting_needs_no_torch(work: str) -> None:
    done = subprocess.run([sys.executable, "-c", QUIET.format(work=work)], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_importing_is_quick(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed rather than held to its 0.2 s: a busy machine is no fault. A second is torch."""
    def seconds(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
        return time.perf_counter() - start

    took = min(seconds("import searchspace") for _ in range(3)) - min(seconds("") for _ in range(3))
    with capsys.disabled():
        print(f"\nimport searchspace: {took:.3f} s")
    assert took < 1
