"""Convolutions as frameworks of 2018 computed them: a matrix product a group, image by image.

Caffe writes the windows of an image side by side (im2col) and multiplies them with the weights,
once for each group. A depthwise convolution of 96 channels is 96 products of one row then.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.functional import unfold


class Groupwise(nn.Module):
    """A convolution without dilation: (N, C, H, W) → (N, out, H', W')."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        conv = self.conv
        size, pads, strides = conv.kernel_size, conv.padding, conv.stride
        height, width = ((n + 2 * int(pad) - k) // stride + 1 for n, pad, k, stride in
                         zip(x.shape[2:], pads, size, strides, strict=True))
        weights = conv.weight.reshape(conv.groups, conv.out_channels // conv.groups, -1)
        out = x.new_empty(len(x), *weights.shape[:2], height * width)
        for image, made in zip(x, out, strict=True):
            windows = image if size == (1, 1) == strides else unfold(
                image[None], size, padding=tuple(map(int, pads)), stride=strides)
            columns = windows.reshape(conv.groups, -1, height * width)
            for group in range(conv.groups):
                torch.mm(weights[group], columns[group], out=made[group])
        y = out.reshape(len(x), -1, height, width)
        return y if conv.bias is None else y + conv.bias[:, None, None]


def groupwise(network: nn.Module) -> nn.Module:
    """A copy of a network whose convolutions are computed so."""
    copied = deepcopy(network)
    for parent in list(copied.modules()):
        for name, layer in list(parent._modules.items()):
            if isinstance(layer, nn.Conv2d):
                setattr(parent, name, Groupwise(layer))
                vars(parent)[name] = parent._modules[name]      # where the built code looks first
    return copied
