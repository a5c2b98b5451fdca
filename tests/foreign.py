"""Networks as other projects name their tensors, written out for the tests of importing.

torchvision and timm do not import where torch is newer than they know; what matters of them are the
names, the order and the structure of small members of each family.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, relu, softmax


def conv(c: int, out: int, k: int = 1, stride: int = 1, groups: int = 1, bias: bool = False,
         dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(c, out, k, stride, dilation * (k - 1) // 2, dilation, groups, bias)


def cna(c: int, out: int, k: int = 1, stride: int = 1, groups: int = 1, act: type | None = nn.ReLU,
        eps: float = 1e-5) -> nn.Sequential:
    """Convolution, batch norm, activation, numbered as in a Sequential."""
    parts: list[nn.Module] = [conv(c, out, k, stride, groups), nn.BatchNorm2d(out, eps)]
    return nn.Sequential(*parts, *([act()] if act else []))


def named(**parts: nn.Module | None) -> nn.Sequential:
    return nn.Sequential(OrderedDict((k, v) for k, v in parts.items() if v is not None))


def round8(v: float) -> int:
    new = max(8, int(v + 4) // 8 * 8)
    return new + 8 if new < 0.9 * v else new


class Pooled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return adaptive_avg_pool2d(x, 1).flatten(1)


# --- torchvision ----------------------------------------------------------------------------------

class ResNetBlock(nn.Module):
    """torchvision's basic block and bottleneck, timm's with `se`; the stride is on the (first)
    3×3."""

    def __init__(self, c: int, mid: int, out: int, stride: int, groups: int = 1,
                 se: bool = False) -> None:
        super().__init__()
        kernels = [(c, mid, 3, stride), (mid, out, 3, 1)] if mid == out else \
            [(c, mid, 1, 1), (mid, mid, 3, stride), (mid, out, 1, 1)]
        self.n = len(kernels)
        for i, (a, b, k, s) in enumerate(kernels, 1):
            self.add_module(f"conv{i}", conv(a, b, k, s, groups if k == 3 else 1))
            self.add_module(f"bn{i}", nn.BatchNorm2d(b))
        self.se = Excite(out, out // 16, nn.ReLU(), nn.Sigmoid()) if se else nn.Identity()
        self.downsample = cna(c, out, 1, stride, act=None) if stride > 1 or c != out else None

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for i in range(1, self.n + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = relu(y) if i < self.n else self.se(y)
        return relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, wide: int, depths: tuple[int, ...], groups: int = 1, d: int = 64,
                 se: bool = False) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(3, 64, 7, 2), nn.BatchNorm2d(64)
        c = 64
        for i, n in enumerate(depths):
            blocks = []
            for j in range(n):
                out = 64 * 2**i * wide
                blocks.append(ResNetBlock(c, groups * d * 2**i, out, 2 if i and not j else 1,
                                          groups, se))
                c = out
            self.add_module(f"layer{i + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(c, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.max_pool2d(relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for i in range(1, 5):
            x = getattr(self, f"layer{i}")(x)
        return self.fc(adaptive_avg_pool2d(x, 1).flatten(1))


class Inverted(nn.Module):
    def __init__(self, c: int, out: int, t: int, stride: int) -> None:
        super().__init__()
        mid = c * t
        self.same = stride == 1 and c == out
        self.conv = nn.Sequential(
            *([cna(c, mid, act=nn.ReLU6)] if t > 1 else []),
            cna(mid, mid, 3, stride, mid, act=nn.ReLU6), conv(mid, out), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.same else self.conv(x)


V2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
      (6, 320, 1, 1))


class MobileNetV2(nn.Module):
    def __init__(self, w: float) -> None:
        super().__init__()
        c = round8(32 * w)
        parts: list[nn.Module] = [cna(3, c, 3, 2, act=nn.ReLU6)]
        for t, out, n, stride in V2:
            for j in range(n):
                parts.append(Inverted(c, round8(out * w), t, stride if j == 0 else 1))
                c = round8(out * w)
        self.features = nn.Sequential(*parts, cna(c, 1280, act=nn.ReLU6))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(1280, 1000))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


class Excite(nn.Module):
    """torchvision's squeeze and excitation."""

    def __init__(self, c: int, mid: int, act: nn.Module, gate: nn.Module) -> None:
        super().__init__()
        self.fc1, self.fc2 = conv(c, mid, bias=True), conv(mid, c, bias=True)
        self.act, self.gate = act, gate

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(self.fc2(self.act(self.fc1(adaptive_avg_pool2d(x, 1)))))


