"""Drawing genotypes: ``python viz/render.py sinet@1.0 -o sinet.svg``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from searchspace import Genotype, SearchspaceError, load
from searchspace.plugins import add_option, load_named
from viz.compact import compact
from viz.dot import digraph
from viz.foldable import foldable
from viz.layout import page
from viz.levels import LEVELS, picture
from viz.style import COLOURS, DIRECTIONS, FIGURES, Style, check
from viz.subject import subject
from viz.theme import THEMES

FORMATS = ("svg", "png", "pdf", "dot", "html")

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


def draw(genotype: Genotype, format: str = "svg", level: str = "stage", style: Style | None = None,
         *, only: str | None = None, beside: Sequence[Genotype] = ()) -> bytes:
    """A drawing of a network, or of a space with its holes marked, as the bytes of a file.

    ``format``: svg, png, pdf, dot or html (a page on which groups can be folded, at the level of
    operations). ``level``: stage (one box a step of the net), block (each distinct block once;
    ``only`` those of one name) or operation (everything). ``beside``: further genotypes, drawn to
    the right. The same genotypes give the same bytes on the same machine.

    Raises:
        SearchspaceError: an unknown format or level, a genotype that does not expand, no block of
            that name, or a page or DOT of several genotypes.
    """
    check("format", format, FORMATS)
    check("level", level, LEVELS)
    style = style or Style()
    pictures = [picture(subject(one), level, only) for one in (genotype, *beside)]
    if format not in ("html", "dot"):
        drawn = page(pictures, style, format)
        return compact(drawn, genotype.title) if format == "svg" else drawn
    if len(pictures) > 1:
        raise SearchspaceError(f"several genotypes beside each other are drawn as svg, png or pdf, "
                               f"not {format}")
    source = digraph(pictures[0], style).source if format == "dot" else \
        foldable(pictures[0], style)
    return source.encode()


def svg(genotype: Genotype, level: str = "stage", theme: str = "light", direction: str = "TB",
        colour: str = "op", only: str | None = None) -> str:
    """A drawing as an ``<svg>`` element for an HTML page: no declaration, no identifiers that could
    meet those of another drawing on the page, every name only ever text; see `draw`."""
    drawn = draw(genotype, "svg", level, Style(direction, theme, colour), only=only)
    return drawn.decode().partition("\n")[2]


def render(genotype: Genotype, path: str | Path, level: str = "stage", style: Style | None = None,
           *, only: str | None = None, beside: Sequence[Genotype] = ()) -> Path:
    """Write a drawing to ``path``, in the format that its suffix names; see `draw`.

    Raises:
        SearchspaceError: as `draw`, or the file cannot be written.
    """
    path = Path(path)
    format = path.suffix.lower().removeprefix(".")
    if format not in FORMATS:
        raise SearchspaceError(f"{path}: the suffix says the format, one of "
                               f"{', '.join('.' + f for f in FORMATS)}")
    drawn = draw(genotype, format, level, style, only=only, beside=beside)
    return write(path, drawn)


def write(path: Path, drawn: bytes) -> Path:
    """Write a file; a SearchspaceError where that is impossible."""
    try:
        path.write_bytes(drawn)
    except OSError as error:
        raise SearchspaceError(f"{path} cannot be written: {error.strerror}") from None
    return path


def add_style(parser: argparse.ArgumentParser) -> None:
    """Give a command line the options of a style."""
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
    """The style that a command line asks for."""
    return Style(given.direction, given.theme, given.colour, given.show)


def main(arguments: list[str] | None = None) -> int:
    """The command line; 2 for a user's mistake."""
    parser = argparse.ArgumentParser(
        prog="python viz/render.py", epilog=EXAMPLES, description="Draw a network or a space.",
        formatter_class=argparse.RawDescriptionHelpFormatter)
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
    given = parser.parse_args(arguments)
    try:
        load_named(given)
        usual = "operation" if given.output.lower().endswith(".html") else "stage"
        level = given.level or ("block" if given.block else usual)
        path = render(load(given.genotype), given.output, level, given_style(given),
                      only=given.block, beside=[load(name) for name in given.beside])
    except SearchspaceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
