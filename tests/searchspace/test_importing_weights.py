"""Weights under other projects' names give the same outputs here, or are refused with a reason."""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import foreign
import pytest
import torch
from foreign import shaken
from torch import nn

from searchspace import Genotype, SearchspaceError, build, cost, load, published
from searchspace.importing.layouts import LAYOUTS
from searchspace.importing.matching import NotTheSameError, correspondence
from searchspace.importing.weights import copy_weights, load_weights

CONVNEXT = ((r"^stages\.(\d)", r"stages.\1.blocks"), (r"^downsample_layers\.0", "stem"),
            (r"^downsample_layers\.(\d)", r"stages.\1.downsample"), ("dwconv", "conv_dw"),
            (r"pwconv(\d)", r"mlp.fc\1"), (r"grn\.gamma", "mlp.grn.weight"),
            (r"grn\.beta", "mlp.grn.bias"), (r"^(norm|head)\.", r"head.\1."),
            (r"^head\.head", "head.fc"))
SAME: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "torchvision resnet18": (lambda: foreign.ResNet(1, (2, 2, 2, 2)), "resnet@18"),
    "torchvision resnet50": (lambda: foreign.ResNet(4, (3, 4, 6, 3)), "resnet@50b"),
    "torchvision mobilenet_v2": (lambda: foreign.MobileNetV2(0.35), "mobilenet-v2@0.35"),
    "torchvision mobilenet_v3_small": (foreign.MobileNetV3Small, "mobilenet-v3-small@1.0"),
    "torchvision efficientnet_b0": (foreign.EfficientNet, "efficientnet@b0"),
    "torchvision densenet121": (lambda: foreign.DenseNet((6, 12, 24, 16)), "densenet@121"),
    "torchvision shufflenet_v2_x0_5": (lambda: foreign.ShuffleNetV2((48, 96, 192)),
                                       "shufflenet-v2-torchvision@0.5"),
    "torchvision's names for convnext_atto": (lambda: foreign.ConvNeXt(40, (2, 2, 6, 2)),
                                              "convnext@atto"),
    "torchvision resnext50_32x4d": (lambda: foreign.ResNet(4, (3, 4, 6, 3), 32, 4),
                                    "resnext@50-32x4d"),
    "timm seresnet50": (lambda: foreign.ResNet(4, (3, 4, 6, 3), se=True), "se-resnet@50b"),
    "timm mobilenetv2_035": (lambda: foreign.TimmMobileNetV2(0.35), "mobilenet-v2@0.35"),
    "timm mobilenetv3_small_100": (foreign.TimmMobileNetV3Small, "mobilenet-v3-small@1.0"),
    "timm efficientnet_b0": (foreign.TimmEfficientNet, "efficientnet@b0"),
    "timm mobilenetv4_conv_small_035": (foreign.MobileNetV4, "mobilenet-v4@conv-small-035"),
    "timm ghostnet_050": (lambda: foreign.GhostNet(0.5), "ghostnet@0.5"),
    "RepVGG-A0": (foreign.RepVGG, "repvgg@a0"),
    "FasterNet-T0": (foreign.FasterNet, "fasternet@t0"),
    "StarNet s050": (foreign.StarNet, "starnet@s050"),
    "ConvNeXt atto": (lambda: foreign.AuthorsConvNeXt(40, (2, 2, 6, 2)), "convnext@atto"),
    "ConvNeXt V2 atto": (lambda: foreign.AuthorsConvNeXt(40, (2, 2, 6, 2), True),
                         "convnext-v2@atto"),
    "HCGNet-A1": (foreign.HCGNet, "hcgnet@a1"),
}
# The same modules under another project's names, by replacements in this order.
RENAMED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "timm repvgg_a0": ("RepVGG-A0", (
        (r"^stage0", "stem"), (r"^stage(\d)", lambda m: f"stages.{int(m[1]) - 1}"),
        ("rbr_dense", "conv_kxk"), ("rbr_1x1", "conv_1x1"), ("rbr_identity", "identity"),
        ("^linear", "head.fc"))),
    "timm fasternet_t0": ("FasterNet-T0", (
        (r"^stages\.([135])", lambda m: f"stages.{(int(m[1]) + 1) // 2}.downsample"),
        (r"^stages\.(\d)\.blocks", lambda m: f"stages.{int(m[1]) // 2}.blocks"),
        (r"^avgpool_pre_head\.1", "conv_head"), ("^head", "classifier"))),
    "timm convnext_atto": ("ConvNeXt atto", CONVNEXT),
    "timm convnextv2_atto": ("ConvNeXt V2 atto", CONVNEXT),
}


# Dear ones, and those whose network another layout loads too.
SLOW = ("torchvision resnet50", "torchvision densenet121", "timm efficientnet_b0", "ConvNeXt atto",
        "timm mobilenetv2_035", "timm ghostnet_050", "HCGNet-A1", "torchvision resnext50_32x4d",
        "timm seresnet50", "ConvNeXt V2 atto", "timm convnext_atto", "timm convnextv2_atto")


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else
                                  name for name in (*SAME, *RENAMED)])
