"""The value of each trial, and the best one so far."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from viz.plots import encoding
from viz.plots.registry import Spec, plot
from viz.results import Goal, Results

ABOUT = "Each trial by how it came about; the line is the best value so far."


class ProgressPoint(NamedTuple):
    """A scored trial; ``best`` is the best value up to it, of a training that was not stopped."""

    trial: int
    value: float
    best: float | None
    kind: str


def rows(results: Results) -> tuple[ProgressPoint, ...]:
    """The scored trials in order, with the value of the first goal."""
    pick, steps, best = max if results.goals[0].maximize else min, list[ProgressPoint](), None
    competing = {row.number for row in results.ranked}
    for row in results.scored:
        if row.number in competing:
            best = row.values[0] if best is None else pick(best, row.values[0])
        steps.append(ProgressPoint(row.number, row.values[0], best, encoding.kind(row)))
    return tuple(steps)


def spec(steps: Sequence[ProgressPoint], goal: Goal) -> dict[str, Any] | None:
    """Points, and a line that only improves."""
    if not steps:
        return None
    x = encoding.quantity("trial", "trial")
    return encoding.spec(
        {"mark": {"type": "point", "filled": True, "size": 24, "opacity": 0.75},
         "encoding": {"x": x, "y": encoding.goal("value", goal), "color": encoding.colours(
             (step.kind for step in steps), list(encoding.KINDS.values()))}},
        {"mark": {"type": "line", "style": "front", "interpolate": "step-after"},
         "encoding": {"x": x, "y": encoding.goal("best", goal)}}, data=encoding.data(steps))


@plot("progress", "Value over trials", ABOUT, place=2)
def draw(results: Results) -> Spec | None:
    """The plot of a study."""
    return spec(rows(results), results.goals[0])
