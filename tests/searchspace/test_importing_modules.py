"""Networks written in torch become genotypes: the same function, readable, or named why not."""

from collections.abc import Callable

import foreign
import pytest
import torch
from foreign import cna, conv, named, shaken
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, dropout, relu, relu6

from searchspace import Genotype, GenotypeError, build, cost, load, published, to_yaml
from searchspace.expansion import trace
from searchspace.identity import identity
from searchspace.importing.module import from_module, import_module

# Their names here, and lines of YAML at most: that repeated structure was folded.
WRITTEN: dict[str, tuple[Callable[[], nn.Module], str, int]] = {
    "ResNet-18": (lambda: foreign.ResNet(1, (2, 2, 2, 2)), "resnet@18", 20),
    "ResNet-50": (lambda: foreign.ResNet(4, (3, 4, 6, 3)), "resnet@50b", 21),
    "MobileNetV2": (lambda: foreign.MobileNetV2(0.35), "mobilenet-v2@0.35", 26),
    "DenseNet-121": (lambda: foreign.DenseNet((6, 12, 24, 16)), "densenet@121", 27),
    "ShuffleNetV2": (lambda: foreign.ShuffleNetV2((48, 96, 192)),
                     "shufflenet-v2-torchvision@0.5", 32),
    "EfficientNet": (foreign.TimmEfficientNet, "efficientnet@b0", 27),
    "ConvNeXt": (lambda: foreign.AuthorsConvNeXt(40, (2, 2, 6, 2)), "convnext@atto", 30),
    "FasterNet": (foreign.FasterNet, "fasternet@t0", 25),
    "StarNet": (foreign.StarNet, "starnet@s050", 27),
    "RepVGG": (foreign.RepVGG, "repvgg@a0", 31),
    "GhostNet": (lambda: foreign.GhostNet(0.5), "ghostnet@0.5", 84),
}


SLOW = ("ResNet-18", "DenseNet-121", "EfficientNet", "ConvNeXt", "RepVGG", "GhostNet")


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else
                                  name for name in WRITTEN])
def test_a_network_written_in_torch_is_the_bundled_one(name: str) -> None:
    make, ours, lines = WRITTEN[name]
    imported = import_module(shaken(make()), (3, 64, 64))       # which compares outputs
    genotype, bundled = imported.genotype, load(ours).with_input(64)
    if name in ("MobileNetV2", "EfficientNet", "GhostNet"):     # dropout is another, or is none
        assert cost(genotype) == cost(bundled)
    elif name != "ConvNeXt":                        # layer scales start elsewhere
        assert identity(genotype) == identity(bundled)
    assert cost(genotype) == cost(bundled)
    assert len(to_yaml(genotype).splitlines()) <= lines


def test_what_differs_between_blocks_is_an_argument() -> None:
    text = to_yaml(from_module(foreign.MobileNetV2(1.0), (3, 64, 64)))
    assert "inverted:\n    args: {out: , stride: 1}" in text
    assert "- conv: {out: =6*x.c, k: 1, act: relu6}" in text
    assert "- residual: {from: x}" in text
    assert "- inverted: {out: 64, repeat: 4, first: {stride: 2}, as: features_7}" in text


def test_weights_travel() -> None:
    theirs = shaken(foreign.ResNet(1, (1, 1, 1, 1)))
    imported = import_module(theirs, (3, 64, 64))
    net, x = imported.build(theirs), torch.randn(2, 3, 64, 64)
    assert not net.training
    torch.testing.assert_close(net(x), theirs(x), rtol=1e-4, atol=1e-5)
    assert imported.keys["conv1.conv.weight"] == "conv1.weight"


class Small(nn.Module):
    """A body between a convolution and a classifier."""

    def __init__(self, body: nn.Module, out: int = 8) -> None:
        super().__init__()
        self.stem, self.body, self.fc = conv(3, 8, 3), body, nn.Linear(out, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.body(self.stem(x)).mean((2, 3)))


