"""Tables and text on the terminal, or in a pipe: nothing is cut, and text is only ever text.

Whatever this project says on a terminal goes through `Console`, and every command ends in `start`,
which knows what may become of its output, its signals and its exit status.
"""

import _thread
import argparse
import errno
import os
import signal
import sys
import textwrap
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import Any, NoReturn

import rich.console
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from searchspace.errors import GenotypeWarning, SearchspaceError
from searchspace.notation.reader import parse
from searchspace.notation.tree import Atom, Scalar
from searchspace.plugins import load_file, load_installed
from searchspace.safety.limits import Limits, changed, current, hold, scope
from searchspace.scripts import called, spoken
from searchspace.text import printable

PROSE = 96      # width of running text
WIDEST = 60     # of a column whose text may wrap
NARROWEST = 14  # of such a column on a terminal
MISTAKE = 2     # exit status for a user's
INTERRUPTED = 130
AGAIN_S = 0.05  # after which an interruption that came to nothing is repeated
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


class Parser(argparse.ArgumentParser):
    """argparse for a command's docstring ``about``: its first paragraph is the description, the
    rest, examples say, stands below the options. Errors may quote the name of a stranger's file.
    """

    def __init__(self, prog: str | None = None, about: str | None = None, **how: Any) -> None:
        head, _, rest = (about or "").partition("\n\n")
        texts = {"description": head or None, "epilog": rest or None, **how}
        for name in ("description", "epilog"):
            texts[name] = spoken(texts[name]) if texts[name] else None
        if prog and called():
            prog = spoken(prog if prog.startswith("python ") else f"python {prog}")
        super().__init__(prog, **{"formatter_class": argparse.RawDescriptionHelpFormatter, **texts})

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """As argparse's, which gives an empty list for ``--option=--``."""
        if action.option_strings and action.nargs is None and arg_strings == ["--"]:
            raise argparse.ArgumentError(action, "expected one argument")
        return super()._get_values(action, arg_strings)

    def _print_message(self, message: str, file: Any = None) -> None:
        """As argparse's, which drops what cannot be written, and says nothing."""
        if file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)

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
    readable = equals and printable(value) == value
    tree = parse(f"value: {value}", f"--set {text}").get("value") if readable else None
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
        made.add_column(name, no_wrap=True)
    for name in right:
        made.add_column(name, justify="right", no_wrap=True)
    for name in last:
        made.add_column(name, max_width=WIDEST)
    return made


def show(*parts: Table | str) -> None:
    """Print tables so that no number is cut, and text wrapped: tables as wide as they are, but on a
    terminal as narrow as that is, if their columns of text can be wrapped so far."""
    probe, terminal = Console(width=10_000), Console()
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


def start(main: Callable[[], int]) -> NoReturn:
    """Run a command's ``main`` in this process, and end the process with its exit status.

    Output whose encoding lacks a character gets a question mark, output that was closed is thrown
    away, and output that cannot be written is a mistake, also where that is found out at the end.
    SIGTERM is a Ctrl-C. One that Python drops, since it came within a destructor, is repeated.
    """
    _open_streams()
    status: int | str | None = INTERRUPTED
    with suppress(KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = _unraisable
        try:
            status = run(main)
        except SystemExit as ended:     # argparse's
            status = ended.code
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)       # the work is done
    sys.exit(_flushed(status))


def run(work: Callable[[], int | None]) -> int:
    """Do a command's work; gives its exit status.

    That is what ``work`` gives, or 0; 2 with one sentence for a user's mistake, a file that cannot
    be read or written, a name that is no UTF-8 where it has to be, or too little memory; 130 after
    Ctrl-C, or where nobody reads its output any more. Warnings about genotypes are sentences on
    standard error. What limits it raises, it raises for itself.
    """
    with warnings.catch_warnings(), scope():
        other = warnings.showwarning

        def tell(message: Warning | str, category: type[Warning], *where: Any, **how: Any) -> None:
            if issubclass(category, GenotypeWarning):
                remark(f"warning: {message}")
            else:
                other(message, category, *where, **how)

        warnings.showwarning = tell
        return _run(work)


def _run(work: Callable[[], int | None]) -> int:
    try:
        return work() or 0
    except SearchspaceError as error:
        return fail(error)
    except (KeyboardInterrupt, BrokenPipeError):
        return INTERRUPTED
    except OSError as error:
        return fail(f"{error.filename or 'output'}: {error.strerror or error}")
    except UnicodeEncodeError as error:
        return fail(f"{error.object[:100]!r} cannot be written as {error.encoding}")
    except MemoryError as error:
        return fail(f"out of memory{f': {error}' if str(error) else ''}")


def fail(message: object) -> int:
    """Tell a user's mistake in one sentence; gives the exit status for it."""
    remark(f"error: {message}")
    return MISTAKE


def _open_streams() -> None:
    """Open what the caller has closed, so that no file gets its number; replace what an encoding
    lacks."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _unraisable(of: Any) -> None:
    if of.exc_type is KeyboardInterrupt:
        threading.Timer(AGAIN_S, _thread.interrupt_main).start()
    else:
        sys.__unraisablehook__(of)


def _flushed(status: int | str | None) -> int | str | None:
    """Write what is left to the streams; the exit status after that."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            with suppress(OSError, ValueError):     # at its end Python tries once more
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            if not status and stream is sys.stdout:
                status = INTERRUPTED if isinstance(error, BrokenPipeError) else \
                    fail(f"output: {error.strerror or error}")
    return status


def add_option(parser: argparse.ArgumentParser) -> None:
    """Give a command line the option ``--ops FILE``; `load_named` does what it says."""
    parser.add_argument("--ops", action="append", default=[], metavar="FILE",
                        help="a Python file with operations of your own; it is run")


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Give a command line the option ``--limit NAME=N``; `load_named` does what it says."""
    parser.add_argument("--limit", action="append", default=[], metavar="NAME=N",
                        help="raise a limit on what a genotype may take, which its error names: "
                             "operations=200000")


def _limits(given: Iterable[str]) -> Limits:
    """The present limits, changed by ``NAME=N``.

    Raises:
        SearchspaceError: there is no such limit, or a number is no limit.
    """
    numbers = {}
    for text in given:
        name, equals, number = text.partition("=")
        if not equals or not number.isdecimal() or len(number) > 40:
            raise SearchspaceError(f"--limit {text}: write it like operations=200000")
        numbers[name] = int(number)
    return changed(current(), numbers)


def load_named(options: argparse.Namespace) -> None:
    """Load the installed operations and those that ``--ops`` names (see `load_file`), and hold the
    limits of ``--limit`` until the command ends, where it has that option.

    Raises:
        SearchspaceError: operations cannot be loaded, or there is no such limit.
    """
    load_installed()
    for path in options.ops:
        load_file(path)
    if given := getattr(options, "limit", ()):     # what is remembered is remembered under limits
        hold(_limits(given))
