"""A study as the page shows it: its plane, its progress, its best networks; it may be running.

A worker looks at the study, the tab keeps its plane: what goes from one to the other, and on to the
page, is what has changed since the last look.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from searchspace import SearchspaceError, fill, to_yaml
from searchspace.space.budget import amount
from viz.live.model.tools import Follow, Tools
from viz.plots import front
from viz.plots.front import Mark
from viz.results import Goal, Progress, Results, TrialRow

LINE = "line"       # the name of the data of the front's line


class Entry(NamedTuple):
    """A network of a study; ``kind`` as in `viz.plots.front`, ``origin`` in words."""

    number: int
    kind: str
    values: tuple[str, ...]
    macs: int
    params: int
    origin: str


@dataclass(frozen=True, slots=True)
class StudyView:
    """A study so far in words; ``goals`` are their titles, ``entries`` the best networks first."""

    name: str
    space: str
    goals: tuple[str, ...]
    done: int
    scored: int
    budget: str
    command: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a study found: its view, and of its plane with these axes, and ``most`` as the
    bound of the horizontal one, what `Progress` says of points and front; ``chosen`` is what the
    best network is called."""

    view: StudyView
    axes: tuple[Goal, Goal]
    most: float | None
    since: int
    points: tuple[tuple[int, tuple[float, float]], ...]
    front: tuple[int, ...]
    best: int | None
    chosen: str


def study(follow: Follow, seen: int, tools: Tools) -> Look | None:
    """The study so far; None if no trial has finished since ``seen`` of them had.

    Raises:
        SearchspaceError: there is no study, or it cannot be read.
    """
    if tools.study is None:
        raise SearchspaceError("studies cannot be read here")
    found = tools.study(follow, seen)
    return None if found is None else look(found)


def look(found: Progress) -> Look:
    """What the page shows of a study."""
    settings, members = found.study, set(found.front)
    bounds = [f"at most {amount(limit.cost, limit.most)} {limit.cost}"
              for limit in settings.limits]
    entries = tuple(Entry(row.number, front.kind(row.number, members, found.best, settings.chosen),
                          row.shown, row.macs, row.params, row.origin) for row in found.listed)
    return Look(
        StudyView(settings.name, settings.space.name, tuple(goal.title for goal in settings.goals),
                  found.done, found.scored, ", ".join(bounds), settings.command, entries),
        settings.axes, front.bound(settings), found.since, tuple(found.points.items()),
        found.front, found.best, settings.chosen)


class StudyPlane:
    """The plane of a study in a tab: its marks by number, and the kinds of those that are not
    ordinary."""

    def __init__(self) -> None:
        self.marks: dict[int, Mark] = {}
        self._leading: frozenset[int] = frozenset()
        self._frame: tuple[float, ...] | None = None

    def add(self, found: Look) -> dict[str, Any]:
        """Take over a look; what the page is told: the plane anew where it is new or its axes do
        not reach, else the marks that have changed."""
        if not found.since:
            self.marks, self._leading, self._frame = {}, frozenset(), None
        was, members = self._leading, set(found.front)
        self._leading = frozenset(members if found.best is None else {*members, found.best})
        fresh = dict(found.points)
        for number in was | self._leading:
            if number in self.marks:
                fresh[number] = (self.marks[number].y, self.marks[number].x)
        made = {number: front.mark(number, point, members, found.best, found.chosen)
                for number, point in fresh.items()}
        changed = {number: mark for number, mark in made.items() if self.marks.get(number) != mark}
        gone = [str(number) for number in changed if number in self.marks]
        self.marks |= changed
        frame = _frame(changed.values(), self._frame)
        if self._frame is None or frame != self._frame:
            self._frame = frame
            return {"study-plane": self._spec(found)}
        return {"study-marks": {
            "insert": [mark._asdict() for mark in changed.values()], "remove": gone,
            "line": [mark._asdict() for mark in self._line(found)]}} if changed else {}

    def _line(self, found: Look) -> list[Mark]:
        return front.steps([self.marks[number] for number in self._leading], found.axes[0])

    def _spec(self, found: Look) -> dict[str, Any]:
        """The plane, with a name for the data that grows."""
        spec = front.spec(tuple(self.marks.values()), found.axes, found.most)
        for layer in spec["layer"]:
            if layer["mark"].get("style") == "front":
                layer["data"]["name"] = LINE
        return spec


def _frame(marks: Collection[Mark], known: tuple[float, ...] | None) -> tuple[float, ...]:
    """The ends of both axes, those that are ``known`` widened by some marks."""
    if not marks:
        return known or ()
    xs, ys = [mark.x for mark in marks], [mark.y for mark in marks]
    if known:
        xs += known[:2]
        ys += known[2:]
    return min(xs), max(xs), min(ys), max(ys)


def trial(follow: Follow, number: int, tools: Tools) -> str:
    """The text of a trial's network.

    Raises:
        SearchspaceError: there is no such trial.
    """
    found = tools.trial(follow, number) if tools.trial is not None else None
    if found is None:
        raise SearchspaceError(f"the study has no trial {number}")
    return _text(found, found.rows[0])


def _text(results: Results, row: TrialRow) -> str:
    made = fill(results.space, row.decisions)
    values = ", ".join(f"{goal.title} {shown}" for goal, shown in
                       zip(results.goals, row.shown, strict=False))
    return to_yaml(made.replace(made.document, name=f"{results.name}-{row.number}"),
                   comment=f"Trial {row.number} of study {results.name!r}. {values}")