class Says(nn.Module):
    """A module for a function of its parts and the input."""

    def __init__(self, forward: Callable[..., Tensor], **parts: nn.Module) -> None:
        super().__init__()
        self.f = forward
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x: Tensor) -> Tensor:
        return self.f(self, x)


def hard_swish(m: nn.Module, x: Tensor) -> Tensor:
    return x * (relu6(x + 3) / 6)


def inception(m: nn.Module, x: Tensor) -> Tensor:
    return torch.cat([m.a(x), m.b(x), m.c(avg_pool2d(x, 3, 1, 1))], dim=1)


def excited(m: nn.Module, x: Tensor) -> Tensor:
    n, c, _, _ = x.size()
    return x * m.fc(adaptive_avg_pool2d(x, 1).view(n, c)).view(n, c, 1, 1).expand_as(x)


def shuffled(m: nn.Module, x: Tensor) -> Tensor:
    n, c, h, w = x.size()
    return x.reshape(n, 4, c // 4, h, w).permute(0, 2, 1, 3, 4).reshape(n, c, h, w)


def selected(m: nn.Module, x: Tensor) -> Tensor:
    both = torch.stack([m.a(x), m.b(x)], dim=1)
    share = m.fc((both[:, 0] + both[:, 1]).mean((2, 3), keepdim=True))
    share = share.view(-1, 2, 8, 1, 1).softmax(1)
    return both[:, 0] * share[:, 0] + both[:, 1] * share[:, 1]


MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[str, ...]]] = {
    "basic block": (lambda: foreign.ResNetBlock(8, 8, 8, 1), ("residual: {from: stem}",)),
    "strided block": (lambda: foreign.ResNetBlock(8, 8, 8, 2), ("project: {conv: {k: 1",)),
    "inverted residual": (lambda: foreign.Inverted(8, 8, 6, 1), ("dw: {act: relu6", "residual")),
    "linear layers that excite": (lambda: Says(excited, fc=nn.Sequential(
        nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 8), nn.Sigmoid())), ("- se: {mid: 4,",)),
    "inception": (lambda: Says(inception, a=cna(8, 2), b=cna(8, 3, 5), c=cna(8, 3)),
                  ("concat: {from: [a, b, c]", "count_pad: true")),
    "shuffle": (lambda: Says(shuffled), ("- shuffle: {groups: 4",)),
    "swish by hand": (lambda: Says(lambda m, x: x * torch.sigmoid(x)), ("act: swish",)),
    "h-swish by hand": (lambda: Says(hard_swish), ("act: hswish",)),
    "selective kernels": (lambda: Says(selected, a=cna(8, 8, 3), b=cna(8, 8, 5),
                                       fc=conv(8, 16, bias=True)), ("softmax",)),
    "pre-activation": (lambda: nn.Sequential(nn.MaxPool2d(2), nn.BatchNorm2d(8), nn.ReLU(),
                                             conv(8, 8, 3)), ("order: bn-act-conv",)),
    "activation first": (lambda: nn.Sequential(nn.BatchNorm2d(8), conv(8, 8, 3), nn.ReLU(),
                                               nn.BatchNorm2d(8)), ("order: conv-act-bn",)),
    "padding as in TensorFlow": (lambda: nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)),
                                                       nn.Conv2d(8, 8, 3, 2)), ("pad: same",)),
    "cut at the border": (lambda: Says(lambda m, x: x[:, :, 1:-1, 2:]),
                          ("pad: {top: -1, bottom: -1", "pad: {left: -2")),
    "unequal parts": (lambda: Says(lambda m, x: torch.cat(x.split([2, 6], 1)[::-1], 1)),
                      ("split: {sizes: [2, 6], as: [a, b]}", "concat: {from: [b, a]")),
    "group norm of one group": (lambda: nn.GroupNorm(1, 8), ("- ln: {over: all, eps: 1.0e-05",)),
    "layer norm of channels": (lambda: Says(lambda m, x: m.n(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2),
                                            n=nn.LayerNorm(8)), ("- ln: {eps: 1.0e-05",)),
    "linear layer of channels": (lambda: Says(lambda m, x: m.fc(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2),
                                              fc=nn.Linear(8, 6)), ("- conv: {out: 6, k: 1, bias: true",)),
    "clamp": (lambda: Says(lambda m, x: x.clamp(0, 6)), ("act: relu6",)),
    "clamp below": (lambda: Says(lambda m, x: m.c(x.clamp(min=0)), c=conv(8, 8, 3)), ("conv: {out: 8, bn: false, as: stem}",)),
    "leaky ReLU": (lambda: nn.LeakyReLU(0.1), ("act: leaky",)),
    "pooling to several positions": (lambda: nn.AdaptiveAvgPool2d(4), ("pool: {fn: avg, k: 4, stride: 4",)),
    "pooling to the same": (lambda: nn.Sequential(nn.AdaptiveAvgPool2d(16), conv(8, 7, 3)), ("out: 7",)),
    "resizing": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
                 ("resize: {height: 32, width: 32, fn: bilinear",)),
    "padding by name": (lambda: nn.Sequential(nn.Conv2d(8, 7, 3, padding="same"),
                                              nn.Conv2d(7, 6, 3, padding="valid")), ("out: 6, pad: 0",)),
    "what does nothing": (lambda: Says(lambda m, x: m.c((x + 0) / 1 * 1).permute(0, 1, 2, 3), c=conv(8, 7, 3)),
                          ("out: 7",)),
    "times nothing": (lambda: Says(lambda m, x: m.c(x) + x * 0, c=conv(8, 8, 3)), ("zero",)),
    "parts of several sizes": (lambda: Says(lambda m, x: torch.cat(x.chunk(3, 1)[::-1], 1)),
                               ("split: {sizes: [3, 3, 2]",)),
    "the shape decides": (lambda: Says(lambda m, x: x if x.shape[-1] < 8 else relu(x)),
                          ("conv: {out: 8, bn: false, as: stem}",)),
}


