"""The signs of a canonical graph's vertices: operations as text, whatever default is explicit.

Options that have no effect on the output are left out, and so are those that only say where
zeros come from. No torch.
"""

from dataclasses import fields, replace
from functools import lru_cache

from searchspace.errors import ShapeError
from searchspace.ops import Op
from searchspace.ops.activation import Act, Dropout
from searchspace.ops.channels import Shuffle
from searchspace.ops.combine import Mean
from searchspace.ops.conv import Conv, Pair, pair
from searchspace.ops.normalization import BatchNorm
from searchspace.ops.pool import GlobalPool, Pad, Pool
from searchspace.shapes import Shape


def idle(op: Op, shapes: list[Shape]) -> bool:
    """Whether an operation is the identity of its one input."""
    match op:
        case Mean():
            return len(shapes) == 1
        case Shuffle():
            return op.groups in (1, shapes[0][0])
        case GlobalPool():
            return shapes[0][1:] == (1, 1)
        case Pool():
            return op.k == op.stride == 1
        case Dropout():
            return op.p == 0
    return op in (Act("none"), Pad())


@lru_cache(maxsize=1 << 14)
def plain(op: Op, shape: Shape) -> Op:
    """A pooling with explicit defaults, and any operation without options that have no effect on
    its output."""
    if isinstance(op, BatchNorm):
        return BatchNorm(op.eps)
    if isinstance(op, Dropout) and shape[1:] == (1, 1):
        return Dropout(op.p)
    if isinstance(op, Pool):
        op = replace(op, pad=op.padding(), ceil=op.ceil and _ceil_counts(op, shape),
                     count_pad=op.count_pad and op.fn == "avg" and op.padding() > 0)
    return op


def _ceil_counts(op: Pool, shape: Shape) -> bool:
    """Whether rounding up gives another size than rounding down (which may give 0)."""
    try:
        return op.shape(shape) != replace(op, ceil=False).shape(shape)
    except ShapeError:
        return True


def margins_of(op: Conv, height: int, width: int, around: Pad) -> tuple[Pair, Pair]:
    """Rows of zeros above and below, and columns left and right, of a convolution's image without
    those that ``around`` adds."""
    (top, bottom), (left, right) = op.margins(height, width)
    return (top + around.top, bottom + around.bottom), (left + around.left, right + around.right)


@lru_cache(maxsize=1 << 14)
def kernel_sign(op: Conv, margins: tuple[Pair, Pair]) -> str:
    """A convolution alone, by the zeros on each side of its image."""
    k, (sh, sw) = pair(op.k), pair(op.stride)
    stride = sh if sh == sw else (sh, sw)     # [2, 2] is 2
    (top, bottom), (left, right) = margins
    even = top == bottom and left == right
    sign = sign_of(Conv(op.out, k, stride, (top, left) if even else None,
                        1 if k == (1, 1) else op.dilation, op.groups, op.bias, bn=False,
                        act="none"))
    return sign if even else f"{sign} margins={margins}"


@lru_cache(maxsize=1 << 14)
def sign_of(op: Op) -> str:
    """An operation as text; defaults are left out, so that a new parameter changes no hash."""
    given = ((f.name, getattr(op, f.name), f.default) for f in fields(op))  # type: ignore[arg-type]
    return " ".join([op.kind, *(f"{n}={value!r}" for n, value, usual in given if value != usual)])
