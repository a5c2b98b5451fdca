"""The mobile families: MobileNet's layer arithmetic, MobileNetV3's block, compound scaling."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from searchspace import Cost, Genotype, build, cost, load
from searchspace.expansion import trace

Load = Callable[..., Genotype]


@pytest.mark.parametrize(("step", "c", "size", "norms", "weights", "macs"), [
    ("conv: {out: 512}", 512, 14, 1, 2359296, 462422016),
    ("separable: {out: 512}", 512, 14, 2, 266752, 52283392),
    ("separable: {out: 384}", 384, 14, 2, 150912, 29578752),            # α = 0.75
    ("separable: {out: 384}", 384, 10, 2, 150912, 15091200),            # and ρ = 0.714
])
def test_one_layer_costs_what_mobilenets_table_3_says(genotype: Load, step: str, c: int, size: int,
                                                      norms: int, weights: int, macs: int) -> None:
    """Howard et al. 2017, Table 3, which leaves batch norm's 2 parameters a channel out."""
    found = cost(genotype(f"name: layer\ninput: [{c}, {size}, {size}]\nnet:\n  - {step}\n"))
    assert found == Cost(macs, weights + norms*2*c)


def test_bneck_is_figure_4_with_straight_lines_for_curves(genotype: Load) -> None:
    net = build(genotype("name: block\ninput: [16, 6, 5]\nnet:\n"
                         "  - bneck: {t: 2.5, out: 16, k: 5, act: hswish, se: true, as: b}\n")).eval()
    w = {name.removeprefix("b.mbconv."): value for name, value in net.state_dict().items()}
    x = torch.randn(3, 16, 6, 5)

    def norm(y: torch.Tensor, name: str) -> torch.Tensor:
        return F.batch_norm(y, *(w[f"{name}.bn.{part}"] for part in (
            "running_mean", "running_var", "weight", "bias")))

    def hswish(y: torch.Tensor) -> torch.Tensor:
        return y * F.relu6(y + 3) / 6

    y = hswish(norm(F.conv2d(x, w["expand.conv.weight"]), "expand"))
    y = hswish(norm(F.conv2d(y, w["dw.conv.weight"], padding=2, groups=40), "dw"))
    squeeze, excite = (next(k for k in w if k.endswith(f"{part}.conv.weight")).removesuffix(".weight")
                       for part in ("squeeze", "excite"))
    assert w[f"{squeeze}.weight"].shape == (16, 40, 1, 1)               # 40/4, and not below 0.9 of it
    s = F.conv2d(y.mean((2, 3), keepdim=True), w[f"{squeeze}.weight"], w[f"{squeeze}.bias"]).relu()
    s = F.relu6(F.conv2d(s, w[f"{excite}.weight"], w[f"{excite}.bias"]) + 3) / 6
    expected = x + norm(F.conv2d(y * s, w["project.conv.weight"]), "project")
    torch.testing.assert_close(net(x), expected)


@pytest.mark.parametrize("phi", [0, 0.5, 1, 2, 3])
def test_compound_scaling_doubles_the_work_about_every_step(phi: float) -> None:
    scaled = load("efficientnet", phi=phi)
    assert trace(scaled).input == (3, size := round(224 * 1.15**phi), size)
    assert 0.8 < cost(scaled).macs / cost(load("efficientnet")).macs / 2**phi < 1.4


def test_given_width_depth_and_size_leave_no_coefficient() -> None:
    assert "phi" not in load("efficientnet@b3").document.get("args")
    assert load("efficientnet", w=1.2, d=1.4, r=300).program
    assert cost(load("efficientnet@b3")) == cost(load("efficientnet", w=1.2, d=1.4, r=300))
