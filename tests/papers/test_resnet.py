"""Residual blocks against plain torch code that is written from the papers' equations and figures
and shares only the weights."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, fx

from searchspace import Genotype, build, cost, load
from searchspace.expansion import trace

Load = Callable[..., Genotype]


def network(genotype: Load, step: str, channels: int) -> fx.GraphModule:
    torch.manual_seed(0)
    net = build(genotype(f"name: b\ninput: [{channels}, 6, 6]\nnet:\n  - {step}\n"))
    for name, value in net.named_parameters():
        if "bn" in name:
            torch.nn.init.normal_(value, std=0.5)
    return net.train()


def norm(x: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
    """Batch norm by batch statistics."""
    return F.batch_norm(x, None, None, w[f"{name}.weight"], w[f"{name}.bias"], training=True)


def test_a_resnext_block_is_a_sum_of_transformations(genotype: Load) -> None:
    """Figure 3a: y = x + Σ T_i(x), each T_i a bottleneck of its own with d channels."""
    net = network(genotype, "bottleneck: {out: 64, groups: 4, d: 16, as: b}", 64)
    x, w = torch.randn(3, 64, 6, 6), {k.removeprefix("b."): v for k, v in net.state_dict().items()}

    def part(name: str, i: int) -> dict[str, Tensor]:
        return {"w": w[f"{name}.conv.weight"].chunk(4)[i], **{
            f"bn.{k}": w[f"{name}.bn.{k}"].chunk(4)[i] for k in ("weight", "bias")}}

    total = torch.zeros_like(x)
    for i in range(4):
        first, second = part("conv1", i), part("middle", i)
        h = norm(F.conv2d(x, first["w"]), first, "bn").relu()
        h = norm(F.conv2d(h, second["w"], padding=1), second, "bn").relu()
        assert h.shape[1] == 16 * 64 // 256
        total = total + F.conv2d(h, w["conv2.conv.weight"].chunk(4, 1)[i])
    expected = (norm(total, w, "conv2.bn") + x).relu()
    torch.testing.assert_close(net(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("stride", [1, 2])
def test_preactivation_keeps_the_identity_clean(genotype: Load, stride: int) -> None:
    """He et al. 2016b, Fig. 4e: y = x + F(x); where shapes change, both branches are activated."""
    net = network(genotype, f"pre_basic: {{out: {8 * stride}, stride: {stride}, as: b}}", 8)
    x, w = torch.randn(3, 8, 6, 6), {k.removeprefix("b."): v for k, v in net.state_dict().items()}
    a = norm(x, w, "bn").relu()
    h = norm(F.conv2d(a, w["conv1.conv.weight"], stride=stride, padding=1), w, "conv1.bn").relu()
    h = F.conv2d(h, w["conv2.conv.weight"], padding=1)
    kept = x if stride == 1 else F.conv2d(a, w["residual.project.conv.weight"], stride=2)
    torch.testing.assert_close(net(x), kept + h, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("step", "weights"), [
    ("bottleneck: {out: 256}", 69_632), ("bottleneck: {out: 256, groups: 32, d: 4}", 70_144)])
def test_resnext_preserves_the_weights_of_a_block(genotype: Load, step: str, weights: int) -> None:
    """Xie et al. 2017, Eq. 4: about 70 thousand, batch norm left out."""
    whole = genotype(f"name: b\ninput: [256, 56, 56]\nnet: [{step}]\n")
    norms = 2 * sum(n.shape[0] for n in trace(whole).nodes if n.op.kind == "conv")
    assert cost(whole).params - norms == weights


def test_resnext_rows_that_are_resnets_are_the_same() -> None:
    for depth in ("50", "101"):
        assert cost(load(f"resnext@{depth}-1x64d")) == cost(load(f"resnet@{depth}b"))
