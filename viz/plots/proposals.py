"""Multiply-adds of proposed and of scored networks, against the budget."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from viz.plots import encoding
from viz.plots.registry import Spec, plot
from viz.results import MACS, Results

BINS = 40
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
    """Up to 40 bins of equal width over both kinds, without empty ones and without networks that no
    sampler proposed."""
    pairs = [(r.proposed, r.macs) for r in results.rows if r.proposed is not None]
    values = {"proposed": [p for p, _ in pairs], "scored": [s for _, s in pairs]}
    if not pairs:
        values = {"scored": [r.macs for r in results.rows]}     # of a study without that record
    if not results.rows:
        return ()
    least, most = min(map(min, values.values())), max(map(max, values.values()))
    width = (most - least) / BINS or 1.0
    bins: dict[tuple[str, int], int] = {}
    for kind, macs in values.items():
        for value in macs:
            key = kind, min(int((value - least) / width), BINS - 1)
            bins[key] = bins.get(key, 0) + 1
    return tuple(Bin(kind, least + i * width, least + (i + 1) * width, n)
                 for (kind, i), n in sorted(bins.items()))


def ends(results: Results) -> tuple[float, ...]:
    """The bounds of the budget on the multiply-adds."""
    return tuple(float(end) for limit in results.limits if limit.cost == MACS
                 for end in (limit.least, limit.most) if end is not None)


def spec(bins: Sequence[Bin], limits: Sequence[float]) -> dict[str, Any] | None:
    """Two histograms over each other, and lines at the bounds."""
    if not bins:
        return None
    x = encoding.quantity("low", "MACs", amount=True)
    return encoding.spec(
        {"data": encoding.data(bins), "mark": {"type": "bar", "opacity": 0.6, "binSpacing": 0},
         "encoding": {"x": {**x, "bin": {"binned": True}}, "x2": {"field": "high"},
                      "y": {**encoding.quantity("networks", "networks", zero=True), "stack": None},
                      "color": encoding.colours((b.kind for b in bins), KINDS)}},
        {"data": {"values": [{"low": end} for end in limits]},
         "mark": {"type": "rule", "style": "bound"}, "encoding": {"x": x}})


@plot("macs", "Proposals and the budget", ABOUT, place=6)
def draw(results: Results) -> Spec | None:
    """The plot of a study."""
    return spec(rows(results), ends(results))
