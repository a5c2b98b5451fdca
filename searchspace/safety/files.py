"""Safe writing of files: valid names, atomic replacement, no links out of a folder.

Folders that are written to, and names of their contents, may come from untrusted sources. Text
becomes a file name only through `file_name`. Written files replace links, and `own` refuses to open
one. So nothing outside of the folder is changed.
"""

import errno
import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from searchspace.errors import SearchspaceError

LONGEST = 200       # bytes; file systems allow 255, including suffixes
_RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)   # on Windows


def file_name(text: str) -> str:
    """A file name for any text; never a path, a hidden file, a name that a file system refuses, or
    one that commands take for an option.
    Letters, digits, ``-``, ``_`` and inner dots stay, all else becomes ``-``.

    Not injective: contents must identify what they belong to.

    >>> file_name("nets/my space.yaml"), file_name("/../../../pwned"), file_name("nul")
    ('nets-my-space.yaml', '_-..-..-..-pwned', '_nul')
    """
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in text).strip(".")
    if not name or name.startswith("-") or _RESERVED.fullmatch(name):
        name = f"_{name}"
    if len(name.encode()) > LONGEST:
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        name = f"{name.encode()[:LONGEST - 9].decode(errors='ignore')}-{digest}"
    return name


@contextmanager
def replacing(path: Path, alone: bool = False) -> Iterator[Path]:
    """Context with a new file that replaces ``path`` at the end, or not at all if writing fails. A
    link at ``path`` is replaced, and its target unchanged. ``alone``: no other process writes it,
    and what is left of one that was killed in the middle is deleted.

    Raises:
        OSError: the folder cannot be written to.
    """
    if path.is_dir() and not path.is_symlink():     # told before the work, not after it
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    mark = f".{hashlib.blake2b(os.fsencode(path.name), digest_size=8).hexdigest()}-"
    for left in path.parent.glob(f"{mark}*") if alone else ():
        left.unlink(missing_ok=True)
    fresh = path.with_name(mark + uuid.uuid4().hex)
    try:
        fresh.touch(exist_ok=False)
        yield fresh
        fresh.replace(path)
    except OSError as error:
        if error.errno and error.filename in (None, os.fspath(fresh)):     # None: of a full disk
            error.filename = os.fspath(path)        # the one that a person knows
        raise
    finally:
        fresh.unlink(missing_ok=True)


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file by `replacing`; text as UTF-8."""
    with replacing(path) as fresh:
        fresh.write_bytes(content.encode() if isinstance(content, str) else content)


def make_folder(path: Path) -> Path:
    """A subfolder for writing: created if missing; a link to another folder is replaced."""
    if path.is_symlink():
        path.unlink(missing_ok=True)
    path.mkdir(parents=True, exist_ok=True)
    return path


def own(path: Path) -> Path:
    """The path of a file, after a check that it is not a link.

    Raises:
        SearchspaceError: it is a link, which may lead anywhere.
    """
    if path.is_symlink():
        raise SearchspaceError(f"{path} is a link, and files of a study lie in its own folder")
    return path
