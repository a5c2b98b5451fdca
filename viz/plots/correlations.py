"""Rank correlations of scores: with accuracies, as dots with intervals, and among each other."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from viz.plots.encoding import SCHEMA, data

ROW, PANEL, CELL = 20, 200, 38          # pixels
WHOLE = {"labelLimit": 0, "labelOverlap": False}      # every name is shown, in full
SCALE = {"domain": [-1, 1]}


class Interval(NamedTuple):
    """A statistic (``panel``) of a score, between the ends of its confidence interval."""

    score: str
    kind: str
    panel: str
    value: float
    low: float
    high: float


class Pair(NamedTuple):
    """The correlation of two scores; None if it is undefined."""

    score: str
    other: str
    value: float | None


def dots(intervals: Sequence[Interval], title: str) -> dict[str, Any]:
    """A row for each score, a panel for each statistic from −1 to 1: a dot and its interval."""
    x = {"type": "quantitative", "scale": SCALE, "title": None,
         "axis": {"values": [-1, -0.5, 0, 0.5, 1], "format": "~g"}}
    y = {"field": "score", "type": "nominal", "sort": None, "title": None, "axis": WHOLE}
    colour = {"field": "kind", "type": "nominal", "legend": {"title": None, "orient": "bottom"}}
    panels = list(dict.fromkeys(one.panel for one in intervals))
    values = [{**one._asdict(), "place": panels.index(one.panel)} for one in intervals]
    panel = {"field": "panel", "type": "nominal", "title": None, "sort": {"field": "place"},
             "header": {"labelLimit": 0, "labelFontSize": 12}}
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "rule", "opacity": 0.4}, "encoding": {"x": {"datum": 0}}},
        {"mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.45},
         "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "y": y,
                      "color": colour}},
        {"mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
         "encoding": {"x": {**x, "field": "value"}, "y": y, "color": colour}}]
    return {"$schema": SCHEMA, "title": _title(title), "data": {"values": values},
            "facet": {"column": panel},
            "spec": {"width": PANEL, "height": {"step": ROW}, "layer": layers}}


def matrix(pairs: Sequence[Pair], title: str) -> dict[str, Any]:
    """A field for each pair, coloured by its correlation, with the number in it."""
    x, y = ({"field": field, "type": "nominal", "sort": None, "title": None, "axis": axis}
            for field, axis in (("other", {**WHOLE, "orient": "top", "labelAngle": -60}),
                                ("score", WHOLE)))
    colour = {"field": "value", "type": "quantitative", "legend": None,
              "scale": {**SCALE, "scheme": "redblue"}}
    number = {"condition": {"test": "datum.value === null", "value": "–"}, "field": "value",
              "type": "quantitative", "format": ".2f"}
    dark = {"condition": {"test": "abs(datum.value) > 0.6", "value": "white"}, "value": "black"}
    return {"$schema": SCHEMA, "title": _title(title), "data": data(pairs),
            "width": {"step": CELL}, "height": {"step": CELL}, "layer": [
                {"mark": {"type": "rect"}, "encoding": {"x": x, "y": y, "color": colour}},
                {"mark": {"type": "text", "fontSize": 10},
                 "encoding": {"x": x, "y": y, "text": number, "color": dark}}]}


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "anchor": "start", "limit": 0}
