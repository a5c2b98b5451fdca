"""Operations on the channel axis: slices, gathers, shuffles, softmax over branches, pooling."""

from dataclasses import dataclass
from typing import Annotated, Literal

from searchspace.errors import ShapeError
from searchspace.ops.base import Layer, Op, op
from searchspace.ops.ranges import Count, Within
from searchspace.shapes import Shape


@op("slice")
@dataclass(frozen=True, slots=True)
class Slice(Op):
    """Channels ``start`` to ``start + length``: (C, H, W) → (length, H, W)."""

    takes_flat = True
    start: Annotated[int, Within(0)]
    length: Count

    examples = (({"start": 2, "length": 3}, ((8, 4, 4),)),)

    def shape(self, *inputs: Shape) -> Shape:
        c, h, w = inputs[0]
        if self.start + self.length > c:
            raise ShapeError(f"slice: channels {self.start} to {self.start + self.length} of {c}")
        return self.length, h, w

    def is_view(self) -> bool:
        return True

    def label(self) -> str:
        return f"[{self.start}:{self.start + self.length}]"

    def module(self, *inputs: Shape) -> Layer:
        import torch

        return lambda x: torch.narrow(x, 1, self.start, self.length)


@op("index")
@dataclass(frozen=True, slots=True)
class Index(Op):
    """Some channels gathered, in any order and any number of times: (C, H, W) → (out, H, W).

    CondenseNet's index layer (Huang et al. 2018, Fig. 1 right). The channels are a result of
    training: the built module has a buffer ``index`` of ``out`` integers, which a state dict
    includes. Initially output i takes channel ⌊i·C/out⌋, evenly spread. No MACs, no parameters.
    """

    takes_flat = True
    out: Count

    examples = (({"out": 6}, ((12, 4, 4),)), ({"out": 7}, ((3, 2, 2),)))

    def shape(self, *inputs: Shape) -> Shape:
        return self.out, *inputs[0][1:]

    def label(self) -> str:
        return "index"

    def module(self, *inputs: Shape) -> Layer:
        from searchspace.ops.modules import Gather

        return Gather([i * inputs[0][0] // self.out for i in range(self.out)])


@op("shuffle")
@dataclass(frozen=True, slots=True)
class Shuffle(Op):
    """Channel shuffle (ShuffleNet, Zhang et al. 2017): a group's channels are dealt out to all.

    (C, H, W) → (C, H, W); channel g·(C/groups) + i goes to i·groups + g. Raises ShapeError where
    ``groups`` does not divide C.
    """

    groups: Count

    examples = (({"groups": 3}, ((12, 4, 4),)),)

    def shape(self, *inputs: Shape) -> Shape:
        c = inputs[0][0]
        if c % self.groups:
            raise ShapeError(f"shuffle: groups ({self.groups}) must divide the channels ({c})")
        return inputs[0]

    def label(self) -> str:
        return f"shuffle {self.groups}"

    def module(self, *inputs: Shape) -> Layer:
        from searchspace.ops.modules import ChannelShuffle

        return ChannelShuffle(self.groups)


@op("softmax")
@dataclass(frozen=True, slots=True)
class Softmax(Op):
    """Softmax over ``groups`` branches that lie behind each other on the channel axis.

    (C, H, W) → (C, H, W); entry i of each branch competes with entry i of the others.
    """

    groups: Count = 2

    examples = (({"groups": 2}, ((8, 1, 1),)),)

    def shape(self, *inputs: Shape) -> Shape:
        c = inputs[0][0]
        if c % self.groups:
            raise ShapeError(f"softmax: groups ({self.groups}) must divide the channels ({c})")
        return inputs[0]

    def label(self) -> str:
        return f"softmax {self.groups}"

    def module(self, *inputs: Shape) -> Layer:
        groups, c = self.groups, inputs[0][0]
        return lambda x: x.unflatten(1, (groups, c // groups)).softmax(1).flatten(1, 2)


@op("cpool")
@dataclass(frozen=True, slots=True)
class ChannelPool(Op):
    """Maximum or mean over the channels: (C, H, W) → (1, H, W). In CBAM, Woo et al. 2018, Eq. 3."""

    fn: Literal["max", "avg"] = "max"

    examples = (({"fn": "max"}, ((8, 5, 4),)), ({"fn": "avg"}, ((8, 5, 4),)))

    def shape(self, *inputs: Shape) -> Shape:
        return 1, *inputs[0][1:]

    def label(self) -> str:
        return f"{self.fn} over channels"

    def module(self, *inputs: Shape) -> Layer:
        if self.fn == "max":
            return lambda x: x.amax(1, keepdim=True)
        return lambda x: x.mean(1, keepdim=True)
