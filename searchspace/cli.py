"""Tables and text on the terminal, or in a pipe: nothing is cut."""

import argparse
import textwrap
from collections.abc import Iterable
from typing import NoReturn

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from searchspace.errors import SearchspaceError
from searchspace.plugins import load_file, load_installed

PROSE = 96      # width of running text
WIDEST = 60     # of a column whose text may wrap


def table(title: str, left: Iterable[str], right: Iterable[str], last: Iterable[str] = ()) -> Table:
    """An empty table: columns of text, columns of numbers, columns of text again."""
    made = Table(title=title, title_justify="left", title_style="bold")
    for name in left:
        made.add_column(name)
    for name in right:
        made.add_column(name, justify="right")
    for name in last:
        made.add_column(name, max_width=WIDEST)
    return made


def show(*parts: Table | str) -> None:
    """Print tables as wide as they are, so that no number is cut, and text wrapped."""
    probe = Console(width=10_000, markup=False, emoji=False)
    for part in parts:
        if isinstance(part, str):
            Console().out(textwrap.fill(part, PROSE, break_on_hyphens=False), highlight=False)
        else:
            width = Measurement.get(probe, probe.options, part).maximum
            Console(width=width, markup=False, emoji=False, highlight=False).print(part)


class Parser(argparse.ArgumentParser):
    """argparse, with errors like those of genotypes: one sentence."""

    def error(self, message: str) -> NoReturn:
        raise SearchspaceError(f"{message}; see python -m searchspace --help")


def add_option(parser: argparse.ArgumentParser) -> None:
    """Give a command line the option ``--ops FILE``; `load_named` does what it says."""
    parser.add_argument("--ops", action="append", default=[], metavar="FILE",
                        help="a Python file with operations of your own; it is run")


def load_named(options: argparse.Namespace) -> None:
    """Load the installed operations and those that ``--ops`` names; see `load_file`."""
    load_installed()
    for path in options.ops:
        load_file(path)
