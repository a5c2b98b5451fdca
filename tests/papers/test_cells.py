"""TensorFlow's SAME padding in searched cells, against plain torch with the padding written out."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, fx

from searchspace import Genotype, build, cost, load

Load = Callable[..., Genotype]


def block(genotype: Load, step: str, shape: tuple[int, int, int]) -> fx.GraphModule:
    torch.manual_seed(0)
    return build(genotype(f"name: b\ninput: {list(shape)}\nnet:\n  - {step}\n")).eval()


def weights(net: fx.GraphModule) -> list[Tensor]:
    """Of the convolutions, in order; batch norm is the identity times 1/√(1 + eps)."""
    return [w for name, w in net.named_parameters() if w.dim() == 4]


@pytest.mark.parametrize("k", [3, 5, 7])
@pytest.mark.parametrize("crop", ["true", "false"])
def test_a_shifted_separable_convolution_is_padded_as_in_tensorflow(
        genotype: Load, k: int, crop: str) -> None:
    """SAME at stride 2 on an even image: k // 2 - 1 rows before it and k // 2 behind it. The port's
    further row and column, which it crops, changes nothing in the result."""
    net = block(genotype, f"sep: {{k: {k}, stride: 2, shift: true, crop: {crop}}}", (4, 8, 8))
    d1, p1, d2, p2 = weights(net)
    x, p = torch.randn(2, 4, 8, 8), k // 2
    y = F.conv2d(F.pad(x.relu(), (p - 1, p, p - 1, p)), d1, stride=2, groups=4)
    y = F.conv2d(y, p1) / (1 + 1e-5) ** 0.5
    y = F.conv2d(F.conv2d(y.relu(), d2, padding=p, groups=4), p2) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(net(x), y)


def test_a_shifted_pooling_averages_what_is_inside(genotype: Load) -> None:
    net = block(genotype, "pooled: {fn: avg, stride: 2, shift: true}", (1, 4, 4))
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    corner = x[0, 0, 2:, 2:].mean()                       # the last window reaches over the edge
    assert net(x)[0, 0].tolist() == [[5.0, 6.5], [x[0, 0, 2:, :3].mean(), corner]]


def test_a_shifted_row_and_column_are_padded_as_in_tensorflow(genotype: Load) -> None:
    net = block(genotype, "conv_1x7_7x1: {stride: 2, shift: true, bare: true}", (3, 8, 8))
    row, column = weights(net)
    x = torch.randn(2, 3, 8, 8)
    y = F.conv2d(F.pad(x.relu(), (2, 3, 0, 0)), row, stride=(1, 2))
    y = F.conv2d(F.pad(y, (0, 0, 2, 3)), column, stride=(2, 1)) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(net(x), y)


def test_only_the_ports_pay_for_the_shift() -> None:
    assert cost(load("nasnet-a@mobile-tf")).macs < cost(load("nasnet-a@mobile")).macs
    assert cost(load("nasnet-a@mobile-tf")).params == cost(load("nasnet-a@mobile")).params
