"""How every command ends: in `start`, which knows what may become of its output and its signals,
with one of the exit statuses of docs/reliability.md.
"""

import _thread
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from typing import Any, NoReturn

from searchspace.cli.console import remark
from searchspace.errors import GenotypeWarning, SearchspaceError
from searchspace.safety.limits import scope

MISTAKE = 2     # exit status for a user's
INTERRUPTED = 130
AGAIN_S = 0.05  # after which an interruption that came to nothing is repeated


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
