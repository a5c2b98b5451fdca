"""The jobs of a worker process: each gives one result, or several on its way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from viz.drawing.style import Style
from viz.live import picture, points
from viz.live.evaluation import Source, evaluate
from viz.live.picture import View
from viz.live.points import Place
from viz.live.tools import Follow, Tools


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


def _known(tools: Tools) -> Iterator[Any]:
    yield tools.known() if tools.known is not None else ()


def _study(tools: Tools, follow: Follow, seen: int) -> Iterator[Any]:
    yield tools.study(follow, seen) if tools.study is not None else None


JOBS: dict[str, Callable[..., Iterator[Any]]] = {
    "numbers": _numbers, "drawing": _drawing, "pair": _pair, "random": _random, "inside": _inside,
    "around": _around, "best": _best, "frozen": _frozen, "plain": _plain, "known": _known,
    "study": _study}
