"""Drawing genotypes: ``python viz/render.py sinet@1.0 -o sinet.svg``."""

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":      # this checkout, and no other one that is installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from searchspace import load
from searchspace.cli import Console, Parser, add_limits, add_option, load_named, run, start
from viz.drawing.levels import LEVELS
from viz.drawing.render import FORMATS, render
from viz.drawing.style import COLOURS, DIRECTIONS, FIGURES, THEMES, Style

EXAMPLES = """\
examples:
  python viz/render.py sinet@1.0 -o sinet.svg
  python viz/render.py nasnet-a@mobile --level block -o cells.pdf
  python viz/render.py my/net.yaml --level operation --direction LR -o net.png
  python viz/render.py mixed -o mixed.svg        (a space: its holes are marked)
  python viz/render.py mixed --beside studies/mine/best.yaml -o found.svg
  python viz/render.py sinet --block si_unit -o unit.pdf
  python viz/render.py hcgnet -o hcgnet.html     (operations; groups fold)
  python viz/render.py henet --colour macs --theme dark -o henet.svg
"""


def add_style(parser: argparse.ArgumentParser) -> None:
    """Add the options of a style to a parser."""
    parser.add_argument("--direction", choices=DIRECTIONS, default="TB",
                        help="top to bottom or left to right (default: TB)")
    parser.add_argument("--theme", choices=tuple(THEMES), default="light",
                        help="colours for a light or a dark page (default: light)")
    parser.add_argument("--colour", "--color", choices=COLOURS, default="op",
                        help="fills by the kind of operation, or by the share of MACs or "
                             "parameters (default: op)")
    parser.add_argument("--show", type=lambda text: tuple(filter(None, text.split(","))),
                        metavar="FIGURES", help="what each node shows, separated by commas, of "
                        f"{', '.join(FIGURES)} (default: what suits the level)")


def given_style(given: argparse.Namespace) -> Style:
    """The style of a command line's options."""
    return Style(given.direction, given.theme, given.colour, given.show)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user error."""
    parser = Parser("python viz/render.py", epilog=EXAMPLES,
                    description="Draw a network or a space.")
    parser.add_argument("genotype", help="bundled name, name@variant, or path of a YAML file")
    parser.add_argument("-o", "--output", required=True, metavar="FILE",
                        help=f"file to write; its suffix is one of {', '.join(FORMATS)}")
    parser.add_argument("--level", choices=LEVELS,
                        help="stage: one box a step; block: each distinct block once; operation: "
                             "everything (default: stage; operation for .html)")
    parser.add_argument("--block", metavar="NAME", help="only the blocks of this name, without the "
                        "stages; at the level of blocks")
    parser.add_argument("--beside", metavar="GENOTYPE", action="append", default=[],
                        help="another genotype to its right: a space's filled network, say")
    add_style(parser)
    add_option(parser)
    add_limits(parser)
    given = parser.parse_args(arguments)
    return run(lambda: _render(given))


def _render(given: argparse.Namespace) -> None:
    load_named(given)
    usual = "operation" if given.output.lower().endswith(".html") else "stage"
    level = given.level or ("block" if given.block else usual)
    shown = [load(name) for name in (given.genotype, *given.beside)]
    Console().out(render(shown, given.output, level, given_style(given), given.block))


if __name__ == "__main__":
    start(main)
