"""CBAM, selective kernels and Res2Net's scales against their equations in plain torch."""

import torch
from test_papers import Load, block, norm, weights
from torch import Tensor
from torch.nn import functional as F


def test_cbam_follows_equations_2_and_3(genotype: Load) -> None:
    net = block(genotype, "cbam: {r: 4, k: 7, as: a}", (8, 9, 6))
    x = torch.randn(3, 8, 9, 6)
    c, s = weights(net, "a.cbam_channel"), weights(net, "a.cbam_spatial.conv")

    def mlp(v: Tensor) -> Tensor:
        h = v @ c["squeeze.conv.weight"].flatten(1).T + c["squeeze.conv.bias"]
        return h.relu() @ c["excite.conv.weight"].flatten(1).T + c["excite.conv.bias"]

    y = x * torch.sigmoid(mlp(x.mean((2, 3))) + mlp(x.amax((2, 3))))[:, :, None, None]
    maps = torch.stack([y.mean(1), y.amax(1)], 1)
    expected = y * norm(F.conv2d(maps, s["conv.weight"], padding=3), s).sigmoid()
    torch.testing.assert_close(net(x), expected, rtol=1e-4, atol=1e-5)


def test_sk_follows_equations_1_to_6(genotype: Load) -> None:
    net = block(genotype, "sk: {groups: 4, r: 2, least: 3, as: s}", (8, 7, 7))
    x = torch.randn(4, 8, 7, 7)
    u1, u2, fc1, fc2 = (weights(net, f"s.{n}") for n in ("u1", "u2", "squeeze", "excite"))
    a = norm(F.conv2d(x, u1["conv.weight"], padding=1, groups=4), u1).relu()
    b = norm(F.conv2d(x, u2["conv.weight"], padding=2, dilation=2, groups=4), u2).relu()
    z = norm((a + b).mean((2, 3)) @ fc1["conv.weight"].flatten(1).T, fc1).relu()
    assert z.shape == (4, 4)
    scores = z @ fc2["conv.weight"].flatten(1).T
    share = torch.sigmoid(scores[:, :8] - scores[:, 8:])[:, :, None, None]     # softmax of two
    torch.testing.assert_close(net(x), share * a + (1 - share) * b, rtol=1e-4, atol=1e-5)


def test_res2_follows_equation_1(genotype: Load) -> None:
    x = torch.randn(3, 12, 6, 6)
    parts = x.chunk(4, 1)

    def kernel(i: int, v: Tensor, stride: int) -> Tensor:
        w = weights(net, f"r.res2_part.{i - 2}.y2")
        return norm(F.conv2d(v, w["conv.weight"], padding=1, stride=stride), w).relu()

    net = block(genotype, "res2: {s: 4, as: r}", (12, 6, 6))
    y2 = kernel(2, parts[1], 1)
    y3 = kernel(3, parts[2] + y2, 1)
    y4 = kernel(4, parts[3] + y3, 1)
    torch.testing.assert_close(net(x), torch.cat([parts[0], y2, y3, y4], 1))

    net = block(genotype, "res2: {s: 4, enter: true, stride: 2, as: r}", (12, 6, 6))
    pooled = F.avg_pool2d(parts[0], 3, 2, 1)
    torch.testing.assert_close(
        net(x), torch.cat([pooled, *(kernel(i, parts[i - 1], 2) for i in (2, 3, 4))], 1))


def test_a_dual_path_block_adds_and_appends(genotype: Load) -> None:
    net = block(genotype, "dpn: {out: 6, mid: 4, inc: 2, groups: 2, as: d}", (10, 5, 5))
    x = torch.randn(3, 10, 5, 5)
    names = [n.removesuffix(".conv.weight") for n in net.state_dict() if n.endswith("conv.weight")]
    y = x
    for name, pad, groups in zip(names, (0, 1, 0), (1, 2, 1), strict=True):
        w = weights(net, name)
        h = F.batch_norm(y, None, None, w["bn.weight"], w["bn.bias"], training=True, eps=1e-3)
        y = F.conv2d(h.relu(), w["conv.weight"], padding=pad, groups=groups)
    expected = torch.cat([x[:, :6] + y[:, :6], x[:, 6:], y[:, 6:]], 1)
    torch.testing.assert_close(net(x), expected, rtol=1e-4, atol=1e-5)
