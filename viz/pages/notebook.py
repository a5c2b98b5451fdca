"""Notebook displays: a network with its drawing and costs, a space with its holes, a study.

These are the entry points of the group ``searchspace.display``. All text is escaped by Jinja2.
"""

from collections.abc import Sequence
from typing import Any

from searchspace import Cost, Genotype
from searchspace.cost import peak
from searchspace.expansion import trace
from searchspace.ops import show_shape
from searchspace.summary import stages
from searchspace.text import counted
from searchspace.units import show_amount
from viz.drawing.render import svg
from viz.plots import PLOTS
from viz.plots.render import chart
from viz.results import Results
from viz.templates import environment

TOP = 10
WIDTH = 560        # pixels of a plot

Cells = Sequence[Sequence[object]]


def genotype(shown: Genotype) -> str:
    """A network: figures, drawing, costs stage by stage. A space: its holes, and a drawing."""
    if shown.is_space:
        rows = [[h.name, h.kind, len(h.labels), ", ".join(map(str, h.labels[:12]))
                 + ("…" if len(h.labels) > 12 else "")] for h in shown.holes]
        return _render(shown.title, [f"a space with {counted(len(shown.holes), 'hole')}"],
                       ("hole", "kind", "options", "which"), rows, picture=svg(shown))
    expansion = trace(shown)
    total = expansion.cost()
    rows = [[row.name, f"{row.what} ×{row.times}" if row.times > 1 else row.what,
             show_shape(row.shape) if row.shape else "–", f"{row.cost.macs:,}",
             f"{row.cost.macs / total.macs:.1%}" if total.macs else "", f"{row.cost.params:,}"]
            for row in stages(shown, expansion)]
    return _render(shown.title, [f"{total.macs:,} MACs", f"{total.params:,} parameters",
                                 f"{peak(expansion).bytes:,} bytes of peak activations"],
                   ("step", "what", "output", "MACs", "share", "params"), rows,
                   picture=svg(shown))


def cost(shown: Cost) -> str:
    """Multiply-adds and parameters, in full and short."""
    return _render("", (), ("MACs", "params"), [
        [f"{shown.macs:,}", f"{shown.params:,}"],
        [show_amount(shown.macs), show_amount(shown.params)]])


def results(shown: Results) -> str:
    """A study: facts, the front, the best networks."""
    rows = [[f"trial {r.number}", *r.shown, show_amount(r.macs), show_amount(r.params), r.origin]
            for r in shown.ranked[:TOP]]
    plane = PLOTS["front"].draw(shown) if shown.scored else None
    return _render(shown.name, [f"{name}: {text}" for name, text in shown.facts],
                   ("network", *(g.title for g in shown.goals), "MACs", "params", "came about"),
                   rows, picture=chart(plane, "svg", width=WIDTH).decode() if plane else "")


def _render(title: str, facts: Sequence[str], head: Sequence[str], rows: Cells,
            picture: str = "") -> str:
    """Render the template; ``picture`` is trusted SVG with escaped texts."""
    values: dict[str, Any] = {"title": title, "facts": facts, "head": head, "rows": rows,
                              "picture": picture[picture.find("<svg"):]}
    return environment().get_template("notebook.html").render(values)