class MBBlock(nn.Module):
    """torchvision's block of MobileNetV3 and EfficientNet: parts numbered under ``block``."""

    def __init__(self, c: int, mid: int, out: int, k: int, stride: int, act: type,
                 se: nn.Module | None, eps: float = 1e-5) -> None:
        super().__init__()
        self.same = stride == 1 and c == out
        parts = [cna(c, mid, act=act, eps=eps)] if mid != c else []
        parts.append(cna(mid, mid, k, stride, mid, act=act, eps=eps))
        parts += [se] if se is not None else []
        self.block = nn.Sequential(*parts, cna(mid, out, act=None, eps=eps))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x) if self.same else self.block(x)


V3_SMALL = ((3, 16, 16, 1, 0, 2), (3, 72, 24, 0, 0, 2), (3, 88, 24, 0, 0, 1), (5, 96, 40, 1, 1, 2),
            (5, 240, 40, 1, 1, 1), (5, 240, 40, 1, 1, 1), (5, 120, 48, 1, 1, 1),
            (5, 144, 48, 1, 1, 1), (5, 288, 96, 1, 1, 2), (5, 576, 96, 1, 1, 1),
            (5, 576, 96, 1, 1, 1))     # k, mid, out, se, h-swish, stride


class MobileNetV3Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        parts: list[nn.Module] = [cna(3, 16, 3, 2, act=nn.Hardswish, eps=1e-3)]
        c = 16
        for k, mid, out, se, hard, stride in V3_SMALL:
            gate = Excite(mid, round8(mid / 4), nn.ReLU(), nn.Hardsigmoid()) if se else None
            parts.append(MBBlock(c, mid, out, k, stride, nn.Hardswish if hard else nn.ReLU, gate,
                                 1e-3))
            c = out
        self.features = nn.Sequential(*parts, cna(96, 576, act=nn.Hardswish, eps=1e-3))
        self.classifier = nn.Sequential(nn.Linear(576, 1024), nn.Hardswish(), nn.Dropout(),
                                        nn.Linear(1024, 1000))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(adaptive_avg_pool2d(self.features(x), 1).flatten(1))


B0 = ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3),
      (6, 5, 2, 192, 4), (6, 3, 1, 320, 1))     # t, k, stride, out, n


class EfficientNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        stages: list[nn.Module] = [cna(3, 32, 3, 2, act=nn.SiLU)]
        c = 32
        for t, k, stride, out, n in B0:
            blocks = []
            for j in range(n):
                se = Excite(c * t, max(1, c // 4), nn.SiLU(), nn.Sigmoid())
                blocks.append(MBBlock(c, c * t, out, k, stride if j == 0 else 1, nn.SiLU, se))
                c = out
            stages.append(nn.Sequential(*blocks))
        self.features = nn.Sequential(*stages, cna(320, 1280, act=nn.SiLU))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(1280, 1000))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(adaptive_avg_pool2d(self.features(x), 1).flatten(1))


class DenseLayer(nn.Module):
    def __init__(self, c: int, k: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(c), conv(c, 4 * k)
        self.norm2, self.conv2 = nn.BatchNorm2d(4 * k), conv(4 * k, k, 3)

    def forward(self, features: list[Tensor]) -> Tensor:
        x = self.conv1(relu(self.norm1(torch.cat(features, 1))))
        return self.conv2(relu(self.norm2(x)))


class DenseBlock(nn.ModuleDict):
    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self.values():
            features.append(layer(features))
        return torch.cat(features, 1)


class DenseNet(nn.Module):
    def __init__(self, depths: tuple[int, ...], k: int = 32) -> None:
        super().__init__()
        c = 2 * k
        self.features = named(conv0=conv(3, c, 7, 2), norm0=nn.BatchNorm2d(c), relu0=nn.ReLU(),
                              pool0=nn.MaxPool2d(3, 2, 1))
        for i, n in enumerate(depths, 1):
            self.features.add_module(f"denseblock{i}", DenseBlock(
                {f"denselayer{j + 1}": DenseLayer(c + j * k, k) for j in range(n)}))
            c += n * k
            if i < len(depths):
                self.features.add_module(f"transition{i}", named(
                    norm=nn.BatchNorm2d(c), relu=nn.ReLU(), conv=conv(c, c // 2),
                    pool=nn.AvgPool2d(2, 2)))
                c //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(c))
        self.classifier = nn.Linear(c, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(adaptive_avg_pool2d(relu(self.features(x)), 1).flatten(1))


class ShuffleUnit(nn.Module):
    def __init__(self, c: int, out: int, stride: int) -> None:
        super().__init__()
        self.down, half = stride > 1, out // 2
        self.branch1 = nn.Sequential(*cna(c, c, 3, stride, c, None), *cna(c, half)) \
            if self.down else nn.Sequential()
        self.branch2 = nn.Sequential(*cna(c if self.down else half, half),
                                     *cna(half, half, 3, stride, half, None), *cna(half, half))

    def forward(self, x: Tensor) -> Tensor:
        a, b = (x, x) if self.down else x.chunk(2, 1)
        y = torch.cat((self.branch1(a), self.branch2(b)), 1)
        n, c, h, w = y.shape
        return y.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)


class ShuffleNetV2(nn.Module):
    def __init__(self, widths: tuple[int, int, int]) -> None:
        super().__init__()
        self.conv1, c = cna(3, 24, 3, 2), 24
        for i, (out, n) in enumerate(zip(widths, (4, 8, 4), strict=True), 2):
            units = [ShuffleUnit(c if j == 0 else out, out, 2 if j == 0 else 1) for j in range(n)]
            self.add_module(f"stage{i}", nn.Sequential(*units))
            c = out
        self.conv5, self.fc = cna(c, 1024), nn.Linear(1024, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.max_pool2d(self.conv1(x), 3, 2, 1)
        return self.fc(self.conv5(self.stage4(self.stage3(self.stage2(x)))).mean((2, 3)))


class LayerNorm2d(nn.LayerNorm):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Permute(nn.Module):
    def __init__(self, *dims: int) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.dims)


class ConvNeXtBlock(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            conv(c, c, 7, groups=c, bias=True), Permute(0, 2, 3, 1), nn.LayerNorm(c, 1e-6),
            nn.Linear(c, 4 * c), nn.GELU(), nn.Linear(4 * c, c), Permute(0, 3, 1, 2))
        self.layer_scale = nn.Parameter(torch.rand(c, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layer_scale * self.block(x)


class ConvNeXt(nn.Module):
    def __init__(self, c: int, depths: tuple[int, ...]) -> None:
        super().__init__()
        parts: list[nn.Module] = [nn.Sequential(nn.Conv2d(3, c, 4, 4), LayerNorm2d(c, 1e-6))]
        for i, n in enumerate(depths):
            parts.append(nn.Sequential(*(ConvNeXtBlock(c) for _ in range(n))))
            if i < 3:
                parts.append(nn.Sequential(LayerNorm2d(c, 1e-6), nn.Conv2d(c, 2 * c, 2, 2)))
                c *= 2
        self.features = nn.Sequential(*parts)
        self.classifier = nn.Sequential(LayerNorm2d(c, 1e-6), nn.Flatten(1), nn.Linear(c, 1000))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(adaptive_avg_pool2d(self.features(x), 1))


# --- timm -----------------------------------------------------------------------------------------

class TimmSE(nn.Module):
    def __init__(self, c: int, mid: int, act: nn.Module, gate: nn.Module) -> None:
        super().__init__()
        self.conv_reduce, self.conv_expand = conv(c, mid, bias=True), conv(mid, c, bias=True)
        self.act, self.gate = act, gate

    def forward(self, x: Tensor) -> Tensor:
        y = x.mean((2, 3), keepdim=True)
        return x * self.gate(self.conv_expand(self.act(self.conv_reduce(y))))


class TimmBlock(nn.Module):
    """timm's inverted residual, or separable block where nothing expands."""

    def __init__(self, c: int, mid: int, out: int, k: int, stride: int, act: type,
                 se: nn.Module | None) -> None:
        super().__init__()
        self.same, wide = stride == 1 and c == out, mid != c
        if wide:
            self.conv_pw, self.bn1 = conv(c, mid), nn.BatchNorm2d(mid)
        self.conv_dw = conv(mid, mid, k, stride, mid)
        self.add_module("bn2" if wide else "bn1", nn.BatchNorm2d(mid))
        self.se = se
        self.add_module("conv_pwl" if wide else "conv_pw", conv(mid, out))
        self.add_module("bn3" if wide else "bn2", nn.BatchNorm2d(out))
        self.wide, self.act = wide, act()

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.bn1(self.conv_pw(x))) if self.wide else x
        y = self.act((self.bn2 if self.wide else self.bn1)(self.conv_dw(y)))
        y = self.se(y) if self.se is not None else y
        y = self.bn3(self.conv_pwl(y)) if self.wide else self.bn2(self.conv_pw(y))
        return x + y if self.same else y


class TimmConv(nn.Module):
    def __init__(self, c: int, out: int, k: int, stride: int, act: type) -> None:
        super().__init__()
        self.conv, self.bn1, self.act = conv(c, out, k, stride), nn.BatchNorm2d(out), act()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn1(self.conv(x)))


class TimmNet(nn.Module):
    """The frame of timm's EfficientNet, MobileNetV3 and V4: what differs is the head."""

    def __init__(self, stem: int, blocks: list[list[nn.Module]], act: type) -> None:
        super().__init__()
        self.conv_stem, self.bn1, self.act = conv(3, stem, 3, 2), nn.BatchNorm2d(stem), act()
        self.blocks = nn.Sequential(*(nn.Sequential(*stage) for stage in blocks))

    def stem(self, x: Tensor) -> Tensor:
        return self.blocks(self.act(self.bn1(self.conv_stem(x))))


class TimmMobileNetV2(TimmNet):
    def __init__(self, w: float) -> None:
        c, stages = round8(32 * w), []
        stem = c
        for t, out, n, stride in V2:
            stage = []
            for j in range(n):
                stage.append(TimmBlock(c, c * t, round8(out * w), 3, stride if j == 0 else 1,
                                       nn.ReLU6, None))
                c = round8(out * w)
            stages.append(stage)
        super().__init__(stem, stages, nn.ReLU6)
        self.conv_head, self.bn2 = conv(c, 1280), nn.BatchNorm2d(1280)
        self.classifier = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.bn2(self.conv_head(self.stem(x))))
        return self.classifier(adaptive_avg_pool2d(x, 1).flatten(1))


class TimmMobileNetV3Small(TimmNet):
    """With batch norm's usual epsilon, where ours has 0.001."""

    def __init__(self) -> None:
        c, stages = 16, []
        for rows in (V3_SMALL[:1], V3_SMALL[1:3], V3_SMALL[3:6], V3_SMALL[6:8], V3_SMALL[8:]):
            stage = []
            for k, mid, out, se, hard, stride in rows:
                gate = TimmSE(mid, round8(mid / 4), nn.ReLU(), nn.Hardsigmoid()) if se else None
                stage.append(TimmBlock(c, mid, out, k, stride, nn.Hardswish if hard else nn.ReLU,
                                       gate))
                c = out
            stages.append(stage)
        super().__init__(16, [*stages, [TimmConv(96, 576, 1, 1, nn.Hardswish)]], nn.Hardswish)
        self.conv_head, self.classifier = conv(576, 1024, bias=True), nn.Linear(1024, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.conv_head(adaptive_avg_pool2d(self.stem(x), 1)))
        return self.classifier(x.flatten(1))


class TimmEfficientNet(TimmNet):
    def __init__(self) -> None:
        c, stages = 32, []
        for t, k, stride, out, n in B0:
            stage = []
            for j in range(n):
                se = TimmSE(c * t, max(1, c // 4), nn.SiLU(), nn.Sigmoid())
                stage.append(TimmBlock(c, c * t, out, k, stride if j == 0 else 1, nn.SiLU, se))
                c = out
            stages.append(stage)
        super().__init__(32, stages, nn.SiLU)
        self.conv_head, self.bn2 = conv(320, 1280), nn.BatchNorm2d(1280)
        self.classifier = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.bn2(self.conv_head(self.stem(x))))
        return self.classifier(adaptive_avg_pool2d(x, 1).flatten(1))


class UIB(nn.Module):
    def __init__(self, c: int, out: int, a: int, k: int, t: int, stride: int) -> None:
        super().__init__()
        mid, self.same = round8(t * c), stride == 1 and c == out

        def part(c: int, out: int, k: int, stride: int, groups: int, act: bool) -> nn.Module:
            return named(conv=conv(c, out, k, stride, groups), bn=nn.BatchNorm2d(out),
                         act=nn.ReLU() if act else None)

        if a:
            self.dw_start = part(c, c, a, 1 if k else stride, c, False)
        self.pw_exp = part(c, mid, 1, 1, 1, True)
        if k:
            self.dw_mid = part(mid, mid, k, stride, mid, True)
        self.pw_proj = part(mid, out, 1, 1, 1, False)

    def forward(self, x: Tensor) -> Tensor:
        y = nn.Sequential(*self.children())(x)
        return x + y if self.same else y


class MobileNetV4(TimmNet):
    """conv_small at a width of 0.35."""

    def __init__(self) -> None:
        w3, w4 = round8(96 * 0.35), round8(128 * 0.35)
        third = ((5, 5, 3), (0, 3, 2), (0, 3, 2), (0, 3, 2), (0, 3, 2), (3, 0, 4))
        fourth = ((3, 3, 6), (5, 5, 4), (0, 5, 4), (0, 5, 3), (0, 3, 4), (0, 3, 4))
        c1, c2 = round8(32 * 0.35), round8(64 * 0.35)
        stages: list[list[nn.Module]] = [
            [TimmConv(32, c1, 3, 2, nn.ReLU), TimmConv(c1, c1, 1, 1, nn.ReLU)],
            [TimmConv(c1, round8(96 * 0.35), 3, 2, nn.ReLU),
             TimmConv(round8(96 * 0.35), c2, 1, 1, nn.ReLU)]]
        for c, out, rows in ((c2, w3, third), (w3, w4, fourth)):
            stages.append([UIB(c if j == 0 else out, out, a, k, t, 2 if j == 0 else 1)
                           for j, (a, k, t) in enumerate(rows)])
        head = round8(960 * 0.35)
        super().__init__(32, [*stages, [TimmConv(w4, head, 1, 1, nn.ReLU)]], nn.ReLU)
        self.conv_head, self.norm_head = conv(head, 1280), nn.BatchNorm2d(1280)
        self.classifier = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = adaptive_avg_pool2d(self.stem(x), 1)
        return self.classifier(relu(self.norm_head(self.conv_head(x))).flatten(1))


class Ghost(nn.Module):
    def __init__(self, c: int, out: int, act: bool = True) -> None:
        super().__init__()
        half, self.out = -(-out // 2), out
        self.primary_conv = cna(c, half, act=nn.ReLU if act else None)
        self.cheap_operation = cna(half, half, 3, 1, half, nn.ReLU if act else None)

    def forward(self, x: Tensor) -> Tensor:
        y = self.primary_conv(x)
        return torch.cat((y, self.cheap_operation(y)), 1)[:, :self.out]


class GhostBlock(nn.Module):
    def __init__(self, c: int, mid: int, out: int, k: int, stride: int, se: bool) -> None:
        super().__init__()
        self.ghost1 = Ghost(c, mid)
        self.stride = stride
        if stride > 1:
            self.conv_dw, self.bn_dw = conv(mid, mid, k, stride, mid), nn.BatchNorm2d(mid)
        self.se = TimmSE(mid, max(4, (mid // 4 + 2) // 4 * 4 if (mid // 4 + 2) // 4 * 4 >=
                                  0.9 * mid / 4 else (mid // 4 + 2) // 4 * 4 + 4),
                         nn.ReLU(), nn.Hardsigmoid()) if se else None
        self.ghost2 = Ghost(mid, out, act=False)
        self.shortcut = nn.Sequential(*cna(c, c, k, stride, c, None), *cna(c, out, act=None)) \
            if stride > 1 or c != out else nn.Sequential()

    def forward(self, x: Tensor) -> Tensor:
        y = self.ghost1(x)
        y = self.bn_dw(self.conv_dw(y)) if self.stride > 1 else y
        y = self.se(y) if self.se is not None else y
        return self.ghost2(y) + self.shortcut(x)


GHOST = (((3, 16, 16, 0, 1),), ((3, 48, 24, 0, 2),), ((3, 72, 24, 0, 1),), ((5, 72, 40, 1, 2),),
         ((5, 120, 40, 1, 1),), ((3, 240, 80, 0, 2),),
         ((3, 200, 80, 0, 1), (3, 184, 80, 0, 1), (3, 184, 80, 0, 1), (3, 480, 112, 1, 1),
          (3, 672, 112, 1, 1)), ((5, 672, 160, 1, 2),),
         ((5, 960, 160, 0, 1), (5, 960, 160, 1, 1), (5, 960, 160, 0, 1), (5, 960, 160, 1, 1)))


def round4(v: float) -> int:
    new = max(4, int(v + 2) // 4 * 4)
    return new + 4 if new < 0.9 * v else new


class GhostNet(nn.Module):
    def __init__(self, w: float = 1.0) -> None:
        super().__init__()
        c = round4(16 * w)
        self.conv_stem, self.bn1 = conv(3, c, 3, 2), nn.BatchNorm2d(c)
        stages: list[nn.Module] = []
        for rows in GHOST:
            stage = []
            for k, mid, out, se, stride in rows:
                stage.append(GhostBlock(c, round4(mid * w), round4(out * w), k, stride, bool(se)))
                c = round4(out * w)
            stages.append(nn.Sequential(*stage))
        head = round4(960 * w)
        self.blocks = nn.Sequential(*stages, nn.Sequential(TimmConv(c, head, 1, 1, nn.ReLU)))
        self.conv_head, self.classifier = conv(head, 1280, bias=True), nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = adaptive_avg_pool2d(self.blocks(relu(self.bn1(self.conv_stem(x)))), 1)
        return self.classifier(relu(self.conv_head(x)).flatten(1))


# --- authors --------------------------------------------------------------------------------------

class RepBlock(nn.Module):
    def __init__(self, c: int, out: int, stride: int) -> None:
        super().__init__()
        self.rbr_identity = nn.BatchNorm2d(c) if stride == 1 and c == out else None
        self.rbr_dense = named(conv=conv(c, out, 3, stride), bn=nn.BatchNorm2d(out))
        self.rbr_1x1 = named(conv=conv(c, out, 1, stride), bn=nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        y = self.rbr_dense(x) + self.rbr_1x1(x)
        return relu(y if self.rbr_identity is None else y + self.rbr_identity(x))


class RepVGG(nn.Module):
    """A0."""

    def __init__(self) -> None:
        super().__init__()
        self.stage0, c = RepBlock(3, 48, 2), 48
        for i, (out, n) in enumerate(((48, 2), (96, 4), (192, 14), (1280, 1)), 1):
            self.add_module(f"stage{i}", nn.Sequential(
                *(RepBlock(c if j == 0 else out, out, 2 if j == 0 else 1) for j in range(n))))
            c = out
        self.linear = nn.Linear(c, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stage4(self.stage3(self.stage2(self.stage1(self.stage0(x)))))
        return self.linear(adaptive_avg_pool2d(x, 1).flatten(1))


class FasterBlock(nn.Module):
    def __init__(self, c: int, act: type) -> None:
        super().__init__()
        self.mlp = nn.Sequential(conv(c, 2 * c), nn.BatchNorm2d(2 * c), act(), conv(2 * c, c))
        self.spatial_mixing = named(partial_conv3=conv(c // 4, c // 4, 3))
        self.parts = [c // 4, c - c // 4]

    def forward(self, x: Tensor) -> Tensor:
        a, b = torch.split(x, self.parts, 1)
        return x + self.mlp(torch.cat((self.spatial_mixing(a), b), 1))


class FasterNet(nn.Module):
    """T0."""

    def __init__(self, c: int = 40, depths: tuple[int, ...] = (1, 2, 8, 2),
                 act: type = nn.GELU) -> None:
        super().__init__()
        self.patch_embed = named(proj=nn.Conv2d(3, c, 4, 4, bias=False), norm=nn.BatchNorm2d(c))
        stages: list[nn.Module] = []
        for i, n in enumerate(depths):
            stages.append(named(blocks=nn.Sequential(*(FasterBlock(c, act) for _ in range(n)))))
            if i < 3:
                stages.append(named(reduction=nn.Conv2d(c, 2 * c, 2, 2, bias=False),
                                    norm=nn.BatchNorm2d(2 * c)))
                c *= 2
        self.stages = nn.Sequential(*stages)
        self.avgpool_pre_head = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv(c, 1280), act())
        self.head = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.avgpool_pre_head(self.stages(self.patch_embed(x))).flatten(1))


class StarBlock(nn.Module):
    def __init__(self, c: int, t: int) -> None:
        super().__init__()

        def part(c: int, out: int, k: int, groups: int, norm: bool) -> nn.Module:
            return named(conv=conv(c, out, k, 1, groups, True),
                         bn=nn.BatchNorm2d(out) if norm else None)

        self.dwconv = part(c, c, 7, c, True)
        self.f1, self.f2 = part(c, t * c, 1, 1, False), part(c, t * c, 1, 1, False)
        self.g, self.dwconv2 = part(t * c, c, 1, 1, True), part(c, c, 7, c, False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.dwconv(x)
        return x + self.dwconv2(self.g(nn.functional.relu6(self.f1(y)) * self.f2(y)))


class StarNet(nn.Module):
    """s050."""

    def __init__(self, c: int = 16, depths: tuple[int, ...] = (1, 1, 3, 1), t: int = 3) -> None:
        super().__init__()
        self.stem = nn.Sequential(named(conv=conv(3, 32, 3, 2, bias=True), bn=nn.BatchNorm2d(32)),
                                  nn.ReLU6())
        stages, before = [], 32
        for i, n in enumerate(depths):
            out = c * 2**i
            down = named(conv=conv(before, out, 3, 2, bias=True), bn=nn.BatchNorm2d(out))
            stages.append(nn.Sequential(down, *(StarBlock(out, t) for _ in range(n))))
            before = out
        self.stages = nn.Sequential(*stages)
        self.norm, self.head = nn.BatchNorm2d(before), nn.Linear(before, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(adaptive_avg_pool2d(self.norm(self.stages(self.stem(x))), 1).flatten(1))


class GRN(nn.Module):
    """The global response norm of ConvNeXt V2's authors, channels last."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.gamma, self.beta = (nn.Parameter(torch.rand(1, 1, 1, c)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        length = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
        return self.gamma * (x * (length / (length.mean(dim=-1, keepdim=True) + 1e-6))) \
            + self.beta + x


class AuthorsConvNeXtBlock(nn.Module):
    def __init__(self, c: int, grn: bool) -> None:
        super().__init__()
        self.dwconv, self.norm = conv(c, c, 7, groups=c, bias=True), nn.LayerNorm(c, 1e-6)
        self.pwconv1 = nn.Linear(c, 4 * c)
        self.grn = GRN(4 * c) if grn else nn.Identity()
        self.pwconv2 = nn.Linear(4 * c, c)
        if not grn:
            self.gamma = nn.Parameter(torch.rand(c))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.pwconv2(self.grn(nn.functional.gelu(self.pwconv1(y))))
        y = self.gamma * y if hasattr(self, "gamma") else y
        return x + y.permute(0, 3, 1, 2)


class AuthorsConvNeXt(nn.Module):
    """V1, or V2 with `grn`."""

    def __init__(self, c: int, depths: tuple[int, ...], grn: bool = False) -> None:
        super().__init__()
        widths = [c * 2**i for i in range(4)]
        self.downsample_layers = nn.ModuleList(
            [nn.Sequential(nn.Conv2d(3, c, 4, 4), LayerNorm2d(c, 1e-6)),
             *(nn.Sequential(LayerNorm2d(w, 1e-6), nn.Conv2d(w, 2 * w, 2, 2)) for w in widths[:3])])
        self.stages = nn.ModuleList(
            nn.Sequential(*(AuthorsConvNeXtBlock(w, grn) for _ in range(n)))
            for w, n in zip(widths, depths, strict=True))
        self.norm, self.head = nn.LayerNorm(8 * c, 1e-6), nn.Linear(8 * c, 1000)

    def forward(self, x: Tensor) -> Tensor:
        for down, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(down(x))
        return self.head(self.norm(x.mean((2, 3))))


class BasicConv(nn.Module):
    def __init__(self, c: int, out: int, k: int, stride: int = 1, groups: int = 1,
                 dilation: int = 1) -> None:
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(c), conv(c, out, k, stride, groups, False, dilation)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(relu(self.norm(x)))


class Gates(nn.Module):
    """HCGNet's update and forget gates behind two convolutions."""

    def __init__(self, c: int, mid: int, out: int, stride: int, groups: int, r: int) -> None:
        super().__init__()
        self.conv1_1x1 = BasicConv(c, mid, 1)
        self.conv2_3x3 = BasicConv(mid, out, 3, stride, groups)
        self.conv_3x3 = BasicConv(out, out, 3, groups=out)
        self.conv_5x5 = BasicConv(out, out, 3, groups=out, dilation=2)
        self.global_context3x3 = conv(out, 1, bias=True)
        self.global_context5x5 = conv(out, 1, bias=True)
        self.fcall = conv(2 * out, 2 * out // r, bias=True)
        self.bn_attention = nn.BatchNorm1d(2 * out // r)
        self.fc3x3, self.fc5x5 = (conv(2 * out // r, out, bias=True) for _ in range(2))
        self.global_forget_context = conv(out, 1, bias=True)
        self.bn_forget = nn.BatchNorm1d(out // r)
        self.fc1, self.fc2 = conv(out, out // r, bias=True), conv(out // r, out, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        def attend(y: Tensor, logits: nn.Module) -> Tensor:
            weights = softmax(logits(y).flatten(1), 1).reshape(-1, 1, *y.shape[2:])
            return (y * weights).sum((2, 3), keepdim=True)

        def squeeze(y: Tensor, fc: nn.Module, bn: nn.Module) -> Tensor:
            return torch.tanh(bn(fc(y).flatten(1)))[:, :, None, None]

        y = self.conv2_3x3(self.conv1_1x1(x))
        forget = squeeze(attend(y, self.global_forget_context), self.fc1, self.bn_forget)
        a, b = self.conv_3x3(y), self.conv_5x5(y)
        a, b = attend(a, self.global_context3x3), attend(b, self.global_context5x5)
        both = squeeze(torch.cat((a, b), 1), self.fcall, self.bn_attention)
        share = softmax(torch.stack((self.fc3x3(both), self.fc5x5(both)), 1), 1)
        return y * torch.sigmoid(self.fc2(forget)) + share[:, 0] * a + share[:, 1] * b


class SMG(Gates):
    def __init__(self, c: int, k: int) -> None:
        super().__init__(c, 4 * k, k, 1, 4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, super().forward(x)), 1)


class HCGNet(nn.Module):
    """A1, with 10 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.features, c = named(conv0=conv(3, 24, 3)), 24
        for i, k in enumerate((12, 24, 36), 1):
            self.features.add_module(f"HybridBlock{i}", named(
                **{f"SMG{j + 1}": SMG(c + j * k, k) for j in range(8)}))
            c += 8 * k
            if i < 3:
                self.features.add_module(f"Transition{i}", Gates(
                    c, c - (c - c // 2) // 2, c // 2, 2, 1, 4))
                c //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(c))
        self.classifier = nn.Linear(c, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(adaptive_avg_pool2d(relu(self.features(x)), 1).flatten(1))


def shaken(net: nn.Module) -> nn.Module:
    """With random weights and statistics in eval mode, so that no tensor can be swapped unseen."""
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.3, 0.3)
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.running_mean.uniform_(-0.2, 0.2)
                module.running_var.uniform_(0.5, 1.5)
    return net.eval()
