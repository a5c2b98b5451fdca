"""Parallel coordinates of the networks' decisions, with an axis for each important hole."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from searchspace.notation.tree import Atom
from viz.plots import encoding
from viz.plots.registry import Spec, plot
from viz.results import Goal, Results, TrialRow

AXES, LINES = 8, 240
ABOUT = (f"One line a network, one axis a hole: the {AXES} that explain most. A network that lacks "
         f"a hole passes below its axis. Of more than {LINES} networks the better half of the "
         "lines are the best ones, the others are spread evenly over the ranks. Trainings "
         "that were stopped early rank behind all others.")


class Axis(NamedTuple):
    """A hole and its options in order; the last axis is the goal, without options."""

    hole: str
    options: tuple[str, ...]


class Line(NamedTuple):
    """A network: its position on each axis, 0 to 1, −0.12 where it lacks the hole; and ``rank``
    among all, 1 for the best down to 0."""

    trial: int
    rank: float
    at: tuple[float, ...]


def axes(results: Results) -> tuple[Axis, ...]:
    """The holes with the greatest effects, or without any effects the first ones."""
    scored = results.scored
    names = [name for name, _ in results.effects] or \
        list(dict.fromkeys(name for row in scored for name in row.decisions))
    found = []
    for name in names[:AXES]:
        taken = {row.decisions[name] for row in scored if name in row.decisions}
        found.append(Axis(name, tuple(_plain(label) for label in sorted(taken, key=_order))))
    return tuple(found)


def rows(results: Results) -> tuple[Line, ...]:
    """The lines, worst first, so that the best are drawn on top."""
    goal, found = results.goals[0], axes(results)
    ranked = sorted(results.scored, key=lambda r: (r.stopped, goal.loss(r.values[0]), r.number))
    count = len(ranked)
    places = list(range(count))
    if count > LINES:
        best, rest = LINES // 2, LINES - LINES // 2
        places = [*range(best), *(best + i * (count - best) // rest for i in range(rest))]
    return tuple(Line(ranked[i].number, round(1 - i / max(count - 1, 1), 4),
                      tuple(_place(axis, ranked[i]) for axis in found)) for i in reversed(places))


def spec(found: Sequence[Axis], lines: Sequence[Line], goal: Goal) -> dict[str, Any] | None:
    """Lines over axes with their options written beside them; colour is the rank."""
    if not found or not lines:
        return None
    order = [axis.hole for axis in found]
    # a sort order would become an expression, in which names are code
    x = {"field": "hole", "type": "nominal", "title": None,
         "scale": {"type": "point", "domain": order},
         "axis": {"labelAngle": -35, "labelLimit": 150, "labelOverlap": False, "domain": False,
                  "ticks": False}}
    y = {"field": "at", "type": "quantitative", "axis": None,
         "scale": {"domain": [-0.15, 1.05], "nice": False, "zero": False}}
    values = [{"trial": line.trial, "rank": line.rank, "hole": hole, "at": at}
              for line in lines for hole, at in zip(order, line.at, strict=True)]
    ticks = [{"hole": axis.hole, "at": _scaled(i, len(axis.options)), "label": label}
             for axis in found for i, label in enumerate(axis.options) if _written(i, axis)]
    return encoding.spec(
        {"data": {"values": values},
         "mark": {"type": "line", "strokeWidth": 1.2, "opacity": 0.45},
         "encoding": {"x": x, "y": y, "detail": {"field": "trial"},
                      "order": {"field": "hole", "sort": None},
                      "color": {"field": "rank", "type": "quantitative", "scale": {
                          "domain": [0, 1]}, "legend": {
                          "title": encoding.lines(f"rank by {goal.title}"), "titleLimit": 0,
                          "orient": "top", "format": ".0%", "values": [0, 0.5, 1],
                          "gradientLength": 160}}}},
        {"data": {"values": [{"hole": hole} for hole in order]},
         "mark": {"type": "rule"}, "encoding": {"x": x}},
        *({"data": {"values": ticks},
           "mark": {"type": "text", "align": "left", "dx": 4, **style},
           "encoding": {"x": x, "y": y, "text": {"field": "label"}}}
          for style in ({"style": "halo"}, {})), height=320)


def _place(axis: Axis, row: TrialRow) -> float:
    if axis.hole not in row.decisions:
        return -0.12
    return _scaled(axis.options.index(_plain(row.decisions[axis.hole])), len(axis.options))


def _scaled(index: int, count: int) -> float:
    return round(index / (count - 1), 4) if count > 1 else 0.5


def _written(index: int, axis: Axis) -> bool:
    """Whether an option has a label: all, or of many the ends and some between."""
    every = max(1, (len(axis.options) + 7) // 8)
    return index % every == 0 or index == len(axis.options) - 1


def _order(label: Atom) -> tuple[bool, float, str]:
    """Numbers in order, then words."""
    return (False, float(label), "") if isinstance(label, int | float) else (True, 0.0, str(label))


def _plain(label: Atom) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)


@plot("parallel", "Decisions side by side", ABOUT, place=5)
def draw(results: Results) -> Spec | None:
    """The plot of a study."""
    return spec(axes(results), rows(results), results.goals[0])
