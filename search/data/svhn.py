"""SVHN, cropped digits (Netzer et al. 2011): train_32x32.mat and test_32x32.mat.

``X`` is an array of bytes of shape (32, 32, 3, n), ``y`` one of (n, 1) from 1 to 10, where 10 is
the digit 0. The 531,131 further images of extra_32x32.mat are not used.
"""

from pathlib import Path

import numpy as np

from search.data.base import Data, Stored, check_labels
from search.data.errors import DataError
from search.data.files import check_published, first_present, md5, read_bytes
from search.data.matlab import read_arrays

SITE = "http://ufldl.stanford.edu/housenumbers/"
FILES = {"train": ("train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373", 73_257),
         "test": ("test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3", 26_032)}


def load_svhn(folder: Path) -> Data:
    """The data set from ``folder``.

    Raises:
        DataError: a file is missing, damaged or cut off.
    """
    parts: list[Stored] = []
    notes, sums = [], []
    for name, expected, count in FILES.values():
        path = first_present(folder, [name], [SITE + name])
        content = read_bytes(path)
        images, found = _images(content, path), md5(content)
        notes.append(check_published(path, expected, found, len(images) == count))
        parts.append(images)
        sums.append(found)
    return Data("svhn", tuple(map(str, range(10))), 3, 32, parts[0], parts[1],
                digest=" ".join(sums), notes=tuple(n for n in notes if n))


def _images(content: bytes, path: Path) -> Stored:
    try:
        found = read_arrays(content, ("X", "y"))
        pixels, labels = found["X"], found["y"]
    except (KeyError, ValueError) as error:
        reason = f"no array {error}" if isinstance(error, KeyError) else str(error)
        raise DataError(f"{path} is damaged or cut off: it is no MATLAB file of images X and "
                        f"labels y ({reason})") from None
    if pixels.ndim != 4 or pixels.shape[:3] != (32, 32, 3) or pixels.dtype != np.uint8 or \
            labels.size != pixels.shape[3] or labels.dtype.kind not in "ui":
        raise DataError(f"{path} is damaged: X has shape {pixels.shape} of {pixels.dtype} and y "
                        f"{labels.shape}, where (32, 32, 3, n) of bytes and (n, 1) belong")
    check_labels(labels.ravel().astype(np.int64) - 1, 10, str(path))
    return Stored(np.ascontiguousarray(pixels.transpose(3, 2, 0, 1)),
                  labels.ravel().astype(np.int64) % 10)
