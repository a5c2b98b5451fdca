"""Finding the files of a data set, and whether they are the published ones."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from search.errors import DataError

VARIABLE = "SEARCHSPACE_DATA"


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
        if (folder / name).exists():
            return folder / name
    raise DataError(f"there is no {' or '.join(names)} in {folder}: download "
                    f"{' and '.join(sources)} and put it there, or name the folder that has it by "
                    f"--data-dir or ${VARIABLE}")


def read_bytes(path: Path) -> bytes:
    """The content of a file; DataError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None


def md5(path: Path) -> str:
    """The MD5 of a file, as md5sum prints it; DataError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None


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
