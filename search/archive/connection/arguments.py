"""Command lines with the secrets of database URLs removed."""

import os
import re
import shlex
import sys
from collections.abc import Callable

from search.archive.connection.urls import MASK, environment, keep, scrub

_URL = re.compile(r"(\s*(?:--?[\w-]+=)?)([^=]*?://.*)", re.DOTALL)       # a whole argument


def without_secrets(given: list[str] | None = None) -> list[str]:
    """The given arguments, by default this process's own, with ``***`` for the secrets of URLs,
    which the process remembers.

    All users of a machine can read a process's arguments. One that was started with a secret
    therefore restarts itself without.
    """
    own = sys.argv[1:] if given is None else given
    shown = [_replaced(text, keep) for text in own]
    if given is None and shown != own and sys.orig_argv[-len(own):] == own and os.name == "posix":
        os.execve(sys.executable, [*sys.orig_argv[:-len(own)], *shown],
                  os.environ | environment())
    return shown


def scrub_command(command: str) -> str:
    """A shell command without secrets; older releases may have stored one with a password.

    >>> scrub_command("python search/run.py --storage=postgresql+psycopg://me:secret@host/db")
    "python search/run.py '--storage=postgresql+psycopg://me:***@host/db'"
    """
    try:
        parts = shlex.split(command)
    except ValueError:
        return MASK
    shown = [_replaced(part, scrub) for part in parts]
    return command if shown == parts else shlex.join(shown)


def _replaced(text: str, change: Callable[[str], str]) -> str:
    found = _URL.fullmatch(text)
    return found[1] + change(found[2]) if found else text
