"""The convolution with its normalisation and activation, as papers draw it: one box."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Annotated, Literal

from searchspace.errors import ShapeError
from searchspace.ops.activation import Activation, activation
from searchspace.ops.base import Cost, Layer, Op, op
from searchspace.ops.ranges import WIDEST, Count, Epsilon, Share, Step, Within
from searchspace.shapes import Shape, show_shape

Pair = tuple[int, int]
Steps = Annotated[int | Pair, Within(1, WIDEST)]
Margin = Annotated[int | Pair | Literal["same"] | None, Within(0, WIDEST)]
Order = Literal["conv-bn-act", "conv-act-bn", "bn-act-conv", "act-conv-bn"]


def pair(value: int | Pair) -> Pair:
    """A kernel size as (height, width)."""
    return value if isinstance(value, tuple) else (value, value)


def window(size: int, k: int, stride: int, pad: int, dilation: int = 1, ceil: bool = False) -> int:
    """Output length of a sliding window, by torch's rule for ``ceil`` too: no window may start
    beyond the input and its left padding."""
    span = size + 2 * pad - dilation * (k - 1) - 1
    out = (span + stride - 1) // stride + 1 if ceil else span // stride + 1
    if ceil and (out - 1) * stride >= size + pad:
        out -= 1
    return out


def same_margins(size: int, k: int, stride: int, dilation: int = 1) -> Pair:
    """Zeros before and after a row of ``size``, for ⌈size/stride⌉ windows (TensorFlow's SAME)."""
    total = max(0, ((size - 1) // stride) * stride + dilation * (k - 1) + 1 - size)
    return total // 2, total - total // 2


@op("conv")
@dataclass(frozen=True, slots=True)
class Conv(Op):
    """k×k convolution, batch norm and activation, in the order that ``order`` gives.

    (C, H, W) → (out, H', W'),  H' = ⌊(H + 2·pad − dilation·(k−1) − 1)/stride⌋ + 1
    MACs  kh·kw·C/groups·out·H'·W'    params  kh·kw·C/groups·out + out (bias) + 2·(bn's channels)

    ``k``, ``stride`` and ``pad`` may be (height, width). ``pad`` is ⌊dilation·(k−1)/2⌋ unless
    given, for each axis; ``same`` is TensorFlow's: H' = ⌈H/stride⌉, with the odd row of zeros below
    and the odd column on the right. ``bn-act-conv`` (pre-activation) normalises the C input
    channels; ``act-conv-bn`` is NASNet's, ``conv-act-bn`` SINet's. ``momentum`` is the weight of
    the newest batch in batch norm's running statistics, as in torch.
    Raises ShapeError where ``groups`` does not divide C and ``out``, or nothing is left of the
    image.
    """

    out: Count
    k: Steps = 3
    stride: Steps = 1
    pad: Margin = None
    dilation: Step = 1
    groups: Count = 1
    bias: bool = False
    bn: bool = True
    act: Activation = "relu"
    order: Order = "conv-bn-act"
    eps: Epsilon = 1e-5
    momentum: Share = 0.1

    examples = (
        ({"out": 8}, ((4, 9, 9),)),
        ({"out": 8, "groups": 4, "bias": True, "act": "relu6"}, ((4, 9, 9),)),
        ({"out": 6, "k": (1, 7), "stride": 2, "bn": False, "act": "none"}, ((4, 9, 10),)),
        ({"out": 6, "k": (7, 1), "stride": (2, 1)}, ((4, 9, 10),)),
        ({"out": 4, "k": 5, "dilation": 2, "groups": 4, "order": "bn-act-conv"}, ((4, 9, 9),)),
        ({"out": 4, "k": 3, "pad": 0, "stride": 2, "order": "conv-act-bn"}, ((3, 31, 31),)),
        ({"out": 4, "order": "act-conv-bn"}, ((3, 7, 7),)),
        ({"out": 4, "stride": 2, "pad": "same", "eps": 1e-3, "momentum": 0.01}, ((3, 8, 7),)),
        ({"out": 4, "k": 2, "pad": "same", "order": "bn-act-conv"}, ((3, 7, 7),)),
    )

    def padding(self) -> Pair | Literal["same"]:
        """Rows and columns of zeros added on each side; ``same`` where they depend on the image."""
        kh, kw = pair(self.k)
        if self.pad == "same":
            return (0, 0) if kh == kw == 1 else "same"
        if self.pad is not None:
            return pair(self.pad)
        return self.dilation * (kh - 1) // 2, self.dilation * (kw - 1) // 2

    def margins(self, height: int, width: int) -> tuple[Pair, Pair]:
        """Rows of zeros above and below an image, and columns left and right."""
        padding = self.padding()
        if padding != "same":
            ph, pw = padding
            return (ph, ph), (pw, pw)
        (kh, kw), (sh, sw) = pair(self.k), pair(self.stride)
        return (same_margins(height, kh, sh, self.dilation),
                same_margins(width, kw, sw, self.dilation))

    def size(self, height: int, width: int, margins: tuple[Pair, Pair]) -> Pair:
        """Rows and columns of the output, which may be none."""
        (kh, kw), (sh, sw), (rows, columns) = pair(self.k), pair(self.stride), margins
        return (window(height + sum(rows), kh, sh, 0, self.dilation),
                window(width + sum(columns), kw, sw, 0, self.dilation))

    def shape(self, *inputs: Shape) -> Shape:
        c, h, w = inputs[0]
        if c % self.groups or self.out % self.groups:
            raise ShapeError(f"conv: groups ({self.groups}) must divide the input channels ({c}) "
                             f"and out ({self.out})")
        rows, columns = self.margins(h, w)
        oh, ow = self.size(h, w, (rows, columns))
        if max(*rows, *columns) > WIDEST:
            raise ShapeError(f"conv: k ({self.k}) with dilation {self.dilation} takes a margin of "
                             f"more than {WIDEST:,}")
        if oh < 1 or ow < 1:
            raise ShapeError(f"conv: k ({self.k}) with pad {(rows[0], columns[0])} leaves nothing "
                             f"of {show_shape(inputs[0])}")
        return self.out, oh, ow

    def cost(self, *inputs: Shape) -> Cost:
        c, h, w = inputs[0]
        kh, kw = pair(self.k)
        weights = kh * kw * (c // self.groups) * self.out
        oh, ow = self.size(h, w, self.margins(h, w))
        normed = 0 if not self.bn else c if self.order == "bn-act-conv" else self.out
        return Cost(weights * oh * ow, weights + (self.out if self.bias else 0) + 2 * normed)

    def label(self) -> str:
        kh, kw = pair(self.k)
        text = f"conv {kh}×{kw}"
        if self.groups > 1:
            text += f" g{self.groups}"
        sh, sw = pair(self.stride)
        if max(sh, sw) > 1:
            text += f" /{sh}" if sh == sw else f" /{sh}×{sw}"
        if self.dilation > 1:
            text += f" d{self.dilation}"
        return text + (f", {self.act}" if self.act != "none" else "")

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        c, h, w = inputs[0]
        (above, below), (left, right) = self.margins(h, w)
        even = above == below and left == right
        parts: dict[str, nn.Module | None] = {
            "pad": None if even else nn.ZeroPad2d((left, right, above, below)),
            "conv": nn.Conv2d(c, self.out, pair(self.k), pair(self.stride),
                              (above, left) if even else 0, self.dilation, self.groups,
                              bias=self.bias),
            "act": activation(self.act),
            "bn": (nn.BatchNorm2d(c if self.order == "bn-act-conv" else self.out, self.eps,
                                  self.momentum) if self.bn else None),
        }
        order = self.order.replace("conv", "pad-conv").split("-")
        ordered = ((name, parts[name]) for name in order)
        return nn.Sequential(OrderedDict((n, m) for n, m in ordered if m is not None))


@op("dw")
@dataclass(frozen=True, slots=True)
class Depthwise(Op):
    """Depthwise convolution: a `conv` with one group a channel, (C, H, W) → (C, H', W').

    MACs  kh·kw·C·H'·W'    params  kh·kw·C + C (bias) + 2·C (bn)
    """

    k: Steps = 3
    stride: Step = 1
    pad: Margin = None
    dilation: Step = 1
    bias: bool = False
    bn: bool = True
    act: Activation = "relu"
    order: Order = "conv-bn-act"
    eps: Epsilon = 1e-5
    momentum: Share = 0.1

    examples = (({}, ((4, 9, 9),)), ({"k": 5, "stride": 2, "bn": False}, ((4, 9, 8),)),
                ({"dilation": 2, "order": "bn-act-conv"}, ((4, 9, 9),)),
                ({"k": 5, "stride": 2, "pad": "same"}, ((4, 9, 8),)))

    def conv(self, channels: int) -> Conv:
        """The same as a grouped convolution."""
        return Conv(channels, self.k, self.stride, self.pad, self.dilation, channels, self.bias,
                    self.bn, self.act, self.order, self.eps, self.momentum)

    def shape(self, *inputs: Shape) -> Shape:
        return self.conv(inputs[0][0]).shape(*inputs)

    def cost(self, *inputs: Shape) -> Cost:
        return self.conv(inputs[0][0]).cost(*inputs)

    def label(self) -> str:
        return self.conv(1).label().replace("conv", "dw", 1)

    def module(self, *inputs: Shape) -> Layer:
        return self.conv(inputs[0][0]).module(*inputs)


@op("linear")
@dataclass(frozen=True, slots=True)
class Linear(Op):
    """Fully connected layer over the flattened input, with activation.

    (C, H, W) → (out, 1, 1);  MACs C·H·W·out;  params C·H·W·out + out (bias)
    """

    takes_flat = True
    out: Count
    bias: bool = True
    act: Activation = "none"

    examples = (({"out": 5}, ((8, 1, 1),)), ({"out": 5, "bias": False, "act": "sigmoid"},
                                             ((4, 3, 2),)))

    def shape(self, *inputs: Shape) -> Shape:
        return self.out, 1, 1

    def cost(self, *inputs: Shape) -> Cost:
        c, h, w = inputs[0]
        weights = c * h * w * self.out
        return Cost(weights, weights + (self.out if self.bias else 0))

    def label(self) -> str:
        return f"linear {self.out}" + (f", {self.act}" if self.act != "none" else "")

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        c, h, w = inputs[0]  # the builder flattens what is not flat yet
        parts: list[tuple[str, nn.Module]] = [("linear", nn.Linear(c * h * w, self.out, self.bias))]
        if (act := activation(self.act)) is not None:
            parts.append(("act", act))
        return nn.Sequential(OrderedDict(parts))
