"""Strided convolutions of single pixels, whose gradients oneDNN gets wrong on CPUs."""

import torch.nn.functional as F
from torch import Tensor, nn

BLOCK = 16      # channels that oneDNN takes together: 16 with AVX-512, 8 with AVX2


def without_strides(network: nn.Module) -> nn.Module:
    """A network whose strided 1×1 convolutions of few channels are given the pixels that they read,
    and have no stride: the same function, changed in place.

    With channels last, oneDNN writes past the end of a buffer for the gradient of such weights: it
    is wrong, or the process crashes or hangs. Seen with torch 2.13; oneDNN's issue 6035 is open.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) and module.groups == 1 \
                and module.stride != (1, 1) and module.in_channels < BLOCK \
                and not isinstance(module.padding, str):
            _take_pixels(module, *module.padding)
    return network


def _take_pixels(convolution: nn.Conv2d, rows: int, columns: int) -> None:
    down, right = convolution.stride

    def pixels(module: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
        x = F.pad(inputs[0], (columns, columns, rows, rows)) if rows or columns else inputs[0]
        return (x[:, :, ::down, ::right],)

    convolution.stride, convolution.padding = (1, 1), (0, 0)
    convolution.register_forward_pre_hook(pixels)
