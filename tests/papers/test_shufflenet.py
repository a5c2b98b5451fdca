"""ShuffleNet's units compute what its figures draw, and other widths have their port's sizes."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from searchspace import Genotype, build, cost, load

Load = Callable[..., Genotype]


def conv(w: dict[str, Tensor], name: str, x: Tensor, groups: int = 1, stride: int = 1) -> Tensor:
    """Convolution and batch norm, by batch statistics."""
    kernel = w[f"{name}.conv.weight"]
    y = F.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2, groups=groups)
    return F.batch_norm(y, None, None, w[f"{name}.bn.weight"], w[f"{name}.bn.bias"], training=True)


def unit(genotype: Load, step: str, c: int) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """The weights of one block, an input and what it gives."""
    torch.manual_seed(0)
    net = build(genotype(f"name: unit\ninput: [{c}, 6, 6]\nnet:\n  - {step}\n")).train()
    x = torch.randn(4, c, 6, 6).relu()
    return {k.removeprefix("u."): v for k, v in net.state_dict().items()}, x, net(x)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("stride", [1, 2])
def test_units_of_version_1(genotype: Load, stride: int, late: bool) -> None:
    c, g = 24, 3
    down = f"shuffle_down: {{out: 48, g: {g}, late: {str(late).lower()}, as: u}}"
    step = f"shuffle_unit: {{g: {g}, late: {str(late).lower()}, as: u}}" if stride == 1 else down
    w, x, found = unit(genotype, step, c)
    w = {k.replace("concat.", ""): v for k, v in w.items()}

    def dealt(y: Tensor, rows: int) -> Tensor:
        n, channels, height, width = y.shape
        return y.reshape(n, rows, channels // rows, height, width).transpose(1, 2).flatten(1, 2)

    y = conv(w, "branch.reduce", x, g).relu()
    y = y if late else dealt(y, g)
    y = conv(w, "branch.dw", y, y.shape[1], stride)
    y = dealt(y, y.shape[1] // g) if late else y
    y = conv(w, "branch.expand", y, g)
    expected = x + y if stride == 1 else torch.cat([F.avg_pool2d(x, 3, 2, 1), y], 1)
    torch.testing.assert_close(found, expected.relu())


@pytest.mark.parametrize("ahead", [False, True])
def test_unit_of_version_2(genotype: Load, ahead: bool) -> None:
    w, x, found = unit(genotype, f"shuffle2_unit: {{ahead: {str(ahead).lower()}, as: u}}", 8)
    left, right = (x[:, ::2], x[:, 1::2]) if ahead else x.chunk(2, 1)
    y = conv(w, "branch.dw", conv(w, "branch.reduce", right).relu(), 4)
    y = conv(w, "branch.expand", y).relu()
    joined = torch.cat([left, y], 1) if ahead else torch.stack([left, y], 2).flatten(1, 2)
    torch.testing.assert_close(found, joined)


@pytest.mark.parametrize(("g", "w", "params"), [
    (1, 1, 1_531_936), (2, 1, 1_733_848), (4, 1, 1_968_344), (1, 0.75, 975_214),
    (3, 0.75, 1_238_266), (1, 0.5, 534_484), (1, 0.25, 209_746), (3, 0.25, 305_902),
])
def test_other_groups_and_widths_have_the_parameters_of_pytorchcv(g: int, w: float,
                                                                params: int) -> None:
    assert cost(load("shufflenet-v1", g=g, w=w)).params == params
