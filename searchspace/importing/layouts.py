"""Layouts: how other projects name the tensors of networks that are bundled here.

A state dict says names, shapes and, by its order, little more: not the strides, the activations or
the padding. What it leaves open is known by who wrote it, and that is told by the names. A layout
is therefore a pattern of names together with the bundled networks that are the same function.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """One project's names for a family of networks.

    ``names`` matches the names of all layers; ``networks`` are the bundled names of which one is
    the same function. Layers are taken in the order of the file, except that numbered siblings are
    used in the order of their numbers, and those listed in ``inner`` in that order, after
    ``renames`` (regular expressions and replacements).
    ``joined``: neighbours that are one layer here, their tensors concatenated. ``eps``: batch
    norm's, where it is another than that of the bundled network.
    """

    of: str
    names: str
    networks: tuple[str, ...]
    inner: tuple[str, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    joined: tuple[str, str] | None = None
    eps: float | None = None

    def renamed(self, key: str) -> str:
        """A key of the state dict after the replacements."""
        for pattern, replacement in self.renames:
            key = re.sub(pattern, replacement, key)
        return key

    def fits(self, layers: Iterable[str]) -> bool:
        """Whether all these names of layers, renamed, are of this layout."""
        return all(re.fullmatch(self.names, name) for name in layers)

    def ordered(self, layers: Iterable[str]) -> list[str]:
        """The names of layers in the order of their use."""
        names = list(layers)
        first: dict[str, int] = {}
        for name in names:
            for prefix in _prefixes(name):
                first.setdefault(prefix, len(first))

        def place(prefix: str) -> tuple[int, int]:
            part = prefix.rpartition(".")[2]
            if part in self.inner:
                return 0, self.inner.index(part)
            return (1, int(part)) if part.isdigit() else (2, first[prefix])

        return sorted(names, key=lambda name: [place(prefix) for prefix in _prefixes(name)])


def _prefixes(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:i + 1]) for i in range(len(parts))]


_BLOCK = r"blocks\.\d+\.\d+\."      # of timm's EfficientNet and what is built like it
_UIB = r"(dw_start|pw_exp|dw_mid|pw_proj)\.(conv|bn)"
_MB = r"(conv|conv_pw|conv_dw|conv_pwl|conv_exp|bn[123]|se\.conv_(reduce|expand))"

LAYOUTS = (
    Layout("torchvision's and timm's ResNet",
           r"conv1|bn1|layer[1-4]\.\d+\.(conv[123]|bn[123]|se\.fc[12]|downsample\.[01])|fc",
           # the stride on the 3×3: v1.5
           ("resnet@18", "resnet@34", "resnet@*b", "resnext@50-*", "resnext@101-*",
            "se-resnet@*b", "se-resnet@50-*", "se-resnet@101-*")),
    Layout("torchvision's MobileNetV2",
           r"features\.\d+\.([0-3]|[01]\.[01]|conv\.\d(\.[01])?)|classifier\.1",
           ("mobilenet-v2@*",)),
    Layout("torchvision's MobileNetV3",
           r"features\.\d+\.([01]|block\.\d\.([01]|fc[12]))|classifier\.[03]",
           ("mobilenet-v3@[01].*", "mobilenet-v3-small@[01].*")),
    Layout("torchvision's EfficientNet",
           r"features\.\d\.([01]|\d+\.block\.\d\.([01]|fc[12]))|classifier\.1",
           ("efficientnet@b[0-4]",)),
    Layout("torchvision's EfficientNet",
           r"features\.\d\.([01]|\d+\.block\.\d\.([01]|fc[12]))|classifier\.1",
           ("efficientnet@b[5-7]",), eps=1e-3),
    Layout("torchvision's and timm's DenseNet",        # norm.1 in the files, norm1 in the module
           r"features\.(conv0|norm0|norm5|transition\d\.(norm|conv)"
           r"|denseblock\d\.denselayer\d+\.(norm|conv)\.?[12])|classifier", ("densenet@*",)),
    Layout("torchvision's ShuffleNetV2",
           r"conv1\.[01]|stage[234]\.\d+\.branch[12]\.\d|conv5\.[01]|fc",
           ("shufflenet-v2-torchvision@*",)),
    Layout("torchvision's ConvNeXt",
           r"features\.\d\.([01]|\d+\.(layer_scale|block\.[0235]))|classifier\.[02]",
           ("convnext@*",), inner=("block", "layer_scale")),
    Layout("timm's EfficientNet", rf"conv_stem|bn[12]|{_BLOCK}{_MB}|conv_head|classifier",
           ("mobilenet-v2@*", "efficientnet@*")),
    Layout("timm's MobileNetV3", rf"conv_stem|bn1|{_BLOCK}{_MB}|conv_head|classifier",
           ("mobilenet-v3@[01].*", "mobilenet-v3-small@[01].*"), eps=1e-5),
    Layout("timm's MobileNetV4",
           rf"conv_stem|bn1|{_BLOCK}({_MB}|{_UIB})|conv_head|norm_head|classifier",
           ("mobilenet-v4@*",)),
    Layout("timm's GhostNet",
           rf"conv_stem|bn1|{_BLOCK}({_MB}|bn_dw|shortcut\.[0-3]"
           r"|ghost[12]\.(primary_conv|cheap_operation)\.[01])|conv_head|classifier",
           ("ghostnet@*",)),
    Layout("timm's RepVGG",
           r"(stem|stages\.\d\.\d+)\.(identity|conv_(kxk|1x1)\.(conv|bn))|head\.fc",
           ("repvgg@*",), inner=("identity", "conv_1x1", "conv_kxk")),
    Layout("the RepVGG of its authors",
           r"(stage0|stage[1-4]\.\d+)\.rbr_(identity|(dense|1x1)\.(conv|bn))|linear",
           ("repvgg@*",), inner=("rbr_identity", "rbr_1x1", "rbr_dense")),
    Layout("the FasterNet of its authors",
           r"patch_embed\.(proj|norm)|stages\.\d\.(reduction|norm)|avgpool_pre_head\.1|head"
           r"|stages\.\d\.blocks\.\d+\.(mlp\.[013]|spatial_mixing\.partial_conv3)",
           ("fasternet@*",), inner=("spatial_mixing", "mlp")),
    Layout("timm's FasterNet",
           r"patch_embed\.(proj|norm)|stages\.\d\.downsample\.(reduction|norm)|conv_head|classifier"
           r"|stages\.\d\.blocks\.\d+\.(mlp\.[013]|spatial_mixing\.partial_conv3)",
           ("fasternet@*",), inner=("downsample", "blocks", "spatial_mixing", "mlp")),
    Layout("timm's and the authors' StarNet",
           r"stem\.0\.(conv|bn)|stages\.\d\.0\.(conv|bn)|norm|head"
           r"|stages\.\d\.[1-9]\d*\.(dwconv2?|f1|f2|g)\.(conv|bn)", ("starnet@*",)),
    Layout("the ConvNeXt of its authors",
           r"\d\.down\.[01]|\d\.blocks\.\d+\.(dwconv|norm|pwconv[12]|grn|gamma)|last\.(norm|head)",
           ("convnext@*", "convnext-v2@*"), inner=("dwconv", "norm", "pwconv1", "grn", "pwconv2",
                                                   "gamma"),
           renames=((r"^downsample_layers\.(\d)", r"\1.down"), (r"^stages\.(\d)", r"\1.blocks"),
                    (r"^(norm|head)\.", r"last.\1."),
                    (r"grn\.gamma$", "grn.weight"), (r"grn\.beta$", "grn.bias"))),
    Layout("timm's ConvNeXt",
           r"stem\.[01]|stages\.\d\.downsample\.[01]|head\.(norm|fc)"
           r"|stages\.\d\.blocks\.\d+\.(gamma|conv_dw|norm|mlp\.(fc1|fc2|grn))",
           ("convnext@*", "convnext-v2@*"),
           inner=("downsample", "blocks", "conv_dw", "norm", "mlp", "fc1", "grn", "fc2", "gamma")),
    Layout("the HCGNet of its authors",
           r"features\.(conv\d|norm\d|hybridblock\d\.SMG\d+\.(X)|transition\d\.(X))|classifier"
           .replace("X", r"conv[12_]\w+\.(norm|conv)|conv_[35]x[35]\.(norm|conv)|fc\w+|bn_\w+"
                         r"|global_(forget_)?context\w*"),
           ("hcgnet@*",),
           inner=("conv1_1x1", "conv2_3x3", "global_forget_context", "fc1", "bn_forget", "fc2",
                  "conv_3x3", "conv_5x5", "global_context3x3", "global_context5x5", "fcall",
                  "bn_attention", "fc3x3", "fc5x5"),
           renames=((r"HybridBlock", "hybridblock"), (r"Transition", "transition")),
           joined=("fc3x3", "fc5x5")),
)
