"""Plots of the README and the docs, each drawn from a small file of measured data.

Each file holds the output of the command in its entry.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from searchspace import SearchspaceError
from viz.plots import front, regret
from viz.plots.render import chart
from viz.plots.theme import config
from viz.results import Goal, Results

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
# The README's search under 300 M: its best network and its plane, taken from the study's folder by
# `python viz/pictures.py --found studies/NAME`.
FOUND, PLANE = FOLDER / "found.yaml", FOLDER / "found.json"
# What `python benchmarks/search_quality.py --json FILE` writes; docs/search.md has the commands.
DIGITS, NAS_BENCH_MACRO, NAS_BENCH_201 = (
    FOLDER / f"{name}-search.json" for name in ("digits", "nas-bench-macro", "nas-bench-201"))
OURS = ("auto", "gp", "random", "evolution", "tpe")         # what has no name of Optuna's
WIDTH = 760


@dataclass(frozen=True, slots=True)
class Plotted:
    """A plot: its file in docs, its theme, and the function that returns its Vega-Lite."""

    path: str
    theme: str
    spec: Callable[[], dict[str, Any]]

    def digest(self) -> str:
        """Digest of the sources, which shows whether the picture is up to date."""
        text = json.dumps([self.spec(), config(self.theme), WIDTH], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def svg(self) -> bytes:
        """The picture."""
        return chart(self.spec(), "svg", self.theme, WIDTH)


def plane() -> dict[str, Any]:
    """The networks of the README's search, with the published ones by their names."""
    kept = _read(PLANE)
    first, second = (Goal(*goal) for goal in kept["goals"])
    return front.spec([front.Mark(*mark) for mark in kept["marks"]], (first, second), kept["most"])


def curves(file: Path, budget: str, title: str) -> dict[str, Any]:
    """Regret under one budget of a file: the baseline first, in grey, then ours."""
    regrets = {name.partition(" ")[2]: rows for name, rows in _read(file).items()
               if name.partition(" ")[0] == budget}
    order = sorted(regrets, key=lambda name: (not name.startswith("random,"), name not in OURS))
    bands = {f"ours: {name}" if name in OURS else name: regret.band(regrets[name])
             for name in order}
    return regret.spec(regret.rows(bands), title)


def keep(results: Results, folder: Path) -> None:
    """Store the data of a study as the README's search; ``folder`` is the study's.

    Raises:
        SearchspaceError: the study has no values, or a file cannot be read or written.
    """
    if results.best is None:
        raise SearchspaceError(f"{folder}: nothing was scored")
    goals = [[g.name, g.title, g.unit, g.maximize] for g in results.axes]
    marks = ",\n  ".join(json.dumps(mark) for mark in front.rows(results))
    try:
        shutil.copyfile(folder / "best.yaml", FOUND)
        PLANE.write_text(f'{{"command": {json.dumps(results.command)},\n "goals": '
                         f'{json.dumps(goals)},\n "most": {json.dumps(front.bound(results))},\n '
                         f'"marks": [\n  {marks}]}}\n', encoding="utf-8")
    except OSError as error:
        raise SearchspaceError(f"{error.filename}: {error.strerror}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SearchspaceError(f"{path} cannot be read: {error}") from None
    return read


SPECS: dict[str, Callable[[], dict[str, Any]]] = {
    "plane": plane,
    "digits-search": partial(curves, DIGITS, "150000", "digits under 150K MACs"),
    "nas-bench-macro-search": partial(curves, NAS_BENCH_MACRO, "70000000",
                                      "nas-bench-macro under 70M MACs"),
    "nas-bench-201-search": partial(curves, NAS_BENCH_201, "none", "nas-bench-201"),
    "nas-bench-201-latency-search": partial(curves, NAS_BENCH_201, "raspi4_latency=20",
                                            "nas-bench-201 up to 20 ms on a Raspberry Pi 4"),
}
PLOTTED = tuple(Plotted(f"pictures/{name}{suffix}.svg", theme, made) for name, made in SPECS.items()
                for theme, suffix in (("light", ""), ("dark", "-dark")))
