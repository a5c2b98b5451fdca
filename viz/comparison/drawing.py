"""Drawing of a difference: before on the left, after on the right, one row per stage."""

from textwrap import wrap

import graphviz

from searchspace.ops import Cost, show_shape
from searchspace.units import show_digits
from viz.comparison.alignment import KINDS, Difference, StageChange
from viz.comparison.stages import Stage
from viz.drawing.dot import frame
from viz.drawing.markup import broken, span, swatches, table, tooltip
from viz.drawing.style import Style

WIDE = 176                               # of a box's text, in points
LETTERS = 38
SWATCH = 54                              # width of a colour in the legend, in points


def compared(found: Difference, style: Style | None = None) -> graphviz.Digraph:
    """The DOT of a difference; a row for each stage, in one direction whatever the style's is."""
    style = Style() if style is None else Style(theme=style.theme)
    theme = style.palette
    graph = frame(style)
    graph.attr(label=_heading(found, style), labelloc="t", labeljust="l", nodesep="0.5",
               ranksep="0.16", splines="line")
    graph.attr("edge", arrowsize="0.5")
    last: dict[str, str] = {}
    for i, change in enumerate(found.changes):
        names = {"a": f"a{i}", "b": f"b{i}"}
        with graph.subgraph(name=f"row{i}") as row:
            row.attr(rank="same")
            for side, stage in (("a", change.before), ("b", change.after)):
                if stage is None:
                    row.node(names[side], "", style="invis", width=str(WIDE / 72), fixedsize="true")
                    continue
                fill, line = theme.changed[change.kind]
                row.node(names[side], _stage(stage, change if side == "b" or change.after is None
                                           else None, style), fillcolor=fill, color=line,
                         tooltip=tooltip(f"{stage.name}: {change.kind}"))
        graph.edge(names["a"], names["b"], style="dashed" if change.before and change.after
                   else "invis", dir="none", color=theme.border)
        for side, stage in (("a", change.before), ("b", change.after)):
            above = f"{side}{i - 1}"
            if i and (stage is None or last.get(side) != above):
                graph.edge(above, names[side], style="invis", weight="50")
            if stage is not None:
                if side in last:
                    near = {"weight": "50"} if last[side] == above else {"constraint": "false"}
                    graph.edge(last[side], names[side], **near)
                last[side] = names[side]
    return graph


def grown(cost: Cost) -> str:
    """Increase of costs: ``+1.20 M MACs, −300 params``; empty if they are equal."""
    parts = [f"{_signed(n)} {unit}" for n, unit in ((cost.macs, "MACs"), (cost.params, "params"))
             if n]
    return ", ".join(parts)


def total(before: int, after: int) -> str:
    """A count before and after: ``300 M → 312 M (+4.0 %)``."""
    change = f" ({(after - before) / before:+.1%})" if before and after != before else ""
    return f"{show_digits(before, 4)} → {show_digits(after, 4)}{change}"


def _signed(n: int) -> str:
    return ("+" if n > 0 else "−") + show_digits(abs(n))


def _heading(found: Difference, style: Style) -> str:
    theme = style.palette
    used = {change.kind for change in found.changes}
    colours = [(kind, *theme.changed[kind]) for kind in KINDS if kind in used]
    return table([
        span(found.titles[0], 11, theme.ink, bold=True) + span("  →  ", 11, theme.second)
        + span(found.titles[1], 11, theme.ink, bold=True),
        span(f"MACs {total(found.before.macs, found.after.macs)}", 8, theme.second),
        span(f"parameters {total(found.before.params, found.after.params)}", 8, theme.second),
        swatches(colours, theme.ink, SWATCH) if colours else ""])


def _stage(stage: Stage, change: StageChange | None, style: Style) -> str:
    theme = style.palette
    times = f" ×{stage.times}" if stage.times > 1 else ""
    head, *more = broken(f"{stage.what}{times}", LETTERS, LETTERS - round(1.2 * len(stage.name)))
    rows = [span(stage.name, 9, theme.ink, bold=True) + span(f"  {head}", 8, theme.ink),
            *(span(line, 8, theme.ink) for line in more),
            span(f"{show_shape(stage.shape)}   {show_digits(stage.macs)} MACs   "
                 f"{show_digits(stage.params)} params",
                 7, theme.second)]
    if change is not None and change.kind != "same":
        for remark in filter(None, (*change.remarks, grown(change.cost))):
            rows += [span(line, 7, theme.open) for line in wrap(remark, LETTERS + 6)]
    return table(rows, WIDE)
