"""Tables and text on the terminal, or in a pipe: nothing is cut, and text is only ever text.

Whatever this project says on a terminal goes through `Console`.
"""

import argparse
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import rich.console
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from searchspace.errors import SearchspaceError
from searchspace.notation.reader import parse
from searchspace.notation.tree import Atom, Scalar
from searchspace.plugins import load_file, load_installed
from searchspace.text import printable

PROSE = 96      # width of running text
WIDEST = 60     # of a column whose text may wrap
MISTAKE = 2     # exit status for a user's
INTERRUPTED = 130
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

    @contextmanager
    def waiting(self) -> Iterator[Callable[[str], None]]:
        """Within it, what is given to the function is shown as what is being done."""
        with self.status("") as status:     # which takes a string for markup
            yield lambda doing: status.update(Text(doing))


class Parser(argparse.ArgumentParser):
    """argparse for a command's docstring ``about``: its first paragraph is the description, the
    rest, examples say, stands below the options. Errors may quote the name of a stranger's file.
    """

    def __init__(self, prog: str | None = None, about: str | None = None, **how: Any) -> None:
        head, _, rest = (about or "").partition("\n\n")
        super().__init__(prog, **{"description": head or None, "epilog": rest or None,
                                  "formatter_class": argparse.RawDescriptionHelpFormatter, **how})

    def error(self, message: str) -> NoReturn:
        self.exit(MISTAKE, printable(f"error: {message}; see {self.prog} --help") + "\n")


def whole(least: int, most: int = 100_000) -> Callable[[str], int]:
    """Reads an option's whole number; the error says from where to where it may go."""
    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > 20 or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to "
                                             f"{most:,}")
        return int(text)
    return read


def setting(text: str) -> tuple[str, Atom]:
    """Name and value of ``--set name=value``; the value reads as it would in YAML."""
    name, equals, value = text.partition("=")
    tree = parse(f"value: {value}", f"--set {text}").get("value") if equals else None
    if not name or not isinstance(tree, Scalar) or tree.value is None:
        raise SearchspaceError(f"--set takes ARG=VALUE, like classes=100, not {text!r}")
    return name.strip(), tree.value


def output(width: int) -> Console:
    """The console of a command's output; ``width``: columns where that is no terminal."""
    return Console(width=None if sys.stdout.isatty() else width)


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
    probe = Console(width=10_000)
    for part in parts:
        if isinstance(part, str):
            Console().out(textwrap.fill(part, PROSE, break_on_hyphens=False))
        else:
            width = Measurement.get(probe, probe.options, part).maximum
            Console(width=width).print(part)


def remark(text: str) -> None:
    """Say something beside what a command prints: on standard error."""
    Console(stderr=True).out(text)


def run(work: Callable[[], int | None]) -> int:
    """Do a command's work; gives its exit status.

    That is what ``work`` gives, or 0; 2 with one sentence for a user's mistake, or a file that
    cannot be read or written; 130 after Ctrl-C, or where nobody reads its output any more.
    """
    try:
        return work() or 0
    except SearchspaceError as error:
        return fail(error)
    except (KeyboardInterrupt, BrokenPipeError):
        return INTERRUPTED
    except OSError as error:
        return fail(f"{error.filename or 'output'}: {error.strerror or error}")


def fail(message: object) -> int:
    """Tell a user's mistake in one sentence; gives the exit status for it."""
    remark(f"error: {message}")
    return MISTAKE


def add_option(parser: argparse.ArgumentParser) -> None:
    """Give a command line the option ``--ops FILE``; `load_named` does what it says."""
    parser.add_argument("--ops", action="append", default=[], metavar="FILE",
                        help="a Python file with operations of your own; it is run")


def load_named(options: argparse.Namespace) -> None:
    """Load the installed operations and those that ``--ops`` names; see `load_file`."""
    load_installed()
    for path in options.ops:
        load_file(path)
