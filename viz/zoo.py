"""Command that writes the gallery of networks: ``python viz/zoo.py -o gallery.html``."""

import argparse
import fnmatch
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":      # this checkout, and no other one that is installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from searchspace import SearchspaceError, published
from searchspace.cli import Console, Parser, run, start
from viz.drawing.render import write
from viz.pages.gallery import gallery


def arguments() -> argparse.ArgumentParser:
    """The options of the command line."""
    parser = Parser("python viz/zoo.py", "Write the gallery of bundled networks as one page.")
    parser.add_argument("networks", nargs="*", default=["*"], metavar="PATTERN",
                        help="which networks: sinet@*, '*shuffle*' (default: all)")
    parser.add_argument("-o", "--output", type=Path, default=Path("gallery.html"), metavar="FILE",
                        help="page to write (default: gallery.html)")
    return parser


def main(given: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user error."""
    options = arguments().parse_args(given)
    return run(lambda: _write(options))


def _write(options: argparse.Namespace) -> None:
    names = [name for name in published()
             if any(fnmatch.fnmatch(name, pattern) for pattern in options.networks)]
    if not names:
        raise SearchspaceError(f"no bundled network is called {' or '.join(options.networks)}")
    write(options.output, gallery(names).encode(errors="backslashreplace"))
    Console().out(options.output)


if __name__ == "__main__":
    start(main)
