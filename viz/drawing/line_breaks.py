"""Line breaks in descriptions of stages: between operations, within one only if it is too long."""

import re
from textwrap import wrap


def broken(text: str, width: int, first: int) -> list[str]:
    """A description (``block: operation + operation ×2``) in lines of at most ``width`` letters.

    The first one has at most ``first``, and is empty where no operation has room in it.

    >>> broken("si_stage: si_transform + si_unit ×3", 34, 30)
    ['si_stage: si_transform +', 'si_unit ×3']
    >>> broken("conv 3×3 /2, relu6 + avg pool 2×2", 24, 12)
    ['', 'conv 3×3 /2, relu6 +', 'avg pool 2×2']
    """
    lines, room = [""], first
    for piece in re.split(r"(?<=:) |(?<= \+) ", text):
        whole = f"{lines[-1]} {piece}".strip()
        if len(whole) <= room:
            lines[-1] = whole
        else:
            lines += wrap(piece, width, break_on_hyphens=False)
            room = width
    return lines
