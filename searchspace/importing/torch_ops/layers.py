"""Layers with weights, and activations."""

from collections.abc import Sequence
from typing import Any

from searchspace.errors import GenotypeError
from searchspace.importing.torch_ops.translation import TRANSLATIONS, Translator, translates
from searchspace.importing.torch_ops.values import Image, Parameter, Value
from searchspace.importing.torch_ops.windows import one, pair
from searchspace.ops.activation import Act, Activation, Dropout
from searchspace.ops.channels import Softmax
from searchspace.ops.conv import Conv, Linear
from searchspace.ops.normalization import BatchNorm, LayerNorm


@translates("conv2d")
def conv2d(t: Translator, x: Value, weight: Value, bias: Value = None, stride: Any = (1, 1),
              padding: Any = (0, 0), dilation: Any = (1, 1), groups: int = 1) -> Image:
    image, kernel = t.plain(x), t.parameter(weight)
    out, _, kh, kw = kernel.shape
    dilation = one(dilation, "dilation")
    if isinstance(padding, str):
        if padding == "same" and (kh % 2 == 0 or kw % 2 == 0):
            raise GenotypeError("a convolution pads an even kernel to the same size")
        padding = (0, 0) if padding == "valid" else \
            (dilation * (kh - 1) // 2, dilation * (kw - 1) // 2)
    same = tuple(dilation * (k - 1) // 2 for k in (kh, kw))
    pad = None if tuple(padding) == same else pair(padding)
    op = Conv(out, pair((kh, kw)), pair(stride), pad, dilation, groups, bias is not None,
              bn=False, act="none")
    return t.step(op, [image], conv__weight=kernel, conv__bias=bias)


@translates("linear")
def linear(t: Translator, x: Value, weight: Value, bias: Value = None) -> Image:
    image, matrix = t.image(x), t.parameter(weight)
    out = matrix.shape[0]
    if image.groups or (image.form == "rows" and image.shape[1:] != (1, 1)):
        raise GenotypeError("a linear layer on a tensor that was rearranged")
    if image.form == "last" or (image.form == "image" and image.shape[1:] != (1, 1)):
        if image.form == "image":
            raise GenotypeError("a linear layer along the width of an image")
        op = Conv(out, 1, bias=bias is not None, bn=False, act="none")
        return t.step(op, [image], "last", conv__weight=matrix, conv__bias=bias)
    return t.step(Linear(out, bias is not None), [image], "flat", linear__weight=matrix,
                     linear__bias=bias)


@translates("batch_norm")
def batch_norm(t: Translator, x: Value, weight: Value, bias: Value, mean: Value, var: Value,
                  training: bool, momentum: float, eps: float, *_: Any) -> Image:
    image = t.image(x)
    if weight is None or bias is None or mean is None:
        raise GenotypeError("a batch norm without weights, or without running statistics")
    if image.groups or image.form == "last":
        raise GenotypeError("a batch norm of a tensor that was rearranged")
    return t.step(BatchNorm(eps, momentum), [image], image.form, weight=weight, bias=bias,
                     running_mean=mean, running_var=var)


@translates("layer_norm")
def layer_norm(t: Translator, x: Value, shape: Sequence[int], weight: Value = None,
                  bias: Value = None, eps: float = 1e-5, *_: Any) -> Image:
    image = t.image(x)
    if weight is None or bias is None:
        raise GenotypeError("a layer norm without weights or bias")
    flat = image.form == "flat" and image.shape[1:] == (1, 1)
    if image.groups or not (image.form == "last" or flat) or len(shape) != 1:
        raise GenotypeError("a layer norm of something else than channels that lie last")
    return t.step(LayerNorm(eps=eps), [image], image.form, weight=weight, bias=bias)


@translates("group_norm")
def group_norm(t: Translator, x: Value, groups: int, weight: Value = None, bias: Value = None,
                  eps: float = 1e-5, *_: Any) -> Image:
    if groups != 1 or weight is None:
        raise GenotypeError("a group norm of several groups, or without weights")
    return t.step(LayerNorm("all", eps), [t.plain(x)], weight=weight, bias=bias)


@translates("hardtanh")
def hardtanh(t: Translator, x: Value, low: float = -1, high: float = 1) -> Image:
    if (low, high) != (0, 6):
        raise GenotypeError(f"an activation cut at {low:g} and {high:g}; relu6 is at 0 and 6")
    return t.elementwise(Act("relu6"), t.image(x))


@translates("clamp")
def clamp(t: Translator, x: Value, low: Any = None, high: Any = None) -> Image:
    if low == 0 and high is None:
        return t.elementwise(Act("relu"), t.image(x))
    if not (isinstance(low, int | float) and isinstance(high, int | float)):
        raise GenotypeError("values cut on one side at another number than 0")
    return hardtanh(t, x, low, high)


@translates("leaky_relu")
def leaky_relu(t: Translator, x: Value, slope: float = 0.01) -> Image:
    if slope != 0.1:
        raise GenotypeError(f"a leaky ReLU with slope {slope:g}; the notation's has 0.1")
    return t.elementwise(Act("leaky"), t.image(x))


@translates("gelu")
def gelu(t: Translator, x: Value, approximate: str = "none") -> Image:
    if approximate != "none":
        raise GenotypeError(f"a GELU approximated by {approximate}")
    return t.elementwise(Act("gelu"), t.image(x))


@translates("dropout")
def dropout(t: Translator, x: Value, p: float, train: bool) -> Image:
    _check_idle(train)
    return t.elementwise(Dropout(p), t.image(x))


@translates("feature_dropout")
def feature_dropout(t: Translator, x: Value, p: float, train: bool) -> Image:
    _check_idle(train)
    return t.elementwise(Dropout(p, channels=True), t.plain(x))


def _check_idle(train: bool) -> None:
    if train:
        raise GenotypeError("a dropout that is random in evaluation mode too; give "
                            "functional.dropout training=self.training")


@translates("softmax")
def softmax(t: Translator, x: Value, dim: int, *_: Any) -> Image:
    image = t.image(x)
    if not image.groups or image.swapped or dim != 1:
        raise GenotypeError("a softmax of something else than groups of channels")
    return t.elementwise(Softmax(image.groups), image)


@translates("sigmoid")
def sigmoid(t: Translator, x: Value) -> Value:
    if isinstance(x, Parameter):
        return Parameter(x.key, x.shape, True)
    return t.elementwise(Act("sigmoid"), t.image(x))


def _plain(fn: Activation) -> Any:
    def activation(t: Translator, x: Value, *_: Any) -> Image:
        return t.elementwise(Act(fn), t.image(x))
    return activation


PLAIN: dict[str, Activation] = {
    "relu": "relu", "relu6": "relu6", "tanh": "tanh", "hardswish": "hswish",
    "hardsigmoid": "hsigmoid", "silu": "swish"}
TRANSLATIONS.update({name: _plain(fn) for name, fn in PLAIN.items()})
