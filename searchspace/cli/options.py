"""Options: the parser of all commands, what it reads, and options that many commands share."""

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from searchspace.cli.command import MISTAKE
from searchspace.errors import SearchspaceError
from searchspace.notation.reader import parse
from searchspace.notation.tree import Atom, Scalar
from searchspace.plugins import load_file, load_installed
from searchspace.safety.limits import Limits, changed, current, hold
from searchspace.scripts import called, spoken
from searchspace.text import printable


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
