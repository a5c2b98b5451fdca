"""Networks as one writes them by hand in plain torch: what built ones are measured against."""

import torch
from torch import Tensor, nn


def conv_bn(c: int, out: int, k: int = 1, stride: int = 1, groups: int = 1,
            act: bool = True) -> nn.Sequential:
    """Convolution, batch norm and ReLU6, without bias: (N, C, H, W) → (N, out, H', W')."""
    layers: list[nn.Module] = [
        nn.Conv2d(c, out, k, stride, k // 2, groups=groups, bias=False), nn.BatchNorm2d(out)]
    return nn.Sequential(*layers, nn.ReLU6()) if act else nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """Expand, depthwise convolution, project; the input is added where the shapes agree."""

    def __init__(self, c: int, out: int, stride: int, t: int) -> None:
        super().__init__()
        expand = [conv_bn(c, t * c)] if t > 1 else []
        self.body = nn.Sequential(*expand, conv_bn(t * c, t * c, 3, stride, groups=t * c),
                                  conv_bn(t * c, out, act=False))
        self.shortcut = stride == 1 and c == out

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x)
        return y + x if self.shortcut else y


class MobileNetV2(nn.Module):
    """Sandler et al. 2018, Table 2, at width 1: (N, 3, H, W) → (N, classes)."""

    STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
              (6, 160, 3, 2), (6, 320, 1, 1))    # expansion, channels, blocks, stride of the first

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv_bn(3, 32, 3, 2)]
        c = 32
        for t, out, blocks, stride in self.STAGES:
            for i in range(blocks):
                layers.append(InvertedResidual(c, out, stride if i == 0 else 1, t))
                c = out
        self.features = nn.Sequential(*layers, conv_bn(c, 1280))
        self.classifier = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Dropout(0.2), nn.Flatten(),
                                        nn.Linear(1280, classes))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.classifier(self.features(x))
        return y


class Mixed(nn.Sequential):
    """HENet's convolution in m groups, channel shuffle, convolution in n groups, with bias."""

    def __init__(self, c: int, mid: int, out: int, m: int, n: int, down: bool = False) -> None:
        first = nn.Conv2d(c, mid, 3, 2, groups=m) if down else nn.Conv2d(c, mid, 1, groups=m)
        second = nn.Conv2d(mid, out, 1 if down else 3, padding=0 if down else 1, groups=n)
        super().__init__(first, nn.BatchNorm2d(mid), nn.ChannelShuffle(m),
                         second, nn.BatchNorm2d(out), nn.ReLU())


class Stage(nn.Module):
    """HENet's blocks: a running sum of their outputs, concatenated with the last output."""

    def __init__(self, c: int, m: int, n: int, blocks: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Mixed(c if i == 0 else 2 * c, c, c, m, n)
                                    for i in range(blocks))

    def forward(self, x: Tensor) -> Tensor:
        total = x
        for block in self.blocks:
            y = block(x)
            total = total + y
            x = torch.cat((total, y), 1)
        return x


class HENet(nn.Sequential):
    """Zhu & Zhang 2018, Table 3 (repeat 3): (N, 3, 31, 31) → (N, classes)."""

    def __init__(self, classes: int = 10, blocks: int = 3) -> None:
        super().__init__(
            nn.Conv2d(3, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU(),
            Stage(24, 6, 4, blocks), Mixed(48, 24, 48, 6, 4, down=True),
            Stage(48, 8, 6, blocks), Mixed(96, 48, 96, 8, 6, down=True),
            Stage(96, 12, 8, blocks), Mixed(192, 48, 96, 8, 6, down=True),
            Mixed(96, 96, 192, 12, 8, down=True), nn.Flatten(), nn.Linear(192, classes))


def copy_weights(source: nn.Module, target: nn.Module) -> None:
    """Give ``target`` the weights and buffers of ``source``, which has the same layers in the same
    order under other names; ValueError or RuntimeError where it has not."""
    names, values = target.state_dict(), source.state_dict().values()
    target.load_state_dict(dict(zip(names, values, strict=True)))
