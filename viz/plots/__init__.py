"""Plots of a study, each in a file of its own with pure functions.

``rows`` turns `Results` into a tuple of plain values, which tests compare; ``spec`` turns that
tuple into Vega-Lite, which is rendered on pages and, by vl-convert, as SVG, PDF or PNG; ``draw`` is
both together, registered by `plot`.
"""

from viz.plots.registry import PLOTS, Plot, Spec, in_order, plot

PLOTS.discover(__name__)

__all__ = ["PLOTS", "Plot", "Spec", "in_order", "plot"]
