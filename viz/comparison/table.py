"""Difference of two networks as a table or a drawing."""

from rich.table import Table

from searchspace import Genotype, cli
from searchspace.units import show_digits
from viz.comparison.alignment import Difference, difference
from viz.comparison.drawing import compared, grown
from viz.comparison.stages import Stage, outline
from viz.drawing.layout import run
from viz.drawing.network import subject
from viz.drawing.style import Style, check
from viz.drawing.svg import compact

FORMATS = ("svg", "png", "pdf", "dot")
SIGNS = {"same": " ", "changed": "~", "added": "+", "removed": "−"}
STYLES = {"same": "dim", "changed": "yellow", "added": "green", "removed": "red"}


def compare(before: Genotype, after: Genotype) -> Difference:
    """The difference of two genotypes; spaces with their default decisions for drawing.

    Raises:
        SearchspaceError: one of them does not expand.
    """
    return difference(outline(subject(before)), outline(subject(after)))


def draw_difference(found: Difference, format: str = "svg", theme: str = "light") -> bytes:
    """A difference as the bytes of an svg, png, pdf or dot.

    Raises:
        SearchspaceError: an unknown format or theme.
    """
    check("format", format, FORMATS)
    source: str = compared(found, Style(theme=theme)).source
    if format == "dot":
        return source.encode()
    drawn = run(source, format)
    return compact(drawn, " → ".join(found.titles)) if format == "svg" else drawn


def show(found: Difference, *, everything: bool = False) -> Table:
    """A difference as a table; unchanged stages are included only with ``everything``."""
    before, after = found.titles
    table = cli.table(f"{before} → {after}", ("", "before", "after"), (), ("what changed",))
    for change in found.changes:
        if change.kind == "same" and not everything:
            continue
        remarks = [*change.remarks, *filter(None, (grown(change.cost),))]
        table.add_row(SIGNS[change.kind], _stage(change.before), _stage(change.after),
                      "\n".join(remarks) if change.kind != "same" else "",
                      style=STYLES[change.kind])
    return table


def _stage(stage: Stage | None) -> str:
    if stage is None:
        return ""
    times = f" ×{stage.times}" if stage.times > 1 else ""
    return (f"{stage.name}  {stage.what}{times}\n"
            f"  {show_digits(stage.macs)} MACs, {show_digits(stage.params)} params")