@pytest.mark.parametrize("name", MODULES)
def test_usual_code_is_read(name: str) -> None:
    make, wanted = MODULES[name]
    module = make()
    with torch.no_grad():
        out = module.eval()(torch.zeros(1, 8, 16, 16)).shape[1]
    text = to_yaml(from_module(shaken(Small(module, out)), (3, 16, 16)))
    assert all(part in text for part in wanted), text


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = conv(8, 8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.conv(x))


@pytest.mark.parametrize(("module", "message"), [
    (lambda: nn.ConvTranspose2d(8, 8, 2, 2), r"body \(ConvTranspose2d\): torch's conv_transpose2d"),
    (lambda: nn.PReLU(), r"body \(PReLU\): torch's prelu cannot be said in the notation"),
    (lambda: named(a=cna(8, 8), act=nn.LeakyReLU(0.2)), r"body\.act \(LeakyReLU\): a leaky ReLU "
                                                       r"with slope 0\.2; the notation's has 0\.1"),
    (lambda: nn.BatchNorm2d(8, affine=False), r"body \(BatchNorm2d\): a batch norm without weights"),
    (lambda: nn.GroupNorm(4, 8), r"body \(GroupNorm\): a group norm of several groups"),
    (lambda: nn.Conv2d(8, 8, 3, dilation=(1, 2)), r"body \(Conv2d\): a dilation that differs"),
    (Twice, r"body\.conv\.weight is used twice, and operations of the notation do not share"),
    (lambda: Says(lambda m, x: x * 0.5), r"body \(Says\): a product with the constant 0\.5"),
    (lambda: Says(lambda m, x: x[:, :, ::2]), r"body \(Says\): rows, columns or channels at steps of 2"),
    (lambda: Says(lambda m, x: x.clamp(max=6)), "values cut on one side at another number than 0"),
    (lambda: nn.Hardtanh(), "an activation cut at -1 and 1"),
    (lambda: nn.AdaptiveAvgPool2d(5), "16×16 to 5×5, which has windows of several sizes"),
    (lambda: nn.AdaptiveMaxPool2d(2), "a maximum pooling to several positions"),
    (lambda: nn.MaxPool2d(3, 1, 1, dilation=2), "a dilated pooling"),
    (lambda: nn.AvgPool2d(3, 1, 1, divisor_override=2), "an average pooling with a divisor of its own"),
    (lambda: nn.ReflectionPad2d(1), r"padding of another kind than zeros around the image \(reflect\)"),
    (lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), "with aligned corners"),
    (lambda: nn.LayerNorm([8, 16, 16]), "a layer norm of something else than channels that lie last"),
    (lambda: Says(lambda m, x: m.fc(x), fc=nn.Linear(16, 16)), "a linear layer along the width of an image"),
    (lambda: Says(lambda m, x: x.mean(2, keepdim=True)), "over something else than all positions or channels"),
    (lambda: Says(lambda m, x: torch.add(x, x, alpha=2)), "a sum with the factor 2"),
    (lambda: Says(lambda m, x: x / 2), "a division by 2"),
    (lambda: Says(lambda m, x: x.permute(0, 1, 3, 2)), "axes in another order"),
    (lambda: Says(lambda m, x: x.reshape(1, 32, 8, 8).reshape(x.shape)), "a reshape of 8×16×16 to 32×8×8"),
    (lambda: Says(lambda m, x: x + x[:, :, 0][:, :, None]), "one row or channel of an image"),
    (lambda: Says(lambda m, x: torch.stack([x, x], 2).sum(2)), "tensors stacked along axis 2"),
    (lambda: Says(lambda m, x: torch.cat([x, x], 2)), "a concatenation along axis 2"),
    (lambda: Says(lambda m, x: dropout(x)), r"body \(Says\): a dropout that is random in evaluation mode"),
    (lambda: Says(lambda m, x: x if x.sum() > 0 else -x), "Small cannot be exported for one image"),
])
def test_what_cannot_be_said_is_named_with_its_module(module: Callable[[], nn.Module],
                                                      message: str) -> None:
    with pytest.raises(GenotypeError, match=message):
        from_module(Small(module()), (3, 16, 16))


