"""Convolutions as affine maps of a window, which can be added: what branches that run beside each
other come to while nothing trains them (Ding et al. 2021, Sec. 3.3)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from searchspace.building.fold import factors
from searchspace.ops.conv import Conv, Depthwise, pair
from searchspace.shapes import Shape


class Window(NamedTuple):
    """Where a convolution reads: for each place of its kernel the rows below, and the columns right
    of, where its output's place lies in the image."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    stride: tuple[int, int]
    groups: int

    @classmethod
    def of(cls, op: Conv | Depthwise, image: Shape) -> "Window":
        """The window of a convolution over an image."""
        channels, height, width = image
        conv = op.conv(channels) if isinstance(op, Depthwise) else op
        (top, _), (left, _) = conv.margins(height, width)
        kh, kw = pair(conv.k)
        return cls(tuple(i * conv.dilation - top for i in range(kh)),
                   tuple(i * conv.dilation - left for i in range(kw)),
                   pair(conv.stride), conv.groups)


class Affine(NamedTuple):
    """A convolution: its kernel (out, in/groups, kh, kw), and its bias (out)."""

    kernel: Tensor
    bias: Tensor

    def normed(self, norm: nn.Module) -> "Affine":
        """The map with a batch norm behind it, of its running statistics."""
        assert isinstance(norm, nn.BatchNorm2d)
        scale, shift = factors(norm)
        return Affine(self.kernel * scale[:, None, None, None], self.bias * scale + shift)

    def within(self, own: Window, other: Window) -> "Affine":
        """The same map in another window, with zeros where its own does not read.

        Raises:
            ValueError: there is none, with the reason.
        """
        if own.stride != other.stride:
            raise ValueError("its stride is another")
        if own.groups % other.groups:
            raise ValueError("its groups are other ones")
        if not {*own.rows} <= {*other.rows} or not {*own.columns} <= {*other.columns}:
            raise ValueError("it reads pixels that are not in the other's window")
        out, width, _, _ = self.kernel.shape
        together = own.groups // other.groups           # of its groups, in one of the other's
        kernel = self.kernel.new_zeros(out, width * together, len(other.rows), len(other.columns))
        number = torch.arange(out)
        group = number // (out // own.groups)
        channels = (group % together * width)[:, None] + torch.arange(width)
        for i, row in enumerate(own.rows):
            for j, column in enumerate(own.columns):
                kernel[number[:, None], channels, other.rows.index(row),
                       other.columns.index(column)] = self.kernel[:, :, i, j]
        return Affine(kernel, self.bias)


def identity(channels: int) -> tuple[Affine, Window]:
    """The identity as a depthwise convolution of one pixel."""
    return (Affine(torch.ones(channels, 1, 1, 1).double(), torch.zeros(channels).double()),
            Window((0,), (0,), (1, 1), channels))
