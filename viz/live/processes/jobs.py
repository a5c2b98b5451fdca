"""The jobs of a worker process: each gives one result, or several on its way."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viz.comparison.nearest import nearest
from viz.drawing.style import Style
from viz.live.model import exporting, picture, points, studies
from viz.live.model.evaluation import Source, evaluate, expanded
from viz.live.model.picture import View
from viz.live.model.points import Place
from viz.live.model.tools import Follow, Tools


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work: its kind in `JOBS`, and what that function takes."""

    kind: str
    given: tuple[Any, ...] = ()


def _numbers(tools: Tools, source: Source) -> Iterator[Any]:
    yield evaluate(source, tools)


def _drawing(tools: Tools, source: Source, view: View) -> Iterator[Any]:
    yield picture.drawn(source, view)


def _pair(tools: Tools, source: Source, other: str | Source, style: Style) -> Iterator[Any]:
    yield picture.paired(source, other, style)


def _random(tools: Tools, place: Place, seed: int) -> Iterator[Any]:
    yield points.wander(place, seed)


def _inside(tools: Tools, place: Place, seed: int) -> Iterator[Any]:
    yield points.inside(place, tools, seed)


def _around(tools: Tools, place: Place, name: str) -> Iterator[Any]:
    yield points.around(place, name, tools)


def _best(tools: Tools, place: Place, seed: int) -> Iterator[Any]:
    yield from points.best(place, tools, seed)


def _frozen(tools: Tools, source: Source) -> Iterator[Any]:
    yield points.frozen(source)


def _plain(tools: Tools, source: Source) -> Iterator[Any]:
    yield points.plain(source)


def _nearest(tools: Tools, source: Source) -> Iterator[Any]:
    found = nearest(expanded(source))
    yield found.name if found else ""


def _export(tools: Tools, source: Source, target: str, folder: Path) -> Iterator[Any]:
    yield exporting.exported(source, target, folder)


def _study(tools: Tools, follow: Follow, seen: int) -> Iterator[Any]:
    yield studies.study(follow, seen, tools)


def keep_loaded() -> None:
    """What is loaded by now stays, and is no longer looked through for garbage in each job."""
    gc.collect()
    gc.freeze()


def _prepare(tools: Tools) -> Iterator[Any]:
    if tools.prepare is not None:
        tools.prepare()
        keep_loaded()
    yield None


def _trial(tools: Tools, follow: Follow, number: int) -> Iterator[Any]:
    yield studies.trial(follow, number, tools)


JOBS: dict[str, Callable[..., Iterator[Any]]] = {
    "numbers": _numbers, "drawing": _drawing, "pair": _pair, "random": _random, "inside": _inside,
    "around": _around, "best": _best, "frozen": _frozen, "plain": _plain,
    "nearest": _nearest, "export": _export, "study": _study, "prepare": _prepare,
    "trial": _trial}
