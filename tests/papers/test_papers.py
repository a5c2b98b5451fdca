"""The papers' operations compute what their equations say: checked against plain torch code that
is written from the equations and shares only the weights."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, fx

from searchspace import Cost, Genotype, build, cost, load
from searchspace.expansion import trace

Load = Callable[..., Genotype]


def block(genotype: Load, step: str, shape: tuple[int, int, int]) -> fx.GraphModule:
    """One block as a network, in training mode, with weights and batch norms of its own."""
    whole = genotype(f"name: block\ninput: {list(shape)}\nnet:\n  - {step}\n")
    torch.manual_seed(0)
    net = build(whole)
    for name, value in net.named_parameters():
        if "bn" in name:
            torch.nn.init.normal_(value, std=0.5)
    return net.train()


def weights(net: fx.GraphModule, prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix + "."): v for k, v in net.state_dict().items()
            if k.startswith(prefix + ".")}


def norm(x: Tensor, w: dict[str, Tensor], name: str = "bn") -> Tensor:
    """Batch norm by batch statistics."""
    return F.batch_norm(x, None, None, w[f"{name}.weight"], w[f"{name}.bias"], training=True)


def test_hcgnet_gates_follow_equations_5_to_11(genotype: Load) -> None:
    c, r = 8, 2
    net = block(genotype, "gated: {update: 2, forget: 2, as: g}", (c, 6, 5))
    x = torch.randn(4, c, 6, 5)
    u, f = weights(net, "g.add.update_gate"), weights(net, "g.add.forget_gate")

    def attend(features: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
        """Softmax over the positions of a 1×1 convolution; the weighted mean, (N, C)."""
        logits = torch.einsum("nchw,c->nhw", features, w[f"{name}.logits.weight"].flatten())
        alpha = (logits + w[f"{name}.logits.bias"]).flatten(1).softmax(1)
        return torch.einsum("ncp,np->nc", features.flatten(2), alpha)

    def kernel(name: str, dilation: int) -> Tensor:
        w = weights(net, f"g.add.update_gate.{name}")
        return F.conv2d(norm(x, w).relu(), w["conv.weight"], padding=dilation, dilation=dilation,
                        groups=c)

    def dense(s: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
        return s @ w[f"{name}.conv.weight"].flatten(1).T + w[f"{name}.conv.bias"]

    def squeezed(s: Tensor, w: dict[str, Tensor]) -> Tensor:
        """Linear with bias, batch norm, tanh."""
        h = dense(s, w, "squeeze")
        return torch.tanh(F.batch_norm(h, None, None, w["squeeze.bn.weight"], w["squeeze.bn.bias"],
                                       training=True))

    s3, s5 = attend(kernel("u3", 1), u, "z3"), attend(kernel("u5", 2), u, "z5")
    z = squeezed(torch.cat([s3, s5], 1), u)
    assert z.shape == (4, 2 * c // r)
    v = dense(z, u, "excite")
    competition = torch.stack([v[:, :c], v[:, c:]]).softmax(0)           # the two kernels, a channel
    update = competition[0] * s3 + competition[1] * s5
    forget = torch.sigmoid(dense(squeezed(attend(x, f, "attend"), f), f, "excite"))
    expected = forget[:, :, None, None] * x + update[:, :, None, None]
    torch.testing.assert_close(net(x), expected, rtol=1e-4, atol=1e-5)


def test_si_unit_exchanges_and_funnels(genotype: Load) -> None:
    net = block(genotype, "si_unit: {h: 24, k: 5, as: u}", (8, 6, 6))
    x = torch.randn(3, 8, 6, 6)
    t, funnel = weights(net, "u.si_transform"), weights(net, "u.funnel")

    def transform(half: Tensor, i: int) -> Tensor:
        """H on one group: expand, depthwise, project; activation before batch norm (conv-act-bn)."""
        def part(name: str) -> Tensor:
            return t[name].chunk(2)[i]

        def bn(y: Tensor, name: str) -> Tensor:
            return F.batch_norm(y, None, None, part(f"{name}.bn.weight"), part(f"{name}.bn.bias"),
                                training=True)

        h = bn(F.relu6(F.conv2d(half, part("expand.conv.weight"))), "expand")
        h = bn(F.relu6(F.conv2d(h, part("dw.conv.weight"), padding=2, groups=12)), "dw")
        return bn(F.conv2d(h, part("project.conv.weight")), "project")

    x1, x2 = x.chunk(2, 1)
    y1, y2 = transform(x1, 0) + x2, transform(x2, 1) + x1                            # Eq. 1
    outs = []
    for i, (own, new) in enumerate(((x1, y1), (x2, y2))):
        z = F.relu6(F.conv2d(torch.cat([own, new], 1), funnel["conv.weight"].chunk(2)[i]))
        outs.append(F.batch_norm(z, None, None, funnel["bn.weight"].chunk(2)[i],
                                 funnel["bn.bias"].chunk(2)[i], training=True))
    torch.testing.assert_close(net(x), torch.cat(outs, 1), rtol=1e-4, atol=1e-5)


def test_joint_decision_weighs_each_level_by_itself(genotype: Load) -> None:
    net = block(genotype, "vote: {d: 5, as: v}", (6, 4, 4))
    x = torch.randn(2, 6, 4, 4)
    w1, w2 = (net.state_dict()[f"v.{n}.linear.weight"] for n in ("linear", "alpha"))
    z = x.mean((2, 3))
    expected = torch.sigmoid(z @ w1.T @ w2.T) * z
    torch.testing.assert_close(net(x), expected, rtol=1e-4, atol=1e-5)


def test_he_blocks_add_and_concatenate(genotype: Load) -> None:
    net = block(genotype, "he: {out: 24, repeat: 2, as: s}", (24, 5, 5))
    x = torch.randn(3, 24, 5, 5)

    def layer(features: Tensor, i: int) -> Tensor:
        """Grouped 1×1 (m = 6), batch norm, shuffle, grouped 3×3 (n = 4), batch norm, ReLU."""
        a, b = weights(net, f"s.{i}.mix"), weights(net, f"s.{i}.y")
        h = norm(F.conv2d(features, a["conv.weight"], a["conv.bias"], groups=6), a)
        n, c, height, width = h.shape
        h = h.reshape(n, 6, c // 6, height, width).transpose(1, 2).reshape(n, c, height, width)
        return norm(F.conv2d(h, b["conv.weight"], b["conv.bias"], padding=1, groups=4), b).relu()

    first = layer(x, 0)
    total = x + first                                                                # Eq. 5
    second = layer(torch.cat([total, first], 1), 1)                                  # Eq. 6
    expected = torch.cat([total + second, second], 1)
    torch.testing.assert_close(net(x), expected, rtol=1e-4, atol=1e-5)


def test_henet_has_no_pooling_and_ends_at_one_pixel() -> None:
    nodes = trace(load("henet")).nodes
    assert not {"pool", "gap"} & {n.op.kind for n in nodes}
    assert [n.shape[1] for n in nodes if n.name.startswith("down") and n.name.endswith("y")] == \
        [15, 7, 3, 1]


# The reconstruction's column: parameters and conv MACs in millions, as it was written down.
@pytest.mark.parametrize("variant, params, macs", [
    ("1.0", 2.994, 207.9), ("1.2", 3.912, 285.6), ("1.6", 6.003, 477.0), ("1.8", 7.184, 590.9)])
def test_sinet_is_the_bundled_reconstruction(variant: str, params: float, macs: float) -> None:
    from searchspace.zoo.counting_rules import RULES

    genotype = load(f"sinet@{variant}")
    ours = RULES["conv"](trace(genotype))
    assert (round(ours.params / 1e6, 3), round(ours.macs / 1e6, 1)) == (params, macs)
    assert genotype.header.status == "calibrated"


# The authors' code with 100 classes, which no variant names.
@pytest.mark.parametrize("name, params, macs", [
    ("hcgnet@a1", 1_102_651, 154_269_036), ("hcgnet@a3", 11_363_647, 1_956_425_676)])
def test_hcgnet_with_100_classes(name: str, params: int, macs: int) -> None:
    assert cost(load(name, classes=100)) == Cost(macs, params)
