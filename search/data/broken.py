"""Broken images are found before anything is trained on them, and can be left out by name."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from search.data.errors import DataError
from search.data.images import open_image
from searchspace.safety.reading import read_bytes

LEFT_OUT = "leave-out.txt"      # in the folder of a data set: paths below it, one a line
CHECKED = 10_000                # images of a folder that are decoded beforehand; of more, so many
_NAMED = 3
_MAX_LIST = 2**24               # bytes


def left_out(folder: Path) -> frozenset[Path]:
    """The files that a data set's list leaves out.

    Raises:
        DataError: the list cannot be read, or names a file that does not exist.
    """
    file = folder / LEFT_OUT
    if not file.exists():
        return frozenset()
    try:
        lines = read_bytes(file, _MAX_LIST).decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {file}: {error}") from None
    paths = [folder / line.strip() for line in lines if line.strip()]
    if missing := next((p for p in paths if not p.is_file()), None):
        raise DataError(f"{file} leaves out {missing}, and there is no such file")
    return frozenset(paths)


def check_images(paths: Sequence[Path], folder: Path) -> None:
    """Decode images of a data set; of more than `CHECKED`, so many evenly spaced ones.

    Raises:
        DataError: some are broken; the message names the first of them.
    """
    tried = paths[::max(1, len(paths) // CHECKED)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = {path: fault for path, fault in zip(tried, pool.map(_fault, tried), strict=True)
                  if fault}
    if not faults:
        return
    named = [str(path.relative_to(folder)) for path in faults][:_NAMED]
    more = f" and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
    raise DataError(f"broken images in {folder}: {', '.join(named)}{more}; repair or remove them, "
                    f"or leave them out by a line for each in {LEFT_OUT} there; the first: "
                    f"{next(iter(faults.values()))}")


def _fault(path: Path) -> str | None:
    try:
        image = open_image(path)
        image.draft("L", (max(1, image.width // 8), max(1, image.height // 8)))    # JPEG: faster
        image.load()
    except DataError as error:
        return str(error)
    except Exception as error:          # Pillow fails in many ways on damaged bytes
        return f"{path} is damaged, cut off or no image: {error}"
    return None
