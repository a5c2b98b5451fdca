"""Command that redraws all pictures in the README and the docs: ``python viz/pictures.py``.

`docs/pictures.txt` holds a digest of each picture's source (DOT, Vega-Lite), by which a test
detects outdated pictures independently of the version of Graphviz.
"""

import sys
from pathlib import Path

from search.results.read import read_study
from searchspace import SearchspaceError
from searchspace.cli import Console, Parser, fail
from viz.docs.pictures import DIGESTS, DOCS, PAGES, digests, pictures
from viz.docs.plots import keep
from viz.drawing.render import write


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user error."""
    parser = Parser(
        prog="python viz/pictures.py", description="Draw every picture of README and docs again, "
        "and write the pages gallery.md and papers.md around them.")
    parser.add_argument("-o", "--output", type=Path, default=DOCS, metavar="FOLDER",
                        help="where the pages and pictures are written (default: docs)")
    parser.add_argument("--found", type=Path, metavar="STUDY", help="first take over this study's "
                        "folder as the README's search")
    given = parser.parse_args(arguments)
    folder: Path = given.output
    try:
        if given.found is not None:
            keep(read_study(given.found), given.found)
        for shown in pictures():
            path = folder / shown.path
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, shown.svg())
        for name, page in PAGES.items():
            write(folder / name, "\n".join(page()).encode())
        write(folder / DIGESTS, digests().encode())
    except SearchspaceError as error:
        return fail(error)
    Console().out(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
