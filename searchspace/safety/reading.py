"""Safe reading of untrusted files.

Reading a pipe would block and a device never ends, so only regular files are read, up to a size
limit. All errors are OSError or ValueError with a short message.
"""

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

MAX_JSON = 2**25        # bytes
MAX_DEPTH = 20          # levels of JSON; no file of ours has more than six


def open_file(path: Path, most: int) -> BinaryIO:
    """Open a regular file of at most ``most`` bytes.

    Raises:
        OSError: it cannot be opened, is not a regular file, or is larger.
    """
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - the caller closes it
    found = os.fstat(file.fileno())
    if stat.S_ISREG(found.st_mode) and found.st_size <= most:
        return file
    file.close()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    raise _too_large(path, most)


def read_bytes(path: Path, most: int) -> bytes:
    """The content of a regular file of at most ``most`` bytes; see `open_file`."""
    with open_file(path, most) as file:
        content = file.read(most + 1)
    if len(content) > most:         # if the file reports no size, or grows
        raise _too_large(path, most)
    return content


def parse_json(content: bytes) -> Any:
    """The value of JSON text.

    Raises:
        ValueError: it is invalid, has a number of thousands of digits, or is nested too deeply.
    """
    try:
        value = json.loads(content)
    except RecursionError:
        raise _too_deep() from None
    if not is_shallow(value):
        raise _too_deep()
    return value


def is_shallow(value: object) -> bool:
    """Whether a JSON value is nested at most `MAX_DEPTH` levels deep."""
    if not isinstance(value, dict | list):
        return True
    level: list[object] = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [part for whole in level if isinstance(whole, dict | list)
                 for part in (whole.values() if isinstance(whole, dict) else whole)]
        if not level:
            return True
    return False


def _without_waiting(path: str, flags: int) -> int:
    """Open without blocking on a pipe, so that it can be refused."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _too_large(path: Path, most: int) -> OSError:
    return OSError(errno.EFBIG, f"it has more than the {most:,} bytes that are read", str(path))


def _too_deep() -> ValueError:
    return ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
