"""Resizing: an image brought to another height and width."""

from dataclasses import dataclass
from typing import Literal

from searchspace.ops.base import Layer, Op, op
from searchspace.ops.ranges import Step
from searchspace.shapes import Shape


@op("resize")
@dataclass(frozen=True, slots=True)
class Resize(Op):
    """Interpolation to a given size: (C, H, W) → (C, height, width).

    ``nearest`` repeats pixels, ``bilinear`` interpolates between their centres (torch's
    ``align_corners=False``). No MACs are counted.
    """

    height: Step
    width: Step
    fn: Literal["nearest", "bilinear"] = "nearest"

    examples = (({"height": 7, "width": 5}, ((4, 3, 2),)),
                ({"height": 4, "width": 6, "fn": "bilinear"}, ((3, 2, 3),)))

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0][0], self.height, self.width

    def label(self) -> str:
        return f"resize {self.height}×{self.width}"

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        return nn.Upsample((self.height, self.width), mode=self.fn)
