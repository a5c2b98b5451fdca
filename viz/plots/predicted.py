"""Predicted against measured: each trial as a model predicts it from all others."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from viz.plots import encoding
from viz.plots.registry import Spec, plot
from viz.results import Goal, Results

ABOUT = ("A model (a Gaussian process over features of the graph) predicts each evaluated network "
         "from all others; the lines are 80 % intervals. On the diagonal the prediction is right: "
         "how near the points lie to it is how far to trust what the model believes.")


class Pair(NamedTuple):
    """A trial's value, and what was predicted."""

    measured: float
    predicted: float
    lower: float
    upper: float
    name: str


def rows(results: Results) -> tuple[Pair, ...]:
    """The trials that the model learned from."""
    return tuple(Pair(results.numbered[f.number].values[0], f.value, f.lower, f.upper,
                      f"trial {f.number}") for f in results.forecasts
                 if f.number in results.numbered and results.numbered[f.number].values)


def spec(pairs: Sequence[Pair], goal: Goal) -> dict[str, Any] | None:
    """Points with intervals, and the diagonal."""
    if not pairs:
        return None
    ends = [min(p.measured for p in pairs), max(p.measured for p in pairs)]
    x = {**encoding.goal("measured", goal), "title": encoding.lines(f"measured {goal.title}")}
    y = {**encoding.goal("predicted", goal), "title": encoding.lines(f"predicted {goal.title}")}
    return encoding.spec(
        {"data": {"values": [{"measured": end, "predicted": end} for end in ends]},
         "mark": {"type": "line", "strokeDash": [4, 4], "opacity": 0.6},
         "encoding": {"x": x, "y": y}},
        {"mark": {"type": "rule", "opacity": 0.4}, "encoding": {
            "x": x, "y": {**y, "field": "lower"}, "y2": {"field": "upper"}}},
        {"mark": {"type": "point", "filled": True}, "encoding": {
            "x": x, "y": y, "tooltip": [{"field": "name", "type": "nominal"},
                                        {"field": "measured", "type": "quantitative"},
                                        {"field": "predicted", "type": "quantitative"}]}},
        data=encoding.data(pairs))


@plot("predicted", "Predicted and measured", ABOUT, place=8)
def draw(results: Results) -> Spec | None:
    """The plot of a study."""
    return spec(rows(results), results.goals[0])
