"""Reader of numeric arrays in MATLAB files (versions 5 to 7).

Elements follow one another, each with its type and length; one may contain others, or be packed by
zlib. A variable is an element of its kind, its shape, its name and its numbers ("MAT-File Format",
MathWorks). Cells, structures, objects and functions are skipped, however deeply they are nested:
recursive readers can overflow their stack.
"""

import struct
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.data.files import MAX_BYTES, inflate

_HEADER = 128
_MATRIX, _PACKED = 14, 15
_TYPES = {1: "i1", 2: "u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4", 7: "<f4", 9: "<f8",
          12: "<i8", 13: "<u8"}
_NUMERIC = [bytes([kind]) for kind in range(6, 16)]     # float64, float32, int8 to uint64


def read_arrays(data: bytes, wanted: Collection[str]) -> dict[str, NDArray[Any]]:
    """The arrays of these names that exist, with the stored types of their numbers.

    Raises:
        ValueError: it is no such file, damaged, truncated, or too large.
    """
    if data[126:_HEADER] != b"IM":
        raise ValueError("it is no little-endian MATLAB file of version 5 to 7")
    found = {}
    left = MAX_BYTES
    for kind, content in _elements(memoryview(data), _HEADER):
        if kind == _PACKED:
            unpacked = inflate(content, left)
            left -= len(unpacked)
            kind, content = next(_elements(memoryview(unpacked)), (0, content[:0]))
        parts = list(islice(_elements(content), 4)) if kind == _MATRIX else []
        if len(parts) == 4 and bytes(parts[0][1][:1]) in _NUMERIC:
            (_, shape), (_, name), (kind, numbers) = parts[1:]
            if (named := bytes(name).decode("latin-1")) in wanted and kind in _TYPES:
                found[named] = np.frombuffer(numbers, _TYPES[kind]).reshape(
                    np.frombuffer(shape, "<i4").tolist(), order="F")
    return found


def _elements(data: memoryview, start: int = 0) -> Iterator[tuple[int, memoryview]]:
    """Types and contents of consecutive elements."""
    while start + 8 <= len(data):
        kind, size = struct.unpack_from("<II", data, start)
        if kind >> 16:          # contents of up to four bytes are stored in place of the size
            kind, size, first, after = kind & 0xffff, kind >> 16, start + 4, start + 8
        else:
            first = start + 8
            after = first + size + (-size % 8 if kind != _PACKED else 0)
        if first + size > min(after, len(data)):
            raise ValueError("it ends within an element")
        yield kind, data[first:first + size]
        start = after
