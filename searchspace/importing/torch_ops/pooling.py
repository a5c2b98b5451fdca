"""Pooling, padding and resizing, and means over positions."""

from collections.abc import Sequence
from typing import Any

from searchspace.errors import GenotypeError
from searchspace.importing.torch_ops.translation import Translator, translates
from searchspace.importing.torch_ops.values import Form, Image, Value
from searchspace.importing.torch_ops.windows import one, two
from searchspace.ops import Op
from searchspace.ops.channels import ChannelPool
from searchspace.ops.pool import GlobalMaxPool, GlobalPool, Pad, Pool
from searchspace.ops.resize import Resize


@translates("max_pool2d")
def max_pool2d(t: Translator, x: Value, k: Any, stride: Any = (), padding: Any = 0,
                  dilation: Any = 1, ceil: bool = False) -> Image:
    if one(dilation, "dilation") != 1:
        raise GenotypeError("a dilated pooling")
    return pooled(t, "max", x, (k, stride or k, padding), ceil)


@translates("avg_pool2d")
def avg_pool2d(t: Translator, x: Value, k: Any, stride: Any = (), padding: Any = 0,
                  ceil: bool = False, count_pad: bool = True, divisor: Any = None) -> Image:
    if divisor is not None:
        raise GenotypeError("an average pooling with a divisor of its own")
    return pooled(t, "avg", x, (k, stride or k, padding), ceil, count_pad)


def pooled(t: Translator, fn: Any, x: Value, how: tuple[Any, Any, Any], ceil: bool,
           count_pad: bool = False) -> Image:
    """A pooling window with the same size, stride and padding in both directions."""
    k, stride, pad = (one(n, "window of a pooling") for n in how)
    op = Pool(fn, k, stride, None if pad == (k - 1) // 2 else pad, ceil, count_pad and pad > 0)
    return t.step(op, [t.plain(x)])


@translates("adaptive_avg_pool2d")
def adaptive_avg_pool2d(t: Translator, x: Value, size: Any) -> Image:
    image = t.plain(x)
    _, h, w = image.shape
    size = tuple(n or edge for n, edge in zip(two(size), (h, w), strict=True))
    if size == (1, 1):
        return t.step(GlobalPool(), [image])
    if size == (h, w):
        return image
    if h % size[0] or w % size[1] or h // size[0] != w // size[1]:
        raise GenotypeError(f"an average pooling of {h}×{w} to {size[0]}×{size[1]}, which has "
                            "windows of several sizes")
    k = h // size[0]
    return t.step(Pool("avg", k, k, 0 if k > 2 else None), [image])


@translates("adaptive_max_pool2d")
def adaptive_max_pool2d(t: Translator, x: Value, size: Any) -> Value:
    if two(size) != (1, 1):
        raise GenotypeError("a maximum pooling to several positions")
    return t.step(GlobalMaxPool(), [t.plain(x)]), None      # the positions are not used


@translates("mean")
def mean(t: Translator, x: Value, dims: Any = None, keepdim: bool = False, **_: Any) -> Image:
    return over(t, x, dims, keepdim, GlobalPool(), "avg")


@translates("amax")
def amax(t: Translator, x: Value, dims: Any = (), keepdim: bool = False) -> Image:
    return over(t, x, dims, keepdim, GlobalMaxPool(), "max")


def over(t: Translator, x: Value, dims: Any, keepdim: bool, pool: Op, fn: Any) -> Image:
    """A mean or maximum over all positions, or over the channels."""
    image = t.image(x)
    rank = {"image": 4, "last": 4, "rows": 3, "flat": 2}[image.form]
    over = {d % rank for d in ((dims,) if isinstance(dims, int) else dims or ())}
    spatial = {"image": {2, 3}, "last": {1, 2}, "rows": {2}}.get(image.form)
    if not image.groups and over == spatial:
        made = t.step(pool, [image])
        form: Form = ("image" if image.form == "image" else image.form) if keepdim else "flat"
        return Image(made.step, made.shape, form)
    if image.form == "image" and over == {1} and keepdim and not image.groups:
        return t.step(ChannelPool(fn), [image])
    raise GenotypeError("a mean or maximum over something else than all positions or channels")


@translates("pad", "constant_pad_nd")
def pad(t: Translator, x: Value, sizes: Sequence[int], mode: str = "constant",
           value: Any = None) -> Image:
    if mode != "constant" or value not in (None, 0) or len(sizes) > 4:
        raise GenotypeError(f"padding of another kind than zeros around the image ({mode})")
    left, right, top, bottom = (*sizes, 0, 0)[:4]
    return t.step(Pad(top, bottom, left, right), [t.plain(x)])


@translates("upsample_nearest2d")
def upsample_nearest2d(t: Translator, x: Value, *_: Any) -> Image:
    return t.step(Resize(t.meta.shape[2], t.meta.shape[3]), [t.plain(x)])


@translates("upsample_bilinear2d")
def upsample_bilinear2d(t: Translator, x: Value, size: Any, corners: bool, *_: Any) -> Image:
    if corners:
        raise GenotypeError("a bilinear resize with aligned corners")
    return t.step(Resize(t.meta.shape[2], t.meta.shape[3], "bilinear"), [t.plain(x)])
