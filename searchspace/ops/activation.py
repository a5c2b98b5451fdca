"""Non-linearities by name, shared by every operation that ends in one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from searchspace.ops.base import Layer, Op, op
from searchspace.ops.ranges import Share
from searchspace.shapes import Shape

if TYPE_CHECKING:
    from torch import nn

Activation = Literal["none", "relu", "relu6", "sigmoid", "tanh", "hswish", "hsigmoid", "swish",
                     "gelu", "leaky"]


def activation(name: Activation) -> "nn.Module | None":
    """The torch module of an activation; None for ``none``."""
    from torch import nn

    if name == "leaky":
        return nn.LeakyReLU(0.1)
    made: dict[str, Callable[[], nn.Module | None]] = {
        "none": lambda: None, "relu": nn.ReLU, "relu6": nn.ReLU6, "sigmoid": nn.Sigmoid,
        "tanh": nn.Tanh, "hswish": nn.Hardswish, "hsigmoid": nn.Hardsigmoid, "swish": nn.SiLU,
        "gelu": nn.GELU,
    }
    return made[name]()


@op("act")
@dataclass(frozen=True, slots=True)
class Act(Op):
    """A non-linearity on its own: (C, H, W) → (C, H, W)."""

    takes_flat = True
    fn: Activation = "relu"

    examples = (({}, ((8, 5, 5),)), ({"fn": "hswish"}, ((8, 5, 5),)))

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def is_view(self) -> bool:
        return self.fn == "none"

    def label(self) -> str:
        return self.fn

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        return activation(self.fn) or nn.Identity()


@op("dropout")
@dataclass(frozen=True, slots=True)
class Dropout(Op):
    """Dropout of single values, or of whole ``channels``, with probability ``p`` while training:
    (C, H, W) → (C, H, W)."""

    takes_flat = True
    p: Share = 0.2
    channels: bool = False

    examples = (({}, ((8, 5, 5),)), ({"channels": True}, ((8, 5, 5),)))

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def is_view(self) -> bool:
        return True

    def label(self) -> str:
        return f"dropout {self.p:g}{' of channels' if self.channels else ''}"

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        # a channel of one value may come as (N, C), which torch's Dropout2d does not take
        whole = self.channels and inputs[0][1:] != (1, 1)
        return nn.Dropout2d(self.p) if whole else nn.Dropout(self.p)
