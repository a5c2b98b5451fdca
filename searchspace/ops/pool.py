"""Pooling, global pooling and zero padding."""

from dataclasses import dataclass
from typing import Annotated, Literal

from searchspace.errors import ShapeError
from searchspace.ops.base import Layer, Op, op
from searchspace.ops.conv import window
from searchspace.ops.ranges import WIDEST, Step, Within
from searchspace.shapes import Shape, show_shape

Rim = Annotated[int, Within(-WIDEST, WIDEST)]


@op("pool")
@dataclass(frozen=True, slots=True)
class Pool(Op):
    """k×k max or average pooling: (C, H, W) → (C, H', W').

    ``pad`` is ⌊(k−1)/2⌋ unless given; ``ceil`` rounds the output size up; ``count_pad`` lets an
    average count the padding's zeros (torch's default, not TensorFlow's).
    """

    fn: Literal["max", "avg"] = "max"
    k: Step = 3
    stride: Step = 1
    pad: Annotated[int | None, Within(0, WIDEST)] = None
    ceil: bool = False
    count_pad: bool = False

    examples = (
        ({"fn": "max", "stride": 2}, ((4, 9, 9),)),
        ({"fn": "avg", "k": 2, "stride": 2, "ceil": True}, ((4, 9, 7),)),
        ({"fn": "avg", "k": 1, "stride": 2}, ((4, 9, 7),)),
        ({"fn": "avg", "count_pad": True}, ((4, 6, 6),)),
    )

    def padding(self) -> int:
        """Rows and columns added on each side."""
        return (self.k - 1) // 2 if self.pad is None else self.pad

    def shape(self, *inputs: Shape) -> Shape:
        c, h, w = inputs[0]
        if self.padding() > self.k // 2:
            raise ShapeError(f"pool: pad ({self.pad}) must be at most k/2, k being {self.k}")
        oh, ow = (window(n, self.k, self.stride, self.padding(), ceil=self.ceil) for n in (h, w))
        if oh < 1 or ow < 1:
            raise ShapeError(f"pool: k ({self.k}) leaves nothing of {show_shape(inputs[0])}")
        return c, oh, ow

    def label(self) -> str:
        stride = f" /{self.stride}" if self.stride > 1 else ""
        return f"{self.fn} pool {self.k}×{self.k}{stride}"

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        if self.fn == "max":
            return nn.MaxPool2d(self.k, self.stride, self.padding(), ceil_mode=self.ceil)
        return nn.AvgPool2d(self.k, self.stride, self.padding(), ceil_mode=self.ceil,
                            count_include_pad=self.count_pad)


@op("gap")
@dataclass(frozen=True, slots=True)
class GlobalPool(Op):
    """Mean over all positions: (C, H, W) → (C, 1, 1)."""

    examples = (({}, ((8, 5, 4),)),)

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0][0], 1, 1

    def label(self) -> str:
        return "global avg pool"

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        return nn.AdaptiveAvgPool2d(1)


@op("gmp")
@dataclass(frozen=True, slots=True)
class GlobalMaxPool(Op):
    """Maximum over all positions: (C, H, W) → (C, 1, 1). In CBAM, Woo et al. 2018, Eq. 2."""

    examples = (({}, ((8, 5, 4),)),)

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0][0], 1, 1

    def label(self) -> str:
        return "global max pool"

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        return nn.AdaptiveMaxPool2d(1)


@op("pad")
@dataclass(frozen=True, slots=True)
class Pad(Op):
    """Zeros on each side, or rows and columns taken away where negative.

    (C, H, W) → (C, H + top + bottom, W + left + right). With a strided window this gives
    TensorFlow's asymmetric SAME padding.
    """

    top: Rim = 0
    bottom: Rim = 0
    left: Rim = 0
    right: Rim = 0

    examples = (({"top": 1, "left": 2}, ((3, 5, 5),)), ({"top": -1, "right": -1}, ((3, 5, 5),)))

    def shape(self, *inputs: Shape) -> Shape:
        c, h, w = inputs[0]
        h, w = h + self.top + self.bottom, w + self.left + self.right
        if h < 1 or w < 1:
            raise ShapeError(f"pad: nothing is left of {show_shape(inputs[0])}")
        return c, h, w

    def label(self) -> str:
        sides = {"top": self.top, "bottom": self.bottom, "left": self.left, "right": self.right}
        return "pad " + ", ".join(f"{side} {n:+d}" for side, n in sides.items() if n)

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        # ZeroPad2d crops where a side is negative.
        return nn.ZeroPad2d((self.left, self.right, self.top, self.bottom))
