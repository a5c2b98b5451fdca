"""Command that writes the gallery of networks: ``python viz/zoo.py -o gallery.html``."""

import argparse
import fnmatch
import sys
from collections.abc import Sequence
from pathlib import Path

from searchspace import SearchspaceError, published
from searchspace.cli import Console, Parser, fail
from viz.pages.gallery import gallery


def arguments() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = Parser(
        prog="python viz/zoo.py", description="Write the gallery of bundled networks as one page.")
    parser.add_argument("networks", nargs="*", default=["*"], metavar="PATTERN",
                        help="which networks: sinet@*, '*shuffle*' (default: all)")
    parser.add_argument("-o", "--output", type=Path, default=Path("gallery.html"), metavar="FILE",
                        help="page to write (default: gallery.html)")
    return parser


def main(given: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user error."""
    options = arguments().parse_args(given)
    try:
        names = [name for name in published()
                 if any(fnmatch.fnmatch(name, pattern) for pattern in options.networks)]
        if not names:
            raise SearchspaceError(f"no bundled network is called {' or '.join(options.networks)}")
        options.output.write_text(gallery(names), encoding="utf-8", errors="backslashreplace")
    except SearchspaceError as error:
        return fail(error)
    except OSError as error:
        return fail(f"{options.output} cannot be written: {error.strerror}")
    Console().out(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
