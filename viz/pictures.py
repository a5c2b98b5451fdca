"""Command that redraws all pictures in the README and the docs: ``python viz/pictures.py``.

`docs/pictures.txt` holds a digest of each picture's source (DOT, Vega-Lite), by which a test
detects outdated pictures independently of the version of Graphviz.
"""

import sys
from pathlib import Path

if __name__ == "__main__":      # this checkout, and no other one that is installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from search.results.read import read_study
from searchspace.cli import Console, Parser, run, start
from viz.docs.pictures import DIGESTS, DOCS, PAGES, digests, pictures
from viz.docs.plots import keep
from viz.drawing.render import write


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user error."""
    parser = Parser("python viz/pictures.py", description=(
        "Draw every picture of README and docs again, and write the pages gallery.md and papers.md "
        "around them."))
    parser.add_argument("-o", "--output", type=Path, default=DOCS, metavar="FOLDER",
                        help="where the pages and pictures are written (default: docs)")
    parser.add_argument("--found", type=Path, metavar="STUDY", help="first take over this study's "
                        "folder as the README's search")
    given = parser.parse_args(arguments)
    return run(lambda: _draw(given.output, given.found))


def _draw(folder: Path, found: Path | None) -> None:
    if found is not None:
        keep(read_study(found), found)
    for shown in pictures():
        path = folder / shown.path
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, shown.svg())
    for name, page in PAGES.items():
        write(folder / name, "\n".join(page()).encode())
    write(folder / DIGESTS, digests().encode())
    Console().out(folder)


if __name__ == "__main__":
    start(main)
