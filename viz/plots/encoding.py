"""Common parts of the plots: encodings of fields and axes, and labels of origins."""

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any, NamedTuple

from viz.results import Goal, TrialRow

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
LETTERS = 40        # in a line of an axis' title
SHORT = "~s"        # 300M, 2.5k: how an axis writes amounts
KINDS = {"published": "start", "proposed": "as proposed", "moved": "moved to the budget",
         "replaced": "replaced: known already"}
AMOUNTS = ("macs", "params", "memory")
TIMES = ("latency", "measured-latency")
MILLISECONDS = "format(datum.value / 1e6, '~g') + ' ms'"      # of nanoseconds


def spec(*layers: dict[str, Any], **other: Any) -> dict[str, Any]:
    """A layered Vega-Lite specification, as wide as its container."""
    return {"$schema": SCHEMA, "width": "container", "height": 300,
            "autosize": {"type": "fit", "contains": "padding"}, **other, "layer": list(layers)}


def data(rows: Sequence[NamedTuple]) -> dict[str, Any]:
    """Named tuples as the data of a layer."""
    return {"values": [row._asdict() for row in rows]}


def quantity(field: str, title: str, *, amount: bool = False, zero: bool = False,
             **other: Any) -> dict[str, Any]:
    """Positional encoding of a number; ``amount``: formatted as 300M."""
    axis = {"format": SHORT} if amount else {}
    scale = {"zero": True} if zero else {"zero": False, "nice": False, "padding": 12}
    return {"field": field, "type": "quantitative", "title": lines(title), "axis": axis,
            "scale": scale, **other}


def lines(title: str) -> str | list[str]:
    """A title in lines that an axis has room for: a longer one leaves none to the plot."""
    broken = wrap(title, LETTERS)
    return broken if len(broken) > 1 else title


def colours(present: Iterable[str], known: Sequence[str]) -> dict[str, Any]:
    """Encoding of kinds by colours, which do not depend on ``present``; the legend lists only the
    present ones."""
    there = set(present)
    return {"field": "kind", "type": "nominal", "scale": {"domain": list(known)},
            "legend": {"title": None, "orient": "top", "values": [k for k in known if k in there]}}


def goal(field: str, of: Goal, **other: Any) -> dict[str, Any]:
    """Encoding of a goal's value; the axis title states the direction of improvement."""
    better = "higher is better" if of.maximize else "lower is better"
    if of.name in TIMES:
        return quantity(field, f"{of.title} ({better})", **{
            "axis": {"labelExpr": MILLISECONDS}, **other})
    unit = f"{of.unit}, " if of.unit and of.name not in AMOUNTS else ""
    return quantity(field, f"{of.title} ({unit}{better})", amount=of.name in AMOUNTS, **other)


def kind(row: TrialRow) -> str:
    """The origin of a trial, in words."""
    return KINDS[row.origin]
