"""Difference between two genotypes: ``python viz/diff.py henet@repeat3-cifar10 mine.yaml``."""

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":      # this checkout, and no other one that is installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from searchspace import SearchspaceError, cli, load
from viz.comparison.alignment import Difference
from viz.comparison.drawing import total
from viz.comparison.table import FORMATS, compare, draw_difference, show
from viz.drawing.render import write
from viz.drawing.style import THEMES

EXAMPLES = """\
examples:
  python viz/diff.py resnet@18 resnet@34
  python viz/diff.py sinet-mobilenet-v2@g1 sinet-mobilenet-v2@joint -o joint.svg
  python viz/diff.py mobilenet-v2 studies/mine/best.yaml --all
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user error."""
    parser = cli.Parser("python viz/diff.py", epilog=EXAMPLES,
                        description="What changed between two genotypes, stage by stage.")
    parser.add_argument("before", help="bundled name, name@variant, or path of a YAML file")
    parser.add_argument("after", help="the other one")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE",
                        help=f"draw it; the suffix is one of {', '.join(FORMATS)}")
    parser.add_argument("--theme", choices=tuple(THEMES), default="light",
                        help="colours of the drawing (default: light)")
    parser.add_argument("--all", action="store_true", help="list also what stays the same")
    cli.add_option(parser)
    cli.add_limits(parser)
    given = parser.parse_args(arguments)
    return cli.run(lambda: _compare(given))


def _compare(given: argparse.Namespace) -> None:
    cli.load_named(given)
    found = compare(load(given.before), load(given.after))
    if given.output is not None:
        format = given.output.suffix.lower().removeprefix(".")
        if format not in FORMATS:
            raise SearchspaceError(f"{given.output}: the suffix says the format, one of "
                                   f"{', '.join('.' + f for f in FORMATS)}")
        write(given.output, draw_difference(found, format, given.theme))
    _print(found, everything=given.all)
    if given.output is not None:
        cli.Console().out(given.output)


def _print(found: Difference, *, everything: bool) -> None:
    if everything or not found.same:
        cli.show(show(found, everything=everything))
    if found.same:
        cli.show("No stage differs.")
    for name, before, after in (("MACs", found.before.macs, found.after.macs),
                                ("parameters", found.before.params, found.after.params)):
        cli.show(f"{name} {total(before, after)}")


if __name__ == "__main__":
    cli.start(main)
