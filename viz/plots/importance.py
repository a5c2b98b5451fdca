"""Importance of the holes: first-order shares of the value's variance."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from viz.plots import encoding
from viz.plots.registry import Spec, plot
from viz.results import Results

MOST = 15
ABOUT = ("The share of the first goal's variance that a hole's options explain alone (ε², "
         "corrected for chance). The trials are what a sampler chose, not a random sample: where "
         "it moved several holes together, each is credited, and the shares may exceed 100 %.")


class Effect(NamedTuple):
    """A hole and the share of the variance that it explains, 0 to 1."""

    hole: str
    share: float


def rows(results: Results) -> tuple[Effect, ...]:
    """The holes with an effect, greatest first; of many the first ones."""
    return tuple(Effect(name, round(share, 4)) for name, share in results.effects[:MOST])


def spec(effects: Sequence[Effect]) -> dict[str, Any] | None:
    """Bars, the longest on top."""
    if not effects:
        return None
    y = {"field": "hole", "type": "nominal", "sort": None, "title": None,
         "axis": {"labelLimit": 220}}
    return encoding.spec(
        {"mark": {"type": "bar"}, "encoding": {"y": y, "x": encoding.quantity(
            "share", "share of the variance", zero=True, axis={"format": ".0%"})}},
        data=encoding.data(effects), height=60 + 20 * len(effects))


@plot("importance", "Importance of the holes", ABOUT, place=4)
def draw(results: Results) -> Spec | None:
    """The plot of a study."""
    return spec(rows(results))
