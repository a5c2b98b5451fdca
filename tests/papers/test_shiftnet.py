"""The shift operation and ShiftNet's module against the equations, index by index."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from searchspace import Genotype, build
from searchspace.ops.shift import Shift


def shifted(x: Tensor, k: int, dilation: int) -> Tensor:
    """Wu et al. 2018, Eq. 2, one value at a time; zeros come in from outside."""
    _, channels, height, width = x.shape
    share, middle = channels // k**2, k // 2
    sizes = [share] * k**2
    sizes[k**2 // 2] += channels - share * k**2
    group = [g for g, size in enumerate(sizes) for _ in range(size)]
    y = torch.zeros_like(x)
    for c in range(channels):
        dy, dx = (dilation * (offset - middle) for offset in divmod(group[c], k))
        for row in range(height):
            for column in range(width):
                if 0 <= row + dy < height and 0 <= column + dx < width:
                    y[:, c, row, column] = x[:, c, row + dy, column + dx]
    return y


@pytest.mark.parametrize(("k", "dilation", "channels"), [(3, 1, 20), (5, 1, 27), (3, 2, 9), (1, 1, 3)])
def test_every_group_moves_to_its_place(k: int, dilation: int, channels: int) -> None:
    x = torch.randn(2, channels, 6, 5)
    torch.testing.assert_close(Shift(k, dilation).module((channels, 6, 5))(x), shifted(x, k, dilation))


@pytest.mark.parametrize(("parameters", "twice"), [("e: 3", False), ("e: 2, twice: true", True),
                                                   ("out: 12, stride: 2, e: 2", False)])
def test_csc_is_conv_shift_conv(genotype: Callable[..., Genotype], parameters: str,
                                twice: bool) -> None:
    torch.manual_seed(0)
    text = f"name: one\ninput: [9, 6, 6]\nnet:\n  - csc: {{{parameters}}}\n"
    network, x = build(genotype(text)).train(), torch.randn(4, 9, 6, 6)
    weights = dict(network.named_parameters())

    def conv(y: Tensor, name: str, stride: int = 1) -> Tensor:
        scale, offset = (weights[f"csc.{name}.bn.{part}"] for part in ("weight", "bias"))
        y = functional.batch_norm(y, None, None, scale, offset, training=True).relu()
        return functional.conv2d(y, weights[f"csc.{name}.conv.weight"], stride=stride)

    strided = "stride" in parameters
    y = shifted(conv(shifted(x, 3, 1) if twice else x, "expand"), 3, 1)
    y = conv(y, "path", 2 if strided else 1)
    pooled = functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
    expected = torch.cat([y, pooled], 1) if strided else x + y
    torch.testing.assert_close(network(x), expected, rtol=1e-4, atol=1e-5)
