"""Beliefs: what a model predicts of the best networks, were a hole decided otherwise."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from viz.plots import encoding
from viz.plots.registry import Spec, plot
from viz.results import Goal, Results

MOST = 12       # holes
ABOUT = ("The same model, asked about the best networks with one decision changed: the mean of the "
         "predicted values for each option of a hole, and the 80 % interval of one network. First "
         "the holes whose options differ most.")


class Opinion(NamedTuple):
    """An option of a hole, with the value predicted for it."""

    option: str
    hole: str
    value: float
    lower: float
    upper: float


def rows(results: Results) -> tuple[Opinion, ...]:
    """The options of the first holes."""
    holes = list(dict.fromkeys(b.hole for b in results.beliefs))[:MOST]
    return tuple(Opinion(f"{b.hole} = {b.option}", b.hole, b.value, b.value - b.spread,
                         b.value + b.spread) for b in results.beliefs if b.hole in holes)


def spec(opinions: Sequence[Opinion], goal: Goal) -> dict[str, Any] | None:
    """A row an option."""
    if not opinions:
        return None
    y = {"field": "option", "type": "nominal", "sort": None, "title": None,
         "axis": {"labelLimit": 260, "labelOverlap": False}}
    x = {**encoding.goal("value", goal), "title": f"predicted {goal.title}"}
    return encoding.spec(
        {"mark": {"type": "rule", "opacity": 0.5}, "encoding": {
            "y": y, "x": {**x, "field": "lower"}, "x2": {"field": "upper"}}},
        {"mark": {"type": "point", "filled": True}, "encoding": {"y": y, "x": x}},
        data=encoding.data(opinions), height=60 + 18 * len(opinions))


@plot("beliefs", "What the model believes about each hole", ABOUT, place=9)
def draw(results: Results) -> Spec | None:
    """The plot of a study."""
    return spec(rows(results), results.goals[0])
