"""The plots of a study, each in a file of its own with two pure functions.

``rows`` makes a tuple of plain values of `Results`, which tests compare; ``spec`` makes of that
tuple a drawing in Vega-Lite, which is drawn alike on a page and, by vl-convert, as SVG, PDF or PNG.
A line in `PLOTS` is all that makes a plot known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from viz.plots import front, hypervolume, importance, parallel, progress, proposals, timeline
from viz.results import Results

__all__ = ["PLOTS", "Plot", "Spec"]

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot: its title, what it shows in a sentence, and how it comes about. ``draw`` gives None
    where the study has nothing to show in it."""

    title: str
    about: str
    draw: Callable[[Results], Spec | None]


PLOTS = {
    "front": Plot("Pareto front", front.ABOUT,
                  lambda r: front.spec(front.rows(r), r.axes, front.bound(r))),
    "progress": Plot("Value over trials", progress.ABOUT,
                     lambda r: progress.spec(progress.rows(r), r.goals[0])),
    "volume": Plot("Hypervolume", hypervolume.ABOUT,
                   lambda r: hypervolume.spec(hypervolume.rows(r))),
    "importance": Plot("Importance of the holes", importance.ABOUT,
                       lambda r: importance.spec(importance.rows(r))),
    "parallel": Plot("Decisions side by side", parallel.ABOUT,
                     lambda r: parallel.spec(parallel.axes(r), parallel.rows(r), r.goals[0])),
    "macs": Plot("Proposals and the budget", proposals.ABOUT,
                 lambda r: proposals.spec(proposals.rows(r), proposals.ends(r))),
    "timeline": Plot("Workers", timeline.ABOUT, lambda r: timeline.spec(timeline.rows(r))),
}
