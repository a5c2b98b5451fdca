"""Networks from 2018 on against their papers' equations."""

import math
from itertools import groupby
from pathlib import Path

import pytest
import torch
from torch.nn.functional import conv2d, gelu, layer_norm, relu6

from searchspace import build, cost, load, published
from searchspace.expansion import trace
from searchspace.ops import OPS
from searchspace.ops.conv import Conv, Depthwise

REGNETS = [n for n in published() if n.startswith("regnet")]


def regnet(w0: int, wa: float, wm: float, d: int, g: int) -> list[tuple[int, int, int]]:
    """Width, blocks and group width of each stage, by Eq. 2 to 4 of the paper, block by block."""
    widths = []
    for j in range(d):
        s = round(math.log((w0 + wa * j) / w0) / math.log(wm))
        widths.append(round(w0 * wm**s / 8) * 8)
    stages = [(w, len(list(same))) for w, same in groupby(widths)]
    return [(round(w / min(g, w)) * min(g, w), n, min(g, w)) for w, n in stages]


@pytest.mark.parametrize("name", REGNETS)
def test_regnets_line_gives_the_stages(name: str) -> None:
    genotype = load(name)
    args = {key: tree.value for key, tree in genotype.document["args"].items.items()}
    middle = [(node.op.out, node.op.groups) for node in trace(genotype).nodes
              if isinstance(node.op, Conv) and node.op.k == 3 and node.name != "stem"]
    found = [(out, len(list(same)), out // groups) for (out, groups), same in groupby(middle)]
    assert found == regnet(*(args[key] for key in ("w0", "wa", "wm", "d", "g")))


@pytest.mark.parametrize(("name", "sizes"), [("mixnet-s", 5), ("mixnet@m", 4)])
def test_mixed_kernels_share_the_channels(name: str, sizes: int) -> None:
    """Equal parts, the 3×3 takes the rest; kernels 3, 5, 7, … (Sec. 3.2)."""
    nodes = trace(load(name)).nodes
    mixed = [list(part) for _, part in groupby(
        (n for n in nodes if isinstance(n.op, Depthwise) and "mix_dw" in n.name),
        key=lambda n: n.name.rpartition("mix_dw")[0])]
    assert max(len(part) for part in mixed) == sizes
    for part in mixed:
        total, share = sum(n.shape[0] for n in part), sum(n.shape[0] for n in part) // len(part)
        assert [n.op.k for n in part] == [3 + 2 * i for i in range(len(part))]
        assert [n.shape[0] for n in part[1:]] == [share] * (len(part) - 1)
        assert part[0].shape[0] == total - share * (len(part) - 1)


def block(tmp_path: Path, step: str) -> torch.nn.Module:
    file = tmp_path / "net.yaml"
    file.write_text(f"name: net\ninput: [8, 6, 5]\nnet:\n  - {step}\n", encoding="utf-8")
    torch.manual_seed(0)
    made = build(load(file)).double().eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, 0, 0.5)
    return made


def test_convnexts_block(tmp_path: Path) -> None:
    """x + γ·W₂ gelu(W₁ LN(depthwise 7×7 of x)), LN over the channels of each position."""
    net, x = block(tmp_path, "convnext: {as: b}"), torch.randn(2, 8, 6, 5).double()
    p = dict(net.named_parameters())
    y = conv2d(x, p["b.dw.conv.weight"], p["b.dw.conv.bias"], padding=3, groups=8)
    y = layer_norm(y.permute(0, 2, 3, 1), (8,), p["b.ln.weight"], p["b.ln.bias"], 1e-6)
    y = gelu(y @ p["b.widen.conv.weight"].flatten(1).T + p["b.widen.conv.bias"])
    y = y @ p["b.narrow.conv.weight"].flatten(1).T + p["b.narrow.conv.bias"]
    torch.testing.assert_close(net(x), x + y.permute(0, 3, 1, 2) * p["b.scale.weight"])


def test_global_response_norm() -> None:
    """Eq. 1 to 3 of ConvNeXt V2, channel by channel."""
    layer = OPS["grn"]().module((3, 4, 5)).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(1, 3, 4, 5).double()
    lengths = [float(x[0, c].norm()) for c in range(3)]
    for c in range(3):
        share = lengths[c] / (sum(lengths) / 3 + 1e-6)
        expected = x[0, c] + layer.weight[c] * x[0, c] * share + layer.bias[c]
        torch.testing.assert_close(layer(x)[0, c], expected)


def test_layer_norm_over_all_values_of_an_image() -> None:
    layer, x = OPS["ln"](over="all").module((4, 3, 2)), torch.randn(2, 4, 3, 2) * 3 + 5
    torch.testing.assert_close(layer(x), layer_norm(x, (4, 3, 2), eps=1e-6))


def test_starnets_block(tmp_path: Path) -> None:
    """The star operation of Fig. 3: relu6(W₁ y) · (W₂ y), between two depthwise 7×7."""
    net, x = block(tmp_path, "star: {t: 3, as: b}"), torch.randn(2, 8, 6, 5).double()
    convs = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    first, w1, w2, narrow, last = convs
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    y = norms[0](first(x))
    y = last(norms[1](narrow(relu6(w1(y)) * w2(y))))
    torch.testing.assert_close(net(x), x + y)


def test_partial_convolution_leaves_the_other_channels(tmp_path: Path) -> None:
    net, x = block(tmp_path, "partial_conv: {part: 4, as: b}"), torch.randn(2, 8, 6, 5).double()
    y = net(x)
    torch.testing.assert_close(y[:, 2:], x[:, 2:])
    weight = dict(net.named_parameters())["b.mixed.conv.weight"]
    torch.testing.assert_close(y[:, :2], conv2d(x[:, :2], weight, padding=1))


def test_a_ghost_module_keeps_what_it_is_made_of(tmp_path: Path) -> None:
    """Fig. 1b: the second half is a depthwise 3×3 of the first; an odd width cuts the last one."""
    net, x = block(tmp_path, "ghost: {out: 7, act: none, as: b}"), torch.randn(2, 8, 6, 5).double()
    y = net(x)
    assert y.shape == (2, 7, 6, 5)
    cheap = net.get_submodule("b.cheap")
    torch.testing.assert_close(cheap.bn(cheap.conv(y[:, :4]))[:, :3], y[:, 4:])


@pytest.mark.parametrize(("a", "k", "kinds"), [
    (0, 3, "conv dw conv add"), (3, 0, "dw conv conv add"), (5, 3, "dw conv dw conv add"),
    (0, 0, "conv conv add")])
def test_the_four_cases_of_the_universal_inverted_bottleneck(a: int, k: int, kinds: str,
                                                             tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(f"name: net\ninput: [8, 6, 5]\nnet:\n  - uib: {{out: 8, a: {a}, k: {k}}}\n",
                    encoding="utf-8")
    assert [node.op.kind for node in trace(load(file)).nodes] == kinds.split()


def test_rexnets_widths_are_a_line() -> None:
    """16 + 180·i/16 channels (Sec. 4.3), rounded as Python does: the halves are even."""
    ends = {n.name.partition(".")[0]: n.shape[0] for n in trace(load("rexnet@1.0")).nodes}
    assert [ends[f"stage{i}"] for i in range(1, 6)] == [16, 38, 61, 128, 185]
    assert cost(load("rexnet@1.0")).params == 4_796_873
