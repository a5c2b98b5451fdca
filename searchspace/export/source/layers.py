"""Constructors of an operation's layer, as Python that needs torch alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from searchspace.errors import GenotypeError
from searchspace.expansion import Node
from searchspace.ops import Op
from searchspace.ops.activation import Act, Dropout
from searchspace.ops.attention import Attend
from searchspace.ops.channels import ChannelPool, Index, Shuffle, Slice, Softmax
from searchspace.ops.combine import Add, Beside, Concat, Mean, Mul, WeightedSum
from searchspace.ops.conv import Conv, Depthwise, Linear, pair
from searchspace.ops.normalization import (
    BatchNorm,
    GlobalResponseNorm,
    LayerNorm,
    LocalResponseNorm,
)
from searchspace.ops.pool import GlobalMaxPool, GlobalPool, Pad, Pool
from searchspace.ops.resize import Resize
from searchspace.ops.scale import Scale
from searchspace.ops.shift import Shift
from searchspace.ops.zero import Zero
from searchspace.shapes import Shape


class Name(str):
    """A value that is written as it is: the name of a class."""

    __slots__ = ()


class _Required:
    def __repr__(self) -> str:
        return "required"


REQUIRED = _Required()
ACTIVATIONS = {
    "relu": "nn.ReLU", "relu6": "nn.ReLU6", "sigmoid": "nn.Sigmoid", "tanh": "nn.Tanh",
    "hswish": "nn.Hardswish", "hsigmoid": "nn.Hardsigmoid", "swish": "nn.SiLU", "gelu": "nn.GELU",
    "leaky": "LeakyReLU"}


@dataclass(frozen=True, slots=True)
class Arg:
    """An argument of a constructor; it is left out where it has its default value."""

    name: str
    value: Any
    default: Any = REQUIRED
    is_positional: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """What constructs a layer: the class, and its arguments in order."""

    callee: str
    args: tuple[Arg, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """What is no module: an expression of the names of its inputs, with numbers in it."""

    kind: str
    args: tuple[Arg, ...]
    write: Callable[[Sequence[str], dict[str, str]], str]


def layer_of(node: Node, shapes: Sequence[Shape]) -> Layer | Function:
    """The layer of a node with inputs of these shapes.

    Raises GenotypeError for an operation that is none of the project's own.
    """
    op = node.op
    if isinstance(op, Conv | Depthwise):
        return _conv(op.conv(shapes[0][0]) if isinstance(op, Depthwise) else op, shapes[0])
    found = _module(op, shapes) or _function(op, shapes)
    if found is None:
        raise GenotypeError(f"the operation {op.kind!r} is none of the project's own, and how it is"
                            " written as code is not known; export to another target", node.place)
    return found


def activation(name: str) -> Name | None:
    """The class of an activation."""
    return None if name == "none" else Name(ACTIVATIONS[name])


def _plain(*values: Any) -> tuple[Arg, ...]:
    return tuple(Arg(name, value, is_positional=True) for name, value in values)


def _square(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) and value[0] == value[1] else value


def _conv(op: Conv, shape: Shape) -> Layer:
    """A unit; see `units`. ``pad`` is None where it keeps the size."""
    c, h, w = shape
    (above, below), (left, right) = op.margins(h, w)
    k, usual = _square(pair(op.k)), op.pad is None and not isinstance(_square(op.k), tuple)
    even = above == below and left == right
    pad = None if usual else _square((above, left)) if even else (left, right, above, below)
    if not usual and even and not isinstance(k, tuple) and pad == op.dilation * (k - 1) // 2:
        pad = None
    order = "-".join(part for part in op.order.split("-")
                     if part == "conv" or (op.bn if part == "bn" else True))
    return Layer(f"unit {order}{'' if even else ' padded'}", (
        *_plain(("cin", c), ("out", op.out)), Arg("k", k), Arg("stride", _square(pair(op.stride))),
        Arg("pad", pad), Arg("dilation", op.dilation), Arg("groups", op.groups),
        Arg("bias", op.bias), Arg("act", activation(op.act)),
        *((Arg("eps", op.eps), Arg("momentum", op.momentum)) if op.bn else ())))


def _module(op: Op, shapes: Sequence[Shape]) -> Layer | None:
    c = shapes[0][0]
    match op:
        case Linear():
            h, w = shapes[0][1:]
            return Layer("unit linear", (*_plain(("cin", c * h * w), ("out", op.out)),
                                         Arg("bias", op.bias), Arg("act", activation(op.act))))
        case GlobalPool():
            return Layer("nn.AdaptiveAvgPool2d", _plain(("size", 1)))
        case GlobalMaxPool():
            return Layer("nn.AdaptiveMaxPool2d", _plain(("size", 1)))
        case Pool():
            args = (*_plain(("k", op.k), ("stride", op.stride)),
                    Arg("padding", op.padding(), 0, True), Arg("ceil_mode", op.ceil, False))
            if op.fn == "max":
                return Layer("nn.MaxPool2d", args)
            return Layer("nn.AvgPool2d", (*args, Arg("count_include_pad", op.count_pad or not
                                                     op.padding(), True)))
        case Pad():
            return Layer("nn.ZeroPad2d", _plain(("sides", (op.left, op.right, op.top, op.bottom))))
        case Act():
            name = activation(op.fn)
            return Layer(name or "nn.Identity")
        case Dropout():
            return Layer(f"nn.{type(op.module(*shapes)).__name__}", _plain(("p", op.p)))
        case BatchNorm():
            return Layer("nn.BatchNorm2d", (*_plain(("c", c)), Arg("eps", op.eps, 1e-5),
                                            Arg("momentum", op.momentum, 0.1)))
        case LayerNorm() if op.over == "all":
            return Layer("nn.GroupNorm", (*_plain(("groups", 1), ("c", c)),
                                          Arg("eps", op.eps, 1e-5)))
        case LayerNorm():
            return Layer("ChannelNorm", (*_plain(("c", c)), Arg("eps", op.eps, 1e-5)))
        case GlobalResponseNorm():
            return Layer("ResponseNorm", _plain(("c", c), ("eps", op.eps)))
        case LocalResponseNorm():
            return Layer("nn.LocalResponseNorm", _plain(
                ("n", op.n), ("alpha", op.alpha * op.n), ("beta", op.beta), ("k", op.k)))
        case Scale():
            return Layer("ChannelScale", _plain(("c", 1 if op.shared else c), ("init", op.init),
                                                ("bias", op.bias)))
        case Attend():
            return Layer("AttentionPool", _plain(("c", c)))
        case Index():
            return Layer("Gather", _plain(("cin", c), ("out", op.out)))
        case Shuffle():
            return Layer("nn.ChannelShuffle", _plain(("groups", op.groups)))
        case Resize():
            return Layer("nn.Upsample", (*_plain(("size", (op.height, op.width))),
                                         Arg("mode", op.fn, "nearest")))
        case WeightedSum():
            return Layer("SigmoidWeightedSum", _plain(("n", len(shapes))))
    return None


def _function(op: Op, shapes: Sequence[Shape]) -> Function | None:
    match op:
        case Add():
            return Function("add", (), lambda xs, _: " + ".join(xs))
        case Mul():
            return Function("mul", (), lambda xs, _: " * ".join(xs))
        case Concat() | Beside():
            axis = 1 if isinstance(op, Concat) else 3
            return Function(op.kind, (), lambda xs, _: xs[0] if len(xs) == 1 else
                            f"torch.cat(({', '.join(xs)}), {axis})")
        case Mean():
            return Function("mean", (), lambda xs, _: f"({' + '.join(xs)}) / {len(xs)}")
        case Zero():
            return Function("zero", (), lambda xs, _: f"{xs[0]} * 0")
        case ChannelPool():
            name = "amax" if op.fn == "max" else "mean"
            return Function(f"cpool {op.fn}", (), lambda xs, _: f"{xs[0]}.{name}(1, keepdim=True)")
        case Softmax():
            return Function("softmax", _plain(("groups", op.groups)), lambda xs, a:
                            f"{xs[0]}.unflatten(1, ({a['groups']}, -1)).softmax(1).flatten(1, 2)")
        case Shift():
            return Function("shift", _plain(("k", op.k), ("dilation", op.dilation)),
                            lambda xs, a: f"shift({xs[0]}, {a['k']}, {a['dilation']})")
        case Slice():
            return Function("slice", _plain(("start", op.start), ("stop", op.start + op.length)),
                            lambda xs, a: f"{xs[0]}[:, {_range(a['start'], a['stop'])}]")
    return None


def _range(start: str, stop: str) -> str:
    start = "" if start == "0" else start
    colon = ":" if (start + stop).isdecimal() else " : "
    return f"{start}{colon}{stop}".strip()
