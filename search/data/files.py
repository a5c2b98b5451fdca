"""Files of a data set: search, reading, and checksums of the published ones."""

import hashlib
import os
import zlib
from collections.abc import Sequence
from pathlib import Path

from search.data.errors import DataError
from searchspace.safety import reading

VARIABLE = "SEARCHSPACE_DATA"
MAX_BYTES = 2**28       # largest file, packed and unpacked; the largest published one has 2**27.7


def data_folder(given: str | Path | None) -> Path:
    """The folder of data sets: the given one, else ``$SEARCHSPACE_DATA``, else ``data`` in the
    current folder."""
    return Path(given or os.environ.get(VARIABLE) or "data")


def first_present(folder: Path, names: Sequence[str], sources: Sequence[str]) -> Path:
    """The first of ``names`` that is in ``folder``.

    Raises:
        DataError: none is; the message says what to download and where to put it.
    """
    for name in names:
        if os.path.exists(folder / name):
            return folder / name
    raise DataError(f"there is no {' or '.join(names)} in {folder}: download "
                    f"{' and '.join(sources)} and put it there, or name the folder that has it by "
                    f"--data-dir or ${VARIABLE}")


def read_bytes(path: Path) -> bytes:
    """The content of a file; raises DataError if it cannot be read, or is larger than any
    published one."""
    try:
        return reading.read_bytes(path, MAX_BYTES)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None


def inflate(packed: bytes | memoryview, most: int = MAX_BYTES, gzip: bool = False) -> bytes:
    """Data decompressed by zlib or gzip, at most ``most`` bytes; no more than that is unpacked.

    Raises:
        ValueError: it is more, or damaged or truncated.
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
    """A remark if a file is not the published one, None if it is (or no checksum is known).

    A file with as many images as the published one must be identical to it; one with fewer is
    accepted as a selection.

    Raises:
        DataError: the file is complete, but its checksum differs.
    """
    if expected is None or found == expected:
        return None
    if complete:
        raise DataError(f"{path} is damaged: its MD5 is {found}, and that of the published file "
                        f"{expected}; download it again")
    return f"{path} holds fewer images than the published file: a selection, taken as it is"
