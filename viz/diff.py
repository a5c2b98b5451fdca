"""What changed between two genotypes: ``python viz/diff.py henet@repeat3-cifar10 mine.yaml``."""

import argparse
import sys
from pathlib import Path

from rich.table import Table
from rich.text import Text

from searchspace import Genotype, SearchspaceError, console, load
from searchspace.plugins import add_option, load_named
from viz.align import Difference, difference
from viz.compact import compact
from viz.compared import compared, grown, total
from viz.labels import amount
from viz.layout import run
from viz.outline import Stage, outline
from viz.render import write
from viz.style import Style, check
from viz.subject import subject
from viz.theme import THEMES

FORMATS = ("svg", "png", "pdf", "dot")
SIGNS = {"same": " ", "changed": "~", "added": "+", "removed": "−"}
STYLES = {"same": "dim", "changed": "yellow", "added": "green", "removed": "red"}

EXAMPLES = """\
examples:
  python viz/diff.py resnet@18 resnet@34
  python viz/diff.py sinet-mobilenet-v2@plain sinet-mobilenet-v2@joint -o joint.svg
  python viz/diff.py mobilenet-v2 studies/mine/best.yaml --all
"""


def compare(before: Genotype, after: Genotype) -> Difference:
    """The difference of two genotypes; spaces at the point where they are drawn.

    Raises:
        SearchspaceError: one does not expand.
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
    """A difference as a table; stages that stay as they are only where ``everything`` is wanted."""
    before, after = found.titles
    table = console.table(f"{before} → {after}", ("", "before", "after"), (), ("what changed",))
    for change in found.changes:
        if change.kind == "same" and not everything:
            continue
        remarks = [*change.remarks, *filter(None, (grown(change.cost),))]
        table.add_row(SIGNS[change.kind], Text(_stage(change.before)), Text(_stage(change.after)),
                      Text("\n".join(remarks) if change.kind != "same" else ""),
                      style=STYLES[change.kind])
    return table


def _stage(stage: Stage | None) -> str:
    if stage is None:
        return ""
    times = f" ×{stage.times}" if stage.times > 1 else ""
    return (f"{stage.name}  {stage.what}{times}\n"
            f"  {amount(stage.macs)} MACs, {amount(stage.params)} params")


def main(arguments: list[str] | None = None) -> int:
    """The command line; 2 for a user's mistake."""
    parser = argparse.ArgumentParser(
        prog="python viz/diff.py", epilog=EXAMPLES,
        description="What changed between two genotypes, stage by stage.",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", help="bundled name, name@variant, or path of a YAML file")
    parser.add_argument("after", help="the other one")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE",
                        help=f"draw it; the suffix is one of {', '.join(FORMATS)}")
    parser.add_argument("--theme", choices=tuple(THEMES), default="light",
                        help="colours of the drawing (default: light)")
    parser.add_argument("--all", action="store_true", help="list also what stays the same")
    add_option(parser)
    given = parser.parse_args(arguments)
    try:
        load_named(given)
        found = compare(load(given.before), load(given.after))
        if given.output is not None:
            format = given.output.suffix.lower().removeprefix(".")
            if format not in FORMATS:
                raise SearchspaceError(f"{given.output}: the suffix says the format, one of "
                                       f"{', '.join('.' + f for f in FORMATS)}")
            write(given.output, draw_difference(found, format, given.theme))
    except SearchspaceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    _print(found, everything=given.all)
    if given.output is not None:
        print(given.output)
    return 0


def _print(found: Difference, *, everything: bool) -> None:
    if everything or not found.same:
        console.show(show(found, everything=everything))
    if found.same:
        console.show("No stage differs.")
    for name, before, after in (("MACs", found.before.macs, found.after.macs),
                                ("parameters", found.before.params, found.after.params)):
        console.show(f"{name} {total(before, after)}")


if __name__ == "__main__":
    sys.exit(main())
