"""Finding and reading the files of a data set, and whether they are the published ones."""

import hashlib
import os
import zlib
from collections.abc import Sequence
from pathlib import Path

from search.errors import DataError
from searchspace.safety import reading

VARIABLE = "SEARCHSPACE_DATA"
MAX_BYTES = 2**28       # of a file, packed and unpacked; the largest published one has 2**27.7


def data_folder(given: str | Path | None) -> Path:
    """Where data sets are looked for: the folder given, else ``$SEARCHSPACE_DATA``, else
    ``data`` in the current folder."""
    return Path(given or os.environ.get(VARIABLE) or "data")


def first_present(folder: Path, names: Sequence[str], sources: Sequence[str]) -> Path:
    """The first of ``names`` that is in ``folder``.

    Raises:
        DataError: none is; the sentence says what to download and where to put it.
    """
    for name in names:
        if os.path.exists(folder / name):
            return folder / name
    raise DataError(f"there is no {' or '.join(names)} in {folder}: download "
                    f"{' and '.join(sources)} and put it there, or name the folder that has it by "
                    f"--data-dir or ${VARIABLE}")


def read_bytes(path: Path) -> bytes:
    """The content of a file; DataError where it cannot be read, or is larger than any published
    one."""
    try:
        return reading.read_bytes(path, MAX_BYTES)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None


def inflate(packed: bytes | memoryview, most: int = MAX_BYTES, gzip: bool = False) -> bytes:
    """What zlib packed, or gzip, into at most so many bytes. No more than that is unpacked.

    Raises:
        ValueError: it is more, or damaged or cut off.
    """
    machine = zlib.decompressobj(zlib.MAX_WBITS + 16 * gzip)
    try:
        content = machine.decompress(packed, most + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(content) > most:
        raise ValueError(f"it unpacks to more than the {MAX_BYTES:,} bytes that are read")
    if not machine.eof:
        raise ValueError("the packed data end too early")
    return content


def md5(content: bytes) -> str:
    """The MD5 of a file's content, as md5sum prints it."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def check_published(path: Path, expected: str | None, found: str, complete: bool) -> str | None:
    """A remark where a file is not the published one, None where it is (or none is known).

    A file that holds as many images as the published one must be that, byte for byte; one with
    fewer is somebody's own selection, which nothing is published about.

    Raises:
        DataError: the file is complete, and its checksum is another.
    """
    if expected is None or found == expected:
        return None
    if complete:
        raise DataError(f"{path} is damaged: its MD5 is {found}, and that of the published file "
                        f"{expected}; download it again")
    return f"{path} holds fewer images than the published file: a selection, taken as it is"
