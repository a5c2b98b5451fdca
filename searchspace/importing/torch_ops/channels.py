"""Tensors joined, cut and shuffled along their channels."""

from collections.abc import Sequence
from typing import Any

from searchspace.errors import GenotypeError
from searchspace.importing.torch_ops.translation import Translator, translates
from searchspace.importing.torch_ops.values import Image, Parameter, Value
from searchspace.importing.torch_ops.windows import within
from searchspace.ops.channels import Index, Shuffle, Slice
from searchspace.ops.combine import Beside, Concat


@translates("cat", "concat", "concatenate")
def cat(t: Translator, tensors: Sequence[Value], dim: int = 0) -> Image:
    images = [t.image(x) for x in tensors]
    form = images[0].form
    if any(x.groups or x.form != form for x in images):
        raise GenotypeError("a concatenation of tensors that were rearranged")
    axis = dim % {"image": 4, "last": 4, "rows": 3, "flat": 2}[form]
    if (form == "image" and axis == 1) or (form == "last" and axis == 3) or \
            (axis == 1 and all(x.shape[1:] == (1, 1) for x in images)):
        return t.step(Concat(), images, form) if len(images) > 1 else images[0]
    if form == "image" and axis == 3:
        return t.step(Beside(), images)
    raise GenotypeError(f"a concatenation along axis {axis}")


@translates("stack")
def stack(t: Translator, tensors: Sequence[Value], dim: int = 0) -> Image:
    images = [t.plain(x) for x in tensors]
    if dim != 1 or len({x.shape for x in images}) > 1:
        raise GenotypeError(f"tensors stacked along axis {dim}")
    made = t.step(Concat(), images)
    return Image(made.step, made.shape, groups=len(images))


@translates("channel_shuffle")
def channel_shuffle(t: Translator, x: Value, groups: int) -> Image:
    return t.step(Shuffle(groups), [t.plain(x)])


@translates("narrow")
def narrow(t: Translator, x: Value, dim: int, start: int, length: int) -> Image:
    return t.part(t.image(x), dim, start, start + length)


@translates("slice")
def sliced(t: Translator, x: Value, dim: int = 0, start: Any = None, end: Any = None,
             step: int = 1) -> Value:
    image = t.image(x)
    edges = t.edges(image)
    dim %= len(edges)
    edge = edges[dim]
    a, b = (within(n, edge) for n in (start or 0, edge if end is None else end))
    if step != 1:
        raise GenotypeError(f"rows, columns or channels at steps of {step}")
    return image if (a, b) == (0, edge) else t.part(image, dim, a, b)


@translates("select")
def select(t: Translator, x: Value, dim: int, index: int) -> Value:
    if isinstance(x, Parameter):
        return Parameter(x.key, (), x.sigmoid, index)
    image = t.image(x)
    if not image.groups or image.swapped or dim != 1:
        raise GenotypeError("one row or channel of an image")
    share = image.shape[0] // image.groups
    made = t.step(Slice((index % image.groups) * share, share), [Image(image.step,
                                                                         image.shape)])
    return Image(made.step, made.shape, image.form)


@translates("split")
def split(t: Translator, x: Value, size: int, dim: int = 0) -> Value:
    edge = t.edges(t.image(x))[dim]
    return split_with_sizes(t, 
        x, [min(size, edge - i) for i in range(0, edge, size)], dim)


@translates("split_with_sizes")
def split_with_sizes(t: Translator, x: Value, sizes: Sequence[int], dim: int = 0) -> Value:
    parts, start = [], 0
    for size in sizes:
        parts.append(t.part(t.image(x), dim, start, start + size))
        start += size
    return tuple(parts)


@translates("chunk")
def chunk(t: Translator, x: Value, chunks: int, dim: int = 0) -> Value:
    return split(t, x, -(-t.edges(t.image(x))[dim] // chunks), dim)


@translates("unbind")
def unbind(t: Translator, x: Value, dim: int = 0) -> Value:
    return tuple(select(t, x, dim, i) for i in range(t.edges(t.image(x))[dim]))


@translates("getitem")
def getitem(t: Translator, parts: Any, index: int) -> Value:
    if not isinstance(parts, tuple | list):
        raise GenotypeError("an entry of a tensor")
    return parts[index]     # type: ignore[no-any-return]


@translates("index_select")
def index_select(t: Translator, x: Value, dim: int, index: Value) -> Image:
    chosen, image = t.parameter(index), t.plain(x)
    if dim != 1:
        raise GenotypeError("chosen rows or columns")
    return t.step(Index(chosen.shape[0]), [image], index=chosen)
