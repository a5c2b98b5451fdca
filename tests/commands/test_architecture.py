"""Imports point one way, rooms stay small, and torch is imported only by what computes with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from viz.docs.rooms import PACKAGES, levels, modules, room, rooms

ROOT = Path(__file__).parents[2]

# The rooms of each package, lowest first: a room imports from lines above its own. Those of one line
# do not know each other.
ORDER = {
    "searchspace": ("display scripts shapes text", "errors", "identifiers phases registry safety units", "notation", "ops", "compiler plugins",
                    "cli genotype", "expansion load", "cost identity summary",
                    "building", "export.source importing.torch_ops", "export importing",
                    "space", "zoo", "__main__"),
    "viz": ("results templates", "drawing", "comparison plots render", "diff docs pages",
            "live.model", "live.processes", "live", "pictures playground report zoo"),
    "search": ("archive.migrations environment errors gaussian_process pareto "
               "process seeds sensitivity spreadsheet torch_state",
               "predictors", "surrogate",
               "archive.connection data samplers scores tables", "archive",
               "latency samplers.gp scores.proxies storage training",
               "samplers.freeze_thaw supernet",
               "objectives", "score_report study", "honesty launchers results status",
               "cli library predict", "run train"),
}
# Commands put the packages together; what draws this repository's own pages reads studies.
READ_STUDIES = {"viz.report", "viz.pictures", "viz.playground"}
LEVELS = 8          # of search/: more, and nobody follows a call to its end
BESIDE = 16         # modules in a folder
# What computes when it is imported; all else imports torch when it is asked for a module.
TORCH = {*(f"searchspace.building.{name}" for name in ("branches", "builder", "code", "concatenations",
                                                       "affine", "fold", "layers", "optimize", "reparameterize",
                                                       "shuffles", "tracing", "verify")),
         "searchspace.ops.modules",
         *(f"searchspace.export.{name}" for name in ("code", "executorch", "exported_program", "int8",
                                                     "job", "onnx", "targets", "timm")),
         *(f"searchspace.importing.{name}" for name in ("matching", "module", "weights")),
         *(f"searchspace.importing.torch_ops.{name}" for name in ("arithmetic", "channels", "forms", "layers",
                                                                  "patterns", "pooling", "tracing",
                                                                  "translation")),
         *(f"search.supernet.{name}" for name in ("checkpoint", "scoring", "subnetwork", "training",
                                                  "weights")),
         "search.training.calibration",
         *(f"search.scores.{name}" for name in ("activation_codes", "agreements", "images", "instrumentation",
                                                "log_tensors", "node_network", "strides")),
         *(f"search.training.{name}" for name in ("augment", "batches", "checkpoint", "device", "epochs",
                                                  "logs", "loop", "optim"))}


def place(name: str) -> int:
    package, _, inside = name.partition(".")
    return next(i for i, line in enumerate(ORDER[package]) if inside in line.split())


def test_every_room_has_its_place() -> None:
    listed = {f"{package}.{name}" for package, lines in ORDER.items() for line in lines
              for name in line.split()}
    assert set(rooms()) == listed


def points_down(importer: str, imported: str) -> bool:
    package, other = (PACKAGES.index(name.partition(".")[0]) for name in (importer, imported))
    if other != package:
        return other < package or importer in READ_STUDIES
    return imported in PACKAGES or room(imported) == room(importer) or \
        place(room(imported)) < place(room(importer))


def test_imports_point_one_way() -> None:
    graph = modules()
    imports = [(importer, imported) for importer in sorted(graph.modules - set(PACKAGES))
               for imported in graph.find_modules_directly_imported_by(importer)]
    assert len(imports) > 500
    assert [f"{a} imports {b}" for a, b in imports if not points_down(a, b)] == []


def test_an_import_that_points_up_would_be_seen() -> None:
    assert not points_down("searchspace.expansion.expand", "searchspace.space.point")
    assert not points_down("searchspace.load", "viz.render")


def test_search_is_no_deeper_than_a_reader_follows() -> None:
    assert max(levels(rooms("search")).values()) <= LEVELS


@pytest.mark.parametrize("package", PACKAGES)
def test_no_folder_is_a_heap(package: str) -> None:
    for folder in {path.parent for path in (ROOT / package).rglob("*.py")}:
        beside = [p for p in folder.glob("*.py") if p.name != "__init__.py"]
        assert len(beside) <= BESIDE, folder
        assert (folder / "__init__.py").read_text(encoding="utf-8").startswith('"""')


DOCS = {"viz.docs.notebooks", "viz.docs.site"}      # run by mkdocs, of the extra `docs`
EVERYTHING = """
import importlib, sys
for name in {names}:
    importlib.import_module(name)
    heavy = {{"torch", "fvcore"}} & set(sys.modules)
    if heavy:
        sys.exit(f"{{name}} imports {{', '.join(heavy)}}")
"""


def test_torch_is_imported_when_it_is_asked_for() -> None:
    names = sorted(modules().modules - TORCH - DOCS)
    done = subprocess.run([sys.executable, "-c", EVERYTHING.format(names=names)], cwd=ROOT,
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


QUIET = """
import sys
for work in {works!r}:
    exec(work, {{}})
    heavy = [m for m in ("torch", "fvcore", "optuna", "sqlalchemy", "sklearn", "numpy") if m in sys.modules]
    if heavy:
        sys.exit(f"{{work}} imports {{', '.join(heavy)}}")
"""
WORKS = [
    "import searchspace",
    "from searchspace import load; load('mixed')",
    "from searchspace import cost, load; cost(load('mobilenet-v2@1.4'))",
    "from searchspace.expansion import trace; from searchspace import load; trace(load('hcgnet'))",
    "from searchspace import load, to_yaml; to_yaml(load('sinet@1.6'))",
    "import random; from searchspace import fill, load, to_yaml; from searchspace.space.point import sample\n"
    "space = load('mixed'); to_yaml(fill(space, sample(space, random.Random(1)).decisions))",
    "from searchspace import expand, load; expand(load('henet'))",
    "import searchspace.space.solver, searchspace.identity, searchspace.space.point",
]


def test_counting_needs_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", QUIET.format(works=WORKS)], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_importing_is_quick(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed rather than held to its 0.2 s: a busy machine is no fault, and only processor time is
    counted. A second is torch."""
    def seconds(code: str) -> float:
        start = os.times()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
        end = os.times()
        return end.children_user + end.children_system - start.children_user - start.children_system

    took = min(seconds("import searchspace") for _ in range(3)) - min(seconds("") for _ in range(3))
    with capsys.disabled():
        print(f"\nimport searchspace: {took:.3f} s")
    assert took < 1
