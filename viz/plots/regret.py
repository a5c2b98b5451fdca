"""Regret over evaluations: the gap between the best network found so far and the optimum.

It compares searches with several samplers, in a space whose networks are all known
(`benchmarks/search_quality.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from viz.plots import encoding

RESAMPLES = 2_000
EARLY = 9            # the axis is cut above the curves after ten evaluations

Band = tuple[float, float, float]        # low, mean, high


class RegretPoint(NamedTuple):
    """A sampler's mean regret after an evaluation, between the ends of its confidence interval."""

    kind: str
    evaluation: int
    low: float
    mean: float
    high: float


def band(regrets: Sequence[Sequence[float]]) -> tuple[Band, ...]:
    """Mean over the seeds after each evaluation, between the ends of its 95 % confidence interval
    (bootstrap over the seeds)."""
    import numpy as np

    rows = np.array(regrets)
    drawn = np.random.default_rng(0).integers(len(rows), size=(RESAMPLES, len(rows)))
    low, high = np.quantile(rows[drawn].mean(1), (0.025, 0.975), axis=0)
    return tuple((float(a), float(b), float(c))
                 for a, b, c in zip(low, rows.mean(0), high, strict=True))


def rows(curves: Mapping[str, Sequence[Band]]) -> tuple[RegretPoint, ...]:
    """The curves of some samplers, one after another."""
    return tuple(RegretPoint(name, i, *values) for name, curve in curves.items()
                 for i, values in enumerate(curve, 1))


def spec(points: Sequence[RegretPoint], title: str) -> dict[str, Any]:
    """Lines with confidence bands; the second kind has the colour of our sampler."""
    kinds = list(dict.fromkeys(point.kind for point in points))
    last = max(point.evaluation for point in points)
    top = 1.25 * max(p.mean for p in points if p.evaluation == min(EARLY + 1, last)) or 1.0
    colour = {**encoding.colours(kinds, kinds), "legend": {
        "title": None, "orient": "top", "columns": 3, "symbolType": "stroke",
        "symbolOpacity": 1, "symbolStrokeWidth": 3, "labelLimit": 300}}
    x = encoding.quantity("evaluation", "networks evaluated")
    x["scale"] = {"domain": [1, last], "nice": False}
    y = encoding.quantity("mean", "regret (points of accuracy, lower is better)", zero=True)
    y["scale"] = {"domain": [0, top], "nice": False}
    return encoding.spec(
        {"mark": {"type": "area", "opacity": 0.13, "clip": True},
         "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"},
                      "color": colour}},
        {"mark": {"type": "line", "clip": True, "strokeWidth": 2},
         "encoding": {"x": x, "y": y, "color": colour}},
        data=encoding.data(points), title={"text": title, "anchor": "start"}, height=320)
