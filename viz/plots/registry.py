"""Registry of a study's plots: a plot is a file of this folder with a decorated function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from searchspace.registry import Registry
from viz.results import Results

Spec = dict[str, Any]
Draw = Callable[[Results], Spec | None]


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot: its title, a caption and its function. ``draw`` returns None if the study has no data
    for it; on a page plots are in the order of ``place``."""

    title: str
    about: str
    draw: Draw
    place: int


PLOTS: Registry[Plot] = Registry("plot", "docs/report.md")


def plot(name: str, title: str, about: str, place: int) -> Callable[[Draw], Draw]:
    """Register a function that draws a study in Vega-Lite; see `Plot`."""
    return PLOTS.register(name, lambda draw: Plot(title, about, draw, place))


def in_order() -> dict[str, Plot]:
    """All plots by name, as a page shows them."""
    return dict(sorted(PLOTS.items(), key=lambda entry: entry[1].place))
