"""Normalisations: local response, batch, layer and global response normalisation."""

from dataclasses import dataclass
from typing import Annotated, Literal

from searchspace.ops.base import Cost, Layer, Op, op
from searchspace.ops.ranges import WIDEST, Epsilon, Share, Within
from searchspace.shapes import Shape


@op("lrn")
@dataclass(frozen=True, slots=True)
class LocalResponseNorm(Op):
    """Each channel divided by the activity of its neighbours (Krizhevsky et al. 2012, Sec. 3.3).

    (C, H, W) → (C, H, W);  y[c] = x[c] / (k + alpha·Σ x[i]²)^beta over the n channels i around c.
    """

    n: Annotated[int, Within(1, WIDEST - 1, odd=True)] = 5
    alpha: Annotated[float, Within(0, 1000)] = 1e-4
    beta: Annotated[float, Within(0, 10)] = 0.75
    k: Annotated[float, Within(1e-3, 1000)] = 2.0     # not 0: there may be no activity

    examples = (({}, ((8, 5, 4),)), ({"n": 3, "alpha": 0.5, "k": 1.0}, ((4, 3, 3),)))

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def module(self, *inputs: Shape) -> Layer:
        from searchspace.ops.modules import NeighbourNorm

        return NeighbourNorm(self.n, self.alpha, self.beta, self.k)


class _PerChannel(Op):
    """Keeps the shape; learns a factor and a summand for each channel."""

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def cost(self, *inputs: Shape) -> Cost:
        return Cost(0, 2 * inputs[0][0])


@op("bn")
@dataclass(frozen=True, slots=True)
class BatchNorm(_PerChannel):
    """Batch normalisation on its own: (C, H, W) → (C, H, W); params 2·C.

    ``momentum`` is the weight of the newest batch in the running statistics, as in torch.
    """

    eps: Epsilon = 1e-5
    momentum: Share = 0.1

    examples = (({}, ((8, 5, 5),)), ({"eps": 1e-3, "momentum": 0.01}, ((8, 5, 5),)))

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        return nn.BatchNorm2d(inputs[0][0], self.eps, self.momentum)


@op("ln")
@dataclass(frozen=True, slots=True)
class LayerNorm(_PerChannel):
    """Layer normalisation (Ba et al. 2016) with a factor and a summand a channel: (C, H, W) → same.

    ``over``: the mean and the variance are those of the channels at each position (ConvNeXt), or of
    all values of an image (group normalisation with one group).  Params 2·C.
    """

    over: Literal["channels", "all"] = "channels"
    eps: Epsilon = 1e-6

    examples = (({}, ((8, 5, 4),)), ({"over": "all", "eps": 1e-5}, ((8, 5, 4),)),
                ({}, ((8, 1, 1),)))

    def label(self) -> str:
        return "layer norm"

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        from searchspace.ops.modules import ChannelNorm

        if self.over == "all":
            return nn.GroupNorm(1, inputs[0][0], self.eps)
        return ChannelNorm(inputs[0][0], self.eps)


@op("grn")
@dataclass(frozen=True, slots=True)
class GlobalResponseNorm(_PerChannel):
    """Global response normalisation (Woo et al. 2023, ConvNeXt V2, Eq. 1 to 3): (C, H, W) → same.

    y = x + γ·x·g/(mean of g over the channels + eps) + β with g, the length of a channel's vector
    of all positions, and γ and β learned for each channel.  Params 2·C.
    """

    eps: Epsilon = 1e-6

    examples = (({}, ((8, 5, 4),)),)

    def label(self) -> str:
        return "response norm"

    def module(self, *inputs: Shape) -> Layer:
        from searchspace.ops.modules import ResponseNorm

        return ResponseNorm(inputs[0][0], self.eps)
