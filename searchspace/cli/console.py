"""Tables and text on the terminal, or in a pipe: nothing is cut, and text is only ever text.

Whatever this project says on a terminal goes through `Console`.
"""

import errno
import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import rich.console
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from searchspace.text import printable

PROSE = 96      # width of running text
WIDEST = 60     # of a column whose text may wrap
WIDE = 10_000   # more than any table is
NARROWEST = 14  # of such a column on a terminal
_KEPT = "\n\t"


class Console(rich.console.Console):
    """rich's console without its markup and emoji, and without any control character but its own.

    Text may be a stranger's: what shall be bold is a `Text`, not a mark within a string.
    """

    def __init__(self, **how: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **how)

    def render_str(self, text: str, **how: Any) -> Text:
        """A string as text; columns are as wide as what this gives."""
        return super().render_str(printable(text, _KEPT), **how)

    def render(self, renderable: rich.console.RenderableType,
               options: rich.console.ConsoleOptions | None = None) -> Iterator[Segment]:
        """The pieces of anything, all of which pass here."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(printable(piece.text, _KEPT), piece.style)

    def print(self, *objects: Any, **how: Any) -> None:
        """Print; a table that no terminal confines is as wide as it has to be."""
        given = self.width
        wanted = 0 if self.is_terminal else max(
            (self._needed(part) for part in objects if isinstance(part, Table)), default=0)
        if wanted <= given:
            super().print(*objects, **how)
            return
        self.width = wanted
        try:
            super().print(*objects, **how)
        finally:
            self.width = given

    def _needed(self, part: Table) -> int:
        """The width of a table without which something of it is cut."""
        found = Measurement.get(self, self.options.update(max_width=WIDE), part)
        return found.maximum if all(column.no_wrap for column in part.columns) else found.minimum

    def on_broken_pipe(self) -> None:
        """Nobody reads the output any more: what rich would end with status 1, `run` ends as an
        interruption."""
        self.quiet = True
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    @contextmanager
    def waiting(self) -> Iterator[Callable[[str], None]]:
        """Within it, what is given to the function is shown as what is being done."""
        with self.status("") as status:     # which takes a string for markup
            yield lambda doing: status.update(Text(doing))


def output(width: int) -> Console:
    """The console of a command's output; ``width``: columns where that is no terminal."""
    return Console(width=None if sys.stdout.isatty() else width)


def table(title: str, left: Iterable[str], right: Iterable[str], last: Iterable[str] = ()) -> Table:
    """An empty table: columns of text, columns of numbers, columns of text again."""
    made = Table(title=title, title_justify="left", title_style="bold")
    for name in left:
        made.add_column(name, no_wrap=True)
    for name in right:
        made.add_column(name, justify="right", no_wrap=True)
    for name in last:
        made.add_column(name, max_width=WIDEST)
    return made


def show(*parts: Table | str) -> None:
    """Print tables so that no number is cut, and text wrapped: tables as wide as they are, but on a
    terminal as narrow as that is, if their columns of text can be wrapped so far."""
    probe, terminal = Console(width=WIDE), Console()
    widest = min(PROSE, terminal.width) if terminal.is_terminal else PROSE
    for part in parts:
        if isinstance(part, str):
            Console().out(textwrap.fill(part, widest, break_on_hyphens=False))
        else:
            width = Measurement.get(probe, probe.options, part).maximum
            if terminal.is_terminal and terminal.width < width:
                for column in part.columns:
                    column.min_width = None if column.no_wrap else NARROWEST
                width = max(terminal.width, Measurement.get(probe, probe.options, part).minimum)
            Console(width=width).print(part)


def remark(text: str) -> None:
    """Say something beside what a command prints: on standard error, if that can be written to."""
    with suppress(OSError):
        Console(stderr=True).out(text)
