"""The plots of a study, each in a file of its own with pure functions.

``rows`` makes a tuple of plain values of `Results`, which tests compare; ``spec`` makes of that
tuple a drawing in Vega-Lite, which is drawn alike on a page and, by vl-convert, as SVG, PDF or PNG;
``draw`` is both together, registered by `plot`.
"""

from viz.plots.registry import PLOTS, Plot, Spec, in_order, plot

PLOTS.discover(__name__)

__all__ = ["PLOTS", "Plot", "Spec", "in_order", "plot"]
