"""Shapes of tensors without the batch, (C, H, W), and sizes of images: the edge of square ones, or
height and width, in pixels."""

import argparse
from collections.abc import Iterable

Shape = tuple[int, int, int]
Size = int | tuple[int, int]

MOST = 100_000


def sides(size: Size) -> tuple[int, int]:
    """Height and width.

    >>> sides(96), sides((48, 96))
    ((96, 96), (48, 96))
    """
    if isinstance(size, Iterable):      # lists and arrays of NumPy's too
        height, width = size
        return height, width
    return size, size


def size_of(height: int, width: int) -> Size:
    """The size of these sides: a number where they are equal.

    >>> size_of(96, 96), size_of(48, 96)
    (96, (48, 96))
    """
    return height if height == width else (height, width)


def show_size(size: Size) -> str:
    """``224×224``, or ``48×96``: height, then width."""
    return "×".join(map(str, sides(size)))


def short(size: Size) -> str:
    """A size in names of files and folders, and as `read_size` takes it: ``224``, ``48x96``."""
    return str(size) if isinstance(size, int) else "x".join(map(str, size))


def read_size(text: str) -> Size:
    """The size that a command line's option says: ``96``, or ``48x96`` (height, width).

    Raises:
        argparse.ArgumentTypeError: it says none.
    """
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) > 2 or not all(p.isdecimal() and len(p) < 20 and 1 <= int(p) <= MOST
                                 for p in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no size of images: give their edge from 1 "
                                         f"to {MOST:,}, or height and width as 48x96")
    return int(parts[0]) if len(parts) == 1 else size_of(int(parts[0]), int(parts[1]))


def show_shape(shape: Shape) -> str:
    """(24, 56, 56) as 24×56×56."""
    return "×".join(str(n) for n in shape)