def test_outputs_are_those_of_the_module_that_the_weights_are_of(name: str) -> None:
    module, replacements = RENAMED.get(name, (name, ()))
    make, ours = SAME[module]
    torch.manual_seed(0)
    theirs, net = shaken(make()), build(load(ours)).eval()
    of = load_weights(net, renamed(theirs.state_dict(), replacements))
    assert ours.partition("@")[0] in of
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        wanted, got = theirs(x), net(x)
    assert wanted.std() > 1e-3
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-5 * float(wanted.abs().max()))


def renamed(weights: dict[str, torch.Tensor], replacements: tuple) -> dict[str, torch.Tensor]:
    made = {}
    for key, tensor in weights.items():
        for pattern, replacement in replacements:
            key = re.sub(pattern, replacement, key)
        made[key] = tensor
    return made


@pytest.mark.slow
@pytest.mark.parametrize("of", dict.fromkeys(layout.of for layout in LAYOUTS))
def test_networks_that_shapes_cannot_tell_apart_are_one_function(of: str) -> None:
    alike: dict[int, list[str]] = {}
    for layout in LAYOUTS:
        for name in published():
            if layout.of == of and any(fnmatchcase(name, pattern) for pattern in layout.networks):
                alike.setdefault(cost(load(name, classes=10)).params, []).append(name)
    with torch.device("meta"):
        for first, *others in alike.values():
            for other in others:
                correspondence(*(build(load(name, classes=10)) for name in (first, other)))


def test_a_network_of_the_same_shapes_and_another_function_is_refused() -> None:
    weights = foreign.ResNet(4, (3, 4, 6, 3)).state_dict()
    net = build(load("resnet@50"))
    before = net.stage1.get_submodule("0.conv1.conv").weight.clone()
    with pytest.raises(SearchspaceError, match=r"weights of resnet@50b .*stage2\.0\.conv1\.conv .*"
                                               r"stride=\(2, 2\).* here and .*stride=\(1, 1\)"):
        load_weights(net, weights)
    assert torch.equal(before, net.stage1.get_submodule("0.conv1.conv").weight)


def test_a_module_is_matched_by_data_flow() -> None:
    theirs = shaken(foreign.ResNet(1, (1, 1, 1, 1)))
    genotype = load("resnet@18", n1=1, n2=1, n3=1, n4=1)
    net, x = build(genotype).eval(), torch.randn(1, 3, 64, 64)
    copy_weights(net, theirs, (3, 64, 64))
    torch.testing.assert_close(net(x), theirs(x), rtol=1e-5, atol=1e-5)
    with pytest.raises(NotTheSameError, match=r"kernel_size=\(5, 5\)"):
        copy_weights(build(load("mobilenet-v1@0.25")), Five(), (3, 32, 32))


class Five(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.fc = foreign.conv(3, 8, 5, 2), nn.Linear(8, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.stem(x).mean((2, 3)))


def test_other_classes_are_named() -> None:
    theirs = foreign.StarNet()
    theirs.head = nn.Linear(128, 10)
    net = build(load("starnet@s050", classes=10))
    assert "starnet@s050" in load_weights(net, theirs.state_dict())
    with pytest.raises(SearchspaceError, match=r"classifier.* out_features=1000.* out_features=10,"):
        load_weights(build(load("starnet@s050")), theirs.state_dict())


def test_own_names_are_loaded_as_they_are() -> None:
    net, other = (build(load("resnet-cifar@20")) for _ in range(2))
    load_weights(net, other.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters(), strict=True))
    with pytest.raises(SearchspaceError, match=r"is \(10, 64\) here and \(100, 64\) in the weights"):
        load_weights(net, build(load("resnet-cifar@20", classes=100)).state_dict())


@pytest.mark.parametrize(("change", "message"), [
    (lambda w: w | {"stray.weight": torch.zeros(3)}, "names like 'conv1.weight' are of no project"),
    (lambda w: {k: v for k, v in w.items() if not k.startswith("layer4.1")}, "are of none of resnet"),
])
def test_what_is_unknown_is_named(change: Callable, message: str) -> None:
    weights = foreign.ResNet(1, (2, 2, 2, 2)).state_dict()
    with pytest.raises(SearchspaceError, match=message):
        load_weights(build(load("resnet@18")), change(weights))


def test_every_layout_names_networks_that_exist() -> None:
    names = published()
    for layout in LAYOUTS:
        for pattern in layout.networks:
            assert any(fnmatchcase(name, pattern) for name in names), pattern


def test_two_equal_branches_keep_their_own_weights(genotype: Callable[..., Genotype]) -> None:
    steps = """
net:
  - add: {of: [[{conv: {out: 4}}, {conv: {out: 4}}], [{conv: {out: 4}}, {conv: {out: 4}}]]}
"""
    a, b = (build(genotype(steps)) for _ in range(2))
    same = correspondence(a, b)
    assert len(same) == len(set(same.values())) and all(x == y for x, y in same.items())


def test_the_table_of_names_is_the_list_of_layouts() -> None:
    page = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|`]+) \| (`.+`) \|$", page, re.MULTILINE)
    assert [(of, tuple(re.findall(r"`([^`]+)`", cells))) for of, cells in rows] == [
        (layout.of, layout.networks) for layout in LAYOUTS]
