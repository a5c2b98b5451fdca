"""Allow-list of files of operations: digests of those that the user has run, in a file of the user.

A study contains the code of its operations, and may come from an untrusted source. Files named by
`--ops` are run, and recorded here; code in a study is run only if its digest is recorded (as in
direnv's ``allow``). Removing a line from the file revokes the permission.
"""

import contextlib
import os
from pathlib import Path


def noted_in() -> Path:
    """Path of the file: ``$XDG_STATE_HOME/searchspace/operations``, default ``~/.local/state``."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    home = given if given.is_absolute() else Path.home() / ".local" / "state"
    return home / "searchspace" / "operations"


def allow(digest: str, file: str) -> None:
    """Record the SHA-256 of a file that the user has named. If that cannot be written, the only
    consequence is that the file must be named again."""
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
