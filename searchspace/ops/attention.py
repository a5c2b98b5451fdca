"""Attention pooling: a weighted mean over all positions."""

from dataclasses import dataclass

from searchspace.ops.base import Cost, Layer, Op, op
from searchspace.shapes import Shape


@op("attend")
@dataclass(frozen=True, slots=True)
class Attend(Op):
    """Spatial attention pooling of HCGNet's gates (Yang et al. 2019), after GCNet.

    (C, H, W) → (C, 1, 1): a 1×1 convolution with bias gives one logit a position, softmax over
    the positions gives weights, and the output is the weighted mean.  MACs C·H·W, params C + 1
    (the weighted mean itself is no convolution and is not counted).
    """

    examples = (({}, ((8, 5, 4),)),)

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0][0], 1, 1

    def cost(self, *inputs: Shape) -> Cost:
        c, h, w = inputs[0]
        return Cost(c * h * w, c + 1)

    def module(self, *inputs: Shape) -> Layer:
        from searchspace.ops.modules import AttentionPool

        return AttentionPool(inputs[0][0])
