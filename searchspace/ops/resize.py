"""Resizing: an image brought to another height and width."""

from dataclasses import dataclass
from typing import Literal

from searchspace.errors import ShapeError
from searchspace.ops.base import Layer, Op, op
from searchspace.shapes import Shape


@op("resize")
@dataclass(frozen=True, slots=True)
class Resize(Op):
    """Interpolation to a given size: (C, H, W) → (C, height, width).

    ``nearest`` repeats pixels, ``bilinear`` interpolates between their centres (torch's
    ``align_corners=False``). No MACs are counted. Raises ShapeError where a side is below 1.
    """

    height: int
    width: int
    fn: Literal["nearest", "bilinear"] = "nearest"

    examples = (({"height": 7, "width": 5}, ((4, 3, 2),)),
                ({"height": 4, "width": 6, "fn": "bilinear"}, ((3, 2, 3),)))

    def shape(self, *inputs: Shape) -> Shape:
        if self.height < 1 or self.width < 1:
            raise ShapeError("resize: height and width must be at least 1, not "
                             f"{self.height} and {self.width}")
        return inputs[0][0], self.height, self.width

    def label(self) -> str:
        return f"resize {self.height}×{self.width}"

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        return nn.Upsample((self.height, self.width), mode=self.fn)
