"""A study as the page shows it: its front, its progress, its best networks; it may be running."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from searchspace import SearchspaceError, fill, to_yaml
from searchspace.space.budget import amount
from viz.live.model.tools import Follow, Tools
from viz.plots import front
from viz.plots.front import Mark
from viz.results import Results, TrialRow

LINE = "line"       # the name of the data of the front's line
LISTED = 30         # networks in the table
_READ: dict[Follow, Results] = {}       # of this process: what was read last


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
    """A study so far. ``marks`` are all networks of its plane, ``spec`` draws them; ``budget`` in
    words, ``entries`` the best ones first."""

    name: str
    space: str
    goals: tuple[str, ...]
    done: int
    scored: int
    best: int | None
    budget: str
    command: str
    marks: tuple[Mark, ...]
    spec: dict[str, Any]
    entries: tuple[Entry, ...]


def study(follow: Follow, seen: int, tools: Tools) -> StudyView | None:
    """The results so far; None if no trial has finished since ``seen`` of them had.

    Raises:
        SearchspaceError: there is no study, or it cannot be read.
    """
    if tools.study is None:
        raise SearchspaceError("studies cannot be read here")
    found = tools.study(follow, seen)
    if found is None:
        return None
    _READ.clear()
    _READ[follow] = found
    return view(found)


def view(results: Results) -> StudyView:
    """What the page shows of some results."""
    marks = front.rows(results)
    drawn = {mark.id: mark.kind for mark in marks}
    goal = results.goals[0]
    on_front = {row.number for row in results.front}
    first = sorted(results.scored, key=lambda row: (row.number != results.best,
                                                    row.number not in on_front,
                                                    goal.loss(row.values[0])))
    bounds = [f"at most {amount(limit.cost, limit.most)} {limit.cost}"
              for limit in results.limits]
    return StudyView(
        results.name, results.space.name, tuple(goal.title for goal in results.goals),
        len(results.rows), len(results.scored), results.best, ", ".join(bounds), results.command,
        marks, _plane(results, marks),
        tuple(Entry(row.number, drawn.get(str(row.number), "network"), row.shown, row.macs,
                    row.params, row.origin) for row in first[:LISTED]))


def _plane(results: Results, marks: tuple[Mark, ...]) -> dict[str, Any]:
    """The plane of a study, with a name for the data that grows."""
    spec = front.spec(marks, results.axes, front.bound(results))
    for layer in spec["layer"]:
        if layer["mark"].get("style") == "front":
            layer["data"]["name"] = LINE
    return spec


def trial(follow: Follow, number: int, tools: Tools) -> str:
    """The text of a trial's network.

    Raises:
        SearchspaceError: there is no such trial.
    """
    results = _READ.get(follow)
    if results is None and tools.study is not None:
        results = tools.study(follow, -1)
    if results is None or number not in results.numbered:
        raise SearchspaceError(f"the study has no trial {number}")
    return _text(results, results.numbered[number])


def _text(results: Results, row: TrialRow) -> str:
    made = fill(results.space, row.decisions)
    values = ", ".join(f"{goal.title} {shown}" for goal, shown in
                       zip(results.goals, row.shown, strict=False))
    return to_yaml(made.replace(made.document, name=f"{results.name}-{row.number}"),
                   comment=f"Trial {row.number} of study {results.name!r}. {values}")
