"""Drawing genotypes: ``python viz/render.py sinet@1.0 -o sinet.svg``."""

import argparse
import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from searchspace import Genotype, SearchspaceError, load
from searchspace.plugins import add_option, load_named
from viz.dot import digraph
from viz.levels import LEVELS, picture
from viz.subject import subject

FORMATS = ("svg", "png", "pdf", "dot")
DIRECTIONS = ("TB", "LR")

EXAMPLES = """\
examples:
  python viz/render.py sinet@1.0 -o sinet.svg
  python viz/render.py nasnet-a@mobile --level block -o cells.pdf
  python viz/render.py my/net.yaml --level operation --direction LR -o net.png
  python viz/render.py mixed -o mixed.svg        (a space: its holes are marked)
"""


def draw(genotype: Genotype, format: str = "svg", level: str = "stage",
         direction: str = "TB") -> bytes:
    """A drawing of a network, or of a space with its holes marked, as the bytes of a file.

    ``format``: svg, png, pdf or dot. ``level``: stage (one box a step of the net), block (each
    distinct block once) or operation (everything). ``direction``: TB or LR. The same genotype
    gives the same bytes on the same machine.

    Raises:
        SearchspaceError: an unknown format, level or direction, or a genotype that does not expand.
    """
    for name, value, known in (("format", format, FORMATS), ("level", level, LEVELS),
                               ("direction", direction, DIRECTIONS)):
        if value not in known:
            raise SearchspaceError(f"{value!r} is no {name}; known: {', '.join(known)}")
    graph = digraph(picture(subject(genotype), level), direction)
    return graph.source.encode() if format == "dot" else _layout(graph.source, format)


def render(genotype: Genotype, path: str | Path, level: str = "stage",
           direction: str = "TB") -> Path:
    """Write a drawing to ``path``, in the format that its suffix names; see `draw`.

    Raises:
        SearchspaceError: as `draw`, or the file cannot be written.
    """
    path = Path(path)
    format = path.suffix.lower().removeprefix(".")
    if format not in FORMATS:
        raise SearchspaceError(f"{path}: the suffix says the format, one of "
                               f"{', '.join('.' + f for f in FORMATS)}")
    drawn = draw(genotype, format, level, direction)
    try:
        path.write_bytes(drawn)
    except OSError as error:
        raise SearchspaceError(f"{path} cannot be written: {error.strerror}") from None
    return path


def _layout(dot: str, format: str) -> bytes:
    import pygraphviz

    graph = pygraphviz.AGraph(string=dot)
    if format == "png":
        graph.graph_attr["dpi"] = "144"
    with _quiet():
        drawn: bytes = graph.draw(format=format, prog="dot")
    # Cairo writes the time into a PDF; as many digits keep its table of offsets right.
    return re.sub(rb"(/CreationDate \(D:)\d{14}", rb"\g<1>19700101000000", drawn) \
        if format == "pdf" else drawn


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Graphviz, Pango and fontconfig remark on fonts and sizes straight to file descriptor 2; what
    they say is passed on only where drawing fails."""
    said = io.StringIO()
    with tempfile.TemporaryFile() as file, contextlib.redirect_stderr(said):
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield
        except Exception as error:
            file.seek(0)
            error.add_note(said.getvalue() + file.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def main(arguments: list[str] | None = None) -> int:
    """The command line; 2 for a user's mistake."""
    parser = argparse.ArgumentParser(
        prog="python viz/render.py", epilog=EXAMPLES, description="Draw a network or a space.",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genotype", help="bundled name, name@variant, or path of a YAML file")
    parser.add_argument("-o", "--output", required=True, metavar="FILE",
                        help=f"file to write; its suffix is one of {', '.join(FORMATS)}")
    parser.add_argument("--level", choices=LEVELS, default="stage",
                        help="stage: one box a step; block: each distinct block once; operation: "
                             "everything (default: stage)")
    parser.add_argument("--direction", choices=DIRECTIONS, default="TB",
                        help="top to bottom or left to right (default: TB)")
    add_option(parser)
    given = parser.parse_args(arguments)
    try:
        load_named(given)
        path = render(load(given.genotype), given.output, given.level, given.direction)
    except SearchspaceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
