"""The shift operation: a spatial neighbourhood without weights and without multiplications."""

from dataclasses import dataclass
from typing import Annotated

from searchspace.ops.base import Layer, Op, op
from searchspace.ops.ranges import Step, Within
from searchspace.shapes import Shape


@op("shift")
@dataclass(frozen=True, slots=True)
class Shift(Op):
    """Groups of channels, each moved to its own place of a k×k window (Wu et al. 2018, Eq. 2).

    (C, H, W) → (C, H, W), zeros where the image ends. The k² groups of ⌊C/k²⌋ channels lie in the
    order of the window's rows; channel c of the group at row i and column j becomes
    y[c, h, w] = x[c, h + (i − ⌊k/2⌋)·dilation, w + (j − ⌊k/2⌋)·dilation]. Channels left over stay
    in place with the middle group.
    """

    k: Annotated[int, Within(1, 99, odd=True)] = 3     # k² places
    dilation: Step = 1

    examples = (({}, ((20, 5, 6),)), ({"k": 5}, ((25, 6, 6),)), ({"dilation": 2}, ((9, 7, 7),)),
                ({"k": 1}, ((3, 4, 4),)), ({"k": 5}, ((7, 4, 4),)), ({"dilation": 7}, ((9, 3, 9),)))

    def places(self, channels: int) -> tuple[tuple[int, int, int], ...]:
        """(channels, rows down, columns right) for each place of the window, row by row."""
        share, middle = channels // self.k**2, self.k // 2
        offsets = [d * self.dilation for d in range(-middle, self.k - middle)]
        rest = channels - share * self.k**2
        return tuple((share + (rest if dy == dx == 0 else 0), dy, dx)
                     for dy in offsets for dx in offsets)

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def label(self) -> str:
        return f"shift {self.k}×{self.k}" + (f" d{self.dilation}" if self.dilation > 1 else "")

    def module(self, *inputs: Shape) -> Layer:
        import torch
        from torch.nn.functional import pad

        c, h, w = inputs[0]
        # what is moved by the whole image or further is moved out of it
        down, right = (min(self.k // 2 * self.dilation, size) for size in (h, w))
        parts = [(n, max(-down, min(dy, down)), max(-right, min(dx, right)))
                 for n, dy, dx in self.places(c) if n]

        def moved(x: torch.Tensor) -> torch.Tensor:
            pieces, start = [], 0
            framed = pad(x, (right, right, down, down))
            for channels, dy, dx in parts:
                piece = framed.narrow(1, start, channels).narrow(2, down + dy, h)
                pieces.append(piece.narrow(3, right + dx, w))
                start += channels
            return torch.cat(pieces, 1)

        return moved
