"""The Pareto front: two goals against each other, or the only one against the multiply-adds."""

import math
from collections.abc import Container, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from viz.plots import encoding
from viz.plots.label_placement import GAP, LINE, RING, labels
from viz.plots.registry import Spec, plot
from viz.results import Goal, Results

ABOUT = ("Every network that was scored; the line joins those that no other one equals or betters "
         "in both. Diamonds are published networks, scored at the same input size; those with room "
         "around them are named.")
KINDS = ("network", "front", "best", "published")
CHOSEN = ("best", "knee")
RING_AREA = round(math.pi * RING ** 2)
# Positions of a label beside its point, in terms of Vega-Lite.
_SIDES: dict[str, dict[str, Any]] = {
    "right": {"align": "left", "dx": GAP}, "left": {"align": "right", "dx": -GAP},
    "above": {"dy": -RING - LINE / 2}, "below": {"dy": RING + LINE / 2}}


class Mark(NamedTuple):
    """A network in the plane of the two goals. ``id`` is its trial's number, or the name of a
    published one; ``kind`` is network, front, best or (of several goals) knee, or published."""

    id: str
    x: float
    y: float
    kind: str
    name: str


def rows(results: Results) -> tuple[Mark, ...]:
    """All scored networks in the order of their trials, then the published ones. ``x`` is the
    second of `Results.axes`, ``y`` the first."""
    front = {row.number for row in results.front}
    marks = []
    for row in results.scored:
        marks.append(mark(row.number, results.plane(row), front, results.best, results.chosen))
    first, second = results.axes
    if first.name == "score" and second.name in encoding.AMOUNTS:
        marks += [Mark(r.name, float(getattr(r, second.name)), r.mean, "published", r.name)
                  for r in results.rivals if r.trial is None]
    return tuple(marks)


def kind(number: int, front: Container[int], best: int | None, chosen: str) -> str:
    """What a trial is: ``chosen`` (what the best is called), front or network."""
    return chosen if number == best else "front" if number in front else "network"


def mark(number: int, point: tuple[float, float], front: Container[int], best: int | None,
         chosen: str) -> Mark:
    """A trial at its values on `Results.axes`; see `kind`."""
    return Mark(str(number), point[1], point[0], kind(number, front, best, chosen),
                f"trial {number}")


def bound(results: Results) -> float | None:
    """The budget's bound on the horizontal axis."""
    return next((float(limit.most) for limit in results.limits
                 if limit.cost == results.axes[1].name), None)


def spec(marks: Sequence[Mark], axes: tuple[Goal, Goal], most: float | None = None,
         kinds: Sequence[str] = KINDS, log: bool = False) -> dict[str, Any]:
    """The plane, with the front of ``axes`` as a line and the bound ``most`` of the horizontal
    axis, which is logarithmic with ``log``. A knee takes the place of the best among ``kinds``."""
    up, across = axes
    if any(mark.kind == "knee" for mark in marks):
        kinds = ["knee" if kind == "best" else kind for kind in kinds]
    at = _scales(marks, axes, most, log)
    layers: list[dict[str, Any]] = []
    if most is not None:
        layers.append({"data": {"values": [{"x": most}]},
                       "mark": {"type": "rule", "style": "bound"}, "encoding": {"x": at["x"]}})
    line = [] if across.maximize else steps(marks, up)
    if not across.maximize:
        layers.append({"data": encoding.data(line),
                       "mark": {"type": "line", "style": "front", "interpolate": "step-after"},
                       "encoding": at})
    layers += [_points(marks, axes, kinds, at), *_names(marks, at, line, most)]
    layers.append({"data": {"name": "chosen", "values": []},
                   "mark": {"type": "point", "style": "chosen", "filled": False,
                            "size": RING_AREA},
                   "encoding": at})
    return encoding.spec(*layers, height=380)


def _scales(marks: Sequence[Mark], axes: tuple[Goal, Goal], most: float | None,
            log: bool) -> dict[str, Any]:
    """The positional encodings. Their domains are explicit, since the layer of the chosen network
    may be empty and without a range."""
    up, across = axes
    x, y = encoding.goal("x", across), encoding.goal("y", up)
    if marks:
        ends = [m.x for m in marks] + ([most] if most is not None else [])
        x["scale"]["domain"] = [min(ends), max(ends)]
        if log:
            x["scale"]["type"] = "log"
            del x["scale"]["zero"]
        y["scale"]["domain"] = [min(m.y for m in marks), max(m.y for m in marks)]
    return {"x": x, "y": y}


def steps(marks: Sequence[Mark], up: Goal) -> list[Mark]:
    """The front in the plane alone, by ``x``."""
    line: list[Mark] = []
    for mark in sorted((m for m in marks if m.kind in ("front", *CHOSEN)),
                       key=lambda m: (m.x, m.y)):
        if not line or up.loss(mark.y) < up.loss(line[-1].y):
            line.append(mark)
    return line


def _points(marks: Sequence[Mark], axes: tuple[Goal, Goal], kinds: Sequence[str],
            at: dict[str, Any]) -> dict[str, Any]:
    """The layer of all networks: colour, shape and size by kind."""
    colour = encoding.colours((m.kind for m in marks), kinds)
    return {
        "data": {"name": "marks", **encoding.data(marks)},
        "mark": {"type": "point", "filled": True, "cursor": "pointer", "opacity": 0.85},
        "encoding": {
            **at, "color": colour,
            "shape": {**colour, "scale": {
                "domain": kinds, "range": ["circle", "circle", "square", "diamond"][:len(kinds)]}},
            "size": {**colour, "sort": kinds, "scale": {
                "domain": kinds, "range": [28, 60, 130, 90][:len(kinds)]}},
            "tooltip": [{"field": "name", "title": "network"},
                        *({"field": field, "title": goal.title, "type": "quantitative",
                           "format": ".4~s" if goal.name in encoding.AMOUNTS else ".6~g"}
                          for field, goal in zip("yx", axes, strict=True))]}}


def _names(marks: Sequence[Mark], at: dict[str, Any], line: Sequence[Mark],
           most: float | None) -> list[dict[str, Any]]:
    """Layers of the names that have room, one for each side of their points: off the front's
    ``line`` and the bound ``most``."""
    named = [(m.x, m.y, f"{m.name}, {m.kind}") for m in marks if m.kind in CHOSEN] + [
        (m.x, m.y, m.name) for m in marks if m.kind == "published"]
    points = [(m.x, m.y) for m in marks]
    steps = [((a.x, a.y), (b.x, a.y), (b.x, b.y)) for a, b in pairwise(line)]
    lines = [side for step in steps for side in pairwise(step)]
    if most is not None and points:
        ys = [y for _, y in points]
        lines.append(((most, min(ys)), (most, max(ys))))
    found = labels(named, points, lines)
    return [{"data": encoding.data(beside), "mark": {"type": "text", "style": "label", **place},
             "encoding": {**at, "text": {"field": "text"}}}
            for side, place in _SIDES.items()
            if (beside := [label for label in found if label.side == side])]


@plot("front", "Pareto front", ABOUT, place=1)
def draw(results: Results) -> Spec | None:
    """The plot of a study."""
    return spec(rows(results), results.axes, bound(results))
