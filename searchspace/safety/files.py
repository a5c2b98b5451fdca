"""Files that are written: under which name, and so that they are whole and where they should be.

A folder that is written to may have come from anybody, and so may the names of what is kept in it.
Text becomes the name of a file only through `file_name`. A file that is written takes the place of
a link, and `own` refuses to open one. So nothing outside of the folder is touched.
"""

import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from searchspace.errors import SearchspaceError

LONGEST = 200       # bytes; file systems take 255, and endings come behind a name
_RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)   # on Windows


def file_name(text: str) -> str:
    """The name of a file or folder after any text; never a path, a hidden file, or a name that a
    file system refuses. Letters, digits, ``-``, ``_`` and inner dots stay, all else becomes ``-``.

    Texts that differ may get the same name: what is kept under it says what it is of.

    >>> file_name("nets/my space.yaml"), file_name("/../../../pwned"), file_name("nul")
    ('nets-my-space.yaml', '-..-..-..-pwned', '_nul')
    """
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in text).strip(".")
    if not name or _RESERVED.fullmatch(name):
        name = f"_{name}"
    if len(name.encode()) > LONGEST:
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        name = f"{name.encode()[:LONGEST - 9].decode(errors='ignore')}-{digest}"
    return name


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file to write to, which takes the place of ``path`` in the end: all of it, or nothing
    where writing fails. A link that was there is gone then, and what it led to is as it was.

    Raises:
        OSError: the folder cannot be written to.
    """
    fresh = path.with_name(f".{uuid.uuid4().hex}")
    try:
        fresh.touch(exist_ok=False)
        yield fresh
        fresh.replace(path)
    except OSError as error:
        if error.filename == os.fspath(fresh):
            error.filename = os.fspath(path)        # the one that a person knows
        raise
    finally:
        fresh.unlink(missing_ok=True)


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file by `replacing`; text as UTF-8."""
    with replacing(path) as fresh:
        fresh.write_bytes(content.encode() if isinstance(content, str) else content)


def make_folder(path: Path) -> Path:
    """A folder within the one that is written to: made where there is none, also in place of a link
    to another one."""
    if path.is_symlink():
        path.unlink(missing_ok=True)
    path.mkdir(parents=True, exist_ok=True)
    return path


def own(path: Path) -> Path:
    """The path of a file that is opened where it lies.

    Raises:
        SearchspaceError: it is a link, which may lead anywhere.
    """
    if path.is_symlink():
        raise SearchspaceError(f"{path} is a link, and files of a study lie in its own folder")
    return path
