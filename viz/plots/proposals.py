"""Multiply-adds of proposed and of scored networks, against the budget."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from viz.plots import encoding
from viz.plots.registry import Spec, plot
from viz.results import MACS, Results

BINS = 40
WIDE = 10       # times the least value: from there on the axis is logarithmic
ABOUT = ("The multiply-adds of the sampler's proposals as they were made, and of the networks that "
         "were scored in their place. Dashed lines are the budget.")
KINDS = ("proposed", "scored")


class Bin(NamedTuple):
    """Number of networks of a kind with ``low`` ≤ multiply-adds < ``high``."""

    kind: str
    low: float
    high: float
    networks: int


def rows(results: Results) -> tuple[Bin, ...]:
    """Up to 40 bins over both kinds, without empty ones and without networks that no sampler
    proposed. They have equal widths, or equal ratios where the values differ by more than ten
    times: most proposals would stand in one bin."""
    pairs = [(r.proposed, r.macs) for r in results.rows if r.proposed is not None]
    values = {"proposed": [p for p, _ in pairs], "scored": [s for _, s in pairs]}
    if not pairs:
        values = {"scored": [r.macs for r in results.rows]}     # of a study without that record
    if not results.rows:
        return ()
    least, most = min(map(min, values.values())), max(map(max, values.values()))
    wide = _is_wide(least, most)
    first, last = (math.log(least), math.log(most)) if wide else (float(least), float(most))
    width = (last - first) / BINS or 1.0
    edges = [math.exp(first + i * width) if wide else first + i * width for i in range(BINS + 1)]
    bins: dict[tuple[str, int], int] = {}
    for kind, macs in values.items():
        for value in macs:
            at = ((math.log(value) if wide else value) - first) / width
            key = kind, min(int(at + 1e-9), BINS - 1)
            bins[key] = bins.get(key, 0) + 1
    return tuple(Bin(kind, edges[i], edges[i + 1], n) for (kind, i), n in sorted(bins.items()))


def _is_wide(least: float, most: float) -> bool:
    return 0 < WIDE * least < most


def ends(results: Results) -> tuple[float, ...]:
    """The bounds of the budget on the multiply-adds."""
    return tuple(float(end) for limit in results.limits if limit.cost == MACS
                 for end in (limit.least, limit.most) if end is not None)


def spec(bins: Sequence[Bin], limits: Sequence[float]) -> dict[str, Any] | None:
    """Two histograms over each other, and lines at the bounds."""
    if not bins:
        return None
    x = encoding.quantity("low", "MACs", amount=True)
    if _is_wide(min(b.low for b in bins), max(b.high for b in bins)):
        x["scale"] = {"type": "log", "nice": False, "padding": 12}
    return encoding.spec(
        {"data": encoding.data(bins), "mark": {"type": "bar", "opacity": 0.6, "binSpacing": 0},
         "encoding": {"x": {**x, "bin": {"binned": True}}, "x2": {"field": "high"},
                      "y": {**encoding.quantity("networks", "networks", zero=True), "stack": None,
                            "axis": {"tickMinStep": 1, "format": "d"}},
                      "color": encoding.colours((b.kind for b in bins), KINDS)}},
        {"data": {"values": [{"low": end} for end in limits]},
         "mark": {"type": "rule", "style": "bound"}, "encoding": {"x": x}})


@plot("macs", "Proposals and the budget", ABOUT, place=6)
def draw(results: Results) -> Spec | None:
    """The plot of a study."""
    return spec(rows(results), ends(results))
