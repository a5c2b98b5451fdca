"""Which files of operations the user has run: their digests, in a file of the user's own.

A study holds the code of the operations that it was made with, and a study may be a stranger's.
What `--ops` names is run, and noted here; code that comes with a study is run where it is, letter
for letter, code that was noted, and never else (as direnv asks for an ``allow``). Who takes a line
out of the file takes the permission back.
"""

import contextlib
import os
from pathlib import Path


def noted_in() -> Path:
    """The file: ``$XDG_STATE_HOME/searchspace/operations``, by default in ``~/.local/state``."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    home = given if given.is_absolute() else Path.home() / ".local" / "state"
    return home / "searchspace" / "operations"


def allow(digest: str, file: str) -> None:
    """Note the SHA-256 of a file that the user has named. Where that cannot be written the file has
    to be named again, and that is all."""
    if is_allowed(digest):
        return
    with contextlib.suppress(OSError, RuntimeError):        # no home, or a read-only one
        path = noted_in()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as lines:
            lines.write(f"{digest}  {file!r}\n")


def is_allowed(digest: str) -> bool:
    """Whether the user has run a file of this SHA-256."""
    with contextlib.suppress(OSError, RuntimeError, UnicodeDecodeError):
        lines = noted_in().read_text(encoding="utf-8").splitlines()
        return any(line.split()[:1] == [digest] for line in lines)
    return False