def test_a_dropout_of_whole_channels_stays_one() -> None:
    found = from_module(Small(nn.Sequential(nn.Dropout2d(0.3), nn.Dropout(0.1))), (3, 16, 16))
    kinds = [type(m) for m in build(found).modules() if isinstance(m, nn.modules.dropout._DropoutNd)]
    assert kinds == [nn.Dropout2d, nn.Dropout]


def test_weights_that_are_no_numbers_are_told() -> None:
    module = foreign.ResNet(1, (1, 1, 1, 1))
    with torch.no_grad():
        module.conv1.weight[0] = float("nan")
    with pytest.raises(GenotypeError, match="outputs for random images are not finite"):
        from_module(module, (3, 32, 32))


def test_a_network_gives_one_tensor() -> None:
    with pytest.raises(GenotypeError, match="the module gives 2 tensors; a network gives one"):
        from_module(Says(lambda m, x: (x, relu(x))), (3, 8, 8))


def test_the_module_is_left_as_it_was() -> None:
    module = foreign.ResNet(1, (1, 1, 1, 1)).train()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    from_module(module, (3, 32, 32))
    assert module.training
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())


FAMILIES = {name.partition("@")[0]: name for name in reversed(published())}


def round_trip(name: str) -> tuple[Genotype, Genotype]:
    genotype = load(name)
    with torch.device("meta"):
        module = build(genotype)
    return genotype, from_module(module, trace(genotype).input, genotype.name)


@pytest.mark.parametrize("name", ["resnet-cifar@20", "mobilenet-v1@0.25", "henet@repeat2-cifar10",
                                  "squeezenet@1.1"])
def test_what_is_built_is_read_again(name: str) -> None:
    before, after = round_trip(name)
    assert identity(before) == identity(after)


@pytest.mark.slow
@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name in FAMILIES.values() else pytest.mark.campaign)
    for name in published()])
def test_every_network_is_read_again(name: str) -> None:
    before, after = round_trip(name)
    assert cost(before) == cost(after)
    if not any(node.op.kind in ("scale", "shift") for node in trace(before).nodes):
        assert identity(before) == identity(after)      # a scale's start is a value of its weights
