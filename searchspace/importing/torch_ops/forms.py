"""The same numbers in another form: flattened, grouped, with the channels last."""

from collections.abc import Sequence
from typing import Any

from searchspace.errors import GenotypeError
from searchspace.importing.torch_ops.translation import Translator, translates
from searchspace.importing.torch_ops.values import Form, Image, Parameter, Value, Weighted
from searchspace.ops.channels import Shuffle
from searchspace.shapes import show_shape


@translates("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "_unsafe_view")
def reshaped(t: Translator, x: Value, *_: Any, **__: Any) -> Value:
    """Whatever gives the same numbers in the same order: the form that has the new shape."""
    target = tuple(int(n) for n in t.meta.shape)
    if isinstance(x, Parameter):
        return Parameter(x.key, target, x.sigmoid, x.index)
    image = t.image(x)
    if target == t.edges(image):
        return image
    c, h, w = image.shape
    if image.form == "last":
        if h == w == 1:
            image = Image(image.step, image.shape, "flat")
        else:
            raise GenotypeError("a reshape of a tensor whose channels lie last")
    if image.swapped:
        if target[:1] + target[1:2] != (1, c):
            raise GenotypeError("a reshape of groups that were exchanged")
        made = t.step(Shuffle(image.groups), [Image(image.step, image.shape)])
        image = made
    forms: tuple[Form, ...] = ("image", "flat", "rows")
    for form in forms:
        if target == t.edges(Image(image.step, image.shape, form)):
            return Image(image.step, image.shape, form)
    if len(target) >= 3 and target[1] * target[2] == c:
        for form in forms:
            grouped = Image(image.step, image.shape, form, target[1])
            if target == t.edges(grouped):
                return grouped
    if h == w == 1 and sorted(n for n in target if n > 1) == [c]:
        return Image(image.step, image.shape, "flat" if len(target) == 2 else "last")
    raise GenotypeError(f"a reshape of {show_shape(image.shape)} to "
                        f"{'×'.join(map(str, target[1:]))}")


@translates("expand", "expand_as")
def expand(t: Translator, x: Value, *_: Any, **__: Any) -> Value:
    """A tensor that is spread for a product or a sum, which spread it themselves."""
    return t.image(x) if isinstance(x, Image | Weighted) else x


@translates("contiguous", "clone", "alias", "detach", "to", "_to_copy", "identity",
            "lift_fresh_copy")
def unchanged(t: Translator, x: Value, *_: Any, **__: Any) -> Value:
    """What has no effect on the numbers."""
    return x


@translates("permute")
def permute(t: Translator, x: Value, dims: Sequence[int]) -> Value:
    image, order = t.image(x), tuple(d % len(dims) for d in dims)
    if not image.groups:
        if order == (0, 2, 3, 1) and image.form == "image":
            return Image(image.step, image.shape, "last")
        if order == (0, 3, 1, 2) and image.form == "last":
            return Image(image.step, image.shape)
    elif order[:3] == (0, 2, 1) and order[3:] == tuple(range(3, len(order))):
        return Image(image.step, image.shape, image.form, image.groups, not image.swapped)
    if order == tuple(range(len(order))):
        return image
    raise GenotypeError("axes in another order, as no operation of the notation has them")


@translates("transpose")
def transpose(t: Translator, x: Value, a: int, b: int) -> Value:
    order = list(range(len(t.meta.shape)))
    order[a], order[b] = order[b], order[a]
    return permute(t, x, order)
