"""Sums, products and quotients: of images, with parameters, with numbers."""

from math import prod
from typing import Any

from searchspace.errors import GenotypeError
from searchspace.importing.torch_ops.translation import Translator, translates
from searchspace.importing.torch_ops.values import Image, Parameter, Value, Weighted
from searchspace.ops import Op
from searchspace.ops.activation import Act, Activation
from searchspace.ops.combine import Add, Mean, Mul
from searchspace.ops.scale import Scale
from searchspace.ops.zero import Zero
from searchspace.shapes import show_shape

GATED: dict[str, Activation] = {"sigmoid": "swish", "hsigmoid": "hswish"}


@translates("add")
def add(t: Translator, a: Value, b: Value, alpha: Any = 1) -> Value:
    if isinstance(a, int | float) or isinstance(b, int | float):
        x, n = (b, a) if isinstance(a, int | float) else (a, b)
        if n == 0:
            return x
        raise GenotypeError(f"a constant, {n}, is added")
    if alpha != 1:
        raise GenotypeError(f"a sum with the factor {alpha}")
    if isinstance(a, Weighted) and isinstance(b, Weighted) and a.key == b.key:
        return Weighted(a.key, a.size, a.terms + b.terms, a.shape)
    if isinstance(a, Parameter) or isinstance(b, Parameter):
        return shifted(t, *((b, a) if isinstance(a, Parameter) else (a, b)))
    return combined(t, Add(), a, b)


@translates("mul")
def mul(t: Translator, a: Value, b: Value) -> Value:
    if isinstance(a, int | float) or isinstance(b, int | float):
        x, n = (t.image(b), a) if isinstance(a, int | float) else (t.image(a), b)
        if n in (0, 1):
            return x if n else t.elementwise(Zero(), x)
        raise GenotypeError(f"a product with the constant {n}")
    if isinstance(a, Parameter) or isinstance(b, Parameter):
        return scaled(t, *((b, a) if isinstance(a, Parameter) else (a, b)))
    x, y = t.image(a), t.image(b)
    for gate, other in ((x, y), (y, x)):        # x·sigmoid(x) by hand
        made = t.steps[gate.step] if gate.step >= 0 else None
        if made and made.inputs == (other.step,) and isinstance(made.op, Act) and \
                made.op.fn in GATED and gate.form == other.form:
            return t.elementwise(Act(GATED[made.op.fn]), other)
    return combined(t, Mul(), x, y)


@translates("div")
def div(t: Translator, x: Value, n: Any, **_: Any) -> Value:
    image = t.image(x)
    added = terms(t, image.step) if image.step >= 0 else ()
    if n == 1:
        return image
    if len(added) == n:
        images = [Image(i, t.steps[i].shape if i >= 0 else image.shape) for i in added]
        made = t.step(Mean(), images)
        return Image(made.step, made.shape, image.form)
    raise GenotypeError(f"a division by {n}" if isinstance(n, int | float) else "a quotient")


def terms(t: Translator, index: int) -> tuple[int, ...]:
    """What nested sums add up."""
    step = t.steps[index] if index >= 0 else None
    if step is None or not isinstance(step.op, Add):
        return (index,)
    first, *others = step.inputs
    return (*terms(t, first), *others)


def combined(t: Translator, op: Op, a: Value, b: Value) -> Image:
    """A sum or product of two images in the same form."""
    x, y = t.image(a), t.image(b)
    if (x.form, x.groups, x.swapped) != (y.form, y.groups, y.swapped):
        small = x.shape[1:] == (1, 1) and y.shape[1:] == (1, 1)
        if not (small and not x.groups and not y.groups):
            raise GenotypeError(f"a {op.kind} of tensors that were rearranged differently")
    made = t.step(op, [x, y], x.form)
    if made.shape not in (x.shape, y.shape):
        raise GenotypeError(f"a {op.kind} that spreads {show_shape(x.shape)} and "
                            f"{show_shape(y.shape)} over each other")
    return Image(made.step, made.shape, x.form, x.groups, x.swapped)


def scaled(t: Translator, x: Value, p: Parameter) -> Value:
    """An image times a learned factor for each channel, or one for all."""
    image = t.image(x)
    if p.sigmoid and p.index is not None:
        size = t.state[p.key].numel()
        return Weighted(p.key, size, ((image.step, p.index),), image.shape)
    check_channels(t, image, p)
    value = t.state[p.key].detach()
    same = not value.is_meta and bool((value == value.reshape(-1)[0]).all())
    init = float(f"{float(value.reshape(-1)[0]):.6g}") if same else 1.0
    made = t.step(Scale(init, shared=prod(p.shape) == 1 < image.shape[0]), [image],
                     image.form, weight=p)
    return Image(made.step, made.shape, image.form)


def shifted(t: Translator, x: Value, p: Parameter) -> Value:
    """A learned summand behind a learned factor."""
    image = t.image(x)
    check_channels(t, image, p)
    made = t.steps[image.step] if image.step >= 0 else None
    if made is None or not isinstance(made.op, Scale) or made.op.bias:
        raise GenotypeError(f"the parameter {p.key} is added to an image")
    op = Scale(made.op.init, True, made.op.shared)
    before = Image(made.inputs[0], made.shape)
    t.path = made.path
    new = t.step(op, [before], image.form, weight=Parameter(made.weights["weight"], ()),
                    bias=p)
    return Image(new.step, new.shape, image.form)


def check_channels(t: Translator, image: Image, p: Parameter) -> None:
    """Raise GenotypeError where a parameter is not one number for each channel, or for all."""
    c = image.shape[0]
    rank = {"image": 4, "last": 4, "rows": 3, "flat": 2}[image.form]
    axis = {"image": 1, "last": 3, "rows": 1, "flat": 1}[image.form]
    shape = (1,) * (rank - len(p.shape)) + p.shape
    if image.groups or p.sigmoid or prod(shape) not in (1, c) or shape[axis] != prod(shape):
        raise GenotypeError(f"the parameter {p.key} is not one number for each channel")
