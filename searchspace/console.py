"""Tables and text on the terminal, or in a pipe: nothing is cut."""

import textwrap
from collections.abc import Iterable

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

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
