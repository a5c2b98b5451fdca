"""Learned scales: a factor for each channel, or one for all."""

from dataclasses import dataclass
from typing import Annotated

from searchspace.ops.base import Cost, Layer, Op, op
from searchspace.ops.ranges import Within
from searchspace.shapes import Shape


@op("scale")
@dataclass(frozen=True, slots=True)
class Scale(Op):
    """A learned factor, and a learned summand with ``bias``: (C, H, W) → (C, H, W).

    y[c] = s[c]·x[c] + b[c]; ``shared``: one s and one b for all channels.  Params C, or 1, and as
    many for the bias. ``init`` is where the factors start: 1e-6 in ConvNeXt's layer scale (Touvron
    et al. 2021, CaiT; Liu et al. 2022).
    """

    init: Annotated[float, Within(-1000, 1000)] = 1.0
    bias: bool = False
    shared: bool = False

    examples = (({}, ((8, 5, 4),)), ({"init": 1e-6, "bias": True}, ((4, 3, 3),)),
                ({"bias": True, "shared": True}, ((4, 3, 3),)))

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def cost(self, *inputs: Shape) -> Cost:
        return Cost(0, (1 if self.shared else inputs[0][0]) * (2 if self.bias else 1))

    def label(self) -> str:
        return "s·x + b" if self.bias else "s·x"

    def module(self, *inputs: Shape) -> Layer:
        from searchspace.ops.modules import ChannelScale

        return ChannelScale(1 if self.shared else inputs[0][0], self.init, self.bias)
