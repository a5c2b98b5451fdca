"""Torch's operations, one by one, as operations of the notation.

A translation is a method named after the operation in `torch.ops.aten`, without the underscore of
those that work in place. It takes values (`searchspace.importing.values`) in torch's own order and
gives one; what cannot be said raises GenotypeError, whose message goes on from the module's path.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from torch import Tensor, nn

from searchspace.errors import GenotypeError, ShapeError
from searchspace.importing.values import Form, Image, Parameter, Step, Unknown, Value, Weighted
from searchspace.ops import Op
from searchspace.ops.activation import Act, Activation, Dropout
from searchspace.ops.channels import ChannelPool, Index, Shuffle, Slice, Softmax
from searchspace.ops.combine import Add, Beside, Concat, Mean, Mul, WeightedSum
from searchspace.ops.conv import Conv, Depthwise, Linear
from searchspace.ops.normalization import BatchNorm, LayerNorm
from searchspace.ops.pool import GlobalMaxPool, GlobalPool, Pad, Pool
from searchspace.ops.resize import Resize
from searchspace.ops.scale import Scale
from searchspace.ops.zero import Zero
from searchspace.shapes import Shape, show_shape


class Translator:
    """The steps so far, and the translations. ``path`` is the module that runs now."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.state: dict[str, Tensor] = dict(module.state_dict(keep_vars=True))
        self.whole: dict[str, Image] = {}       # modules that are one operation, by path
        self.steps: list[Step] = []
        self.path = ""
        self._made: dict[Weighted, int] = {}

    def call(self, name: str, meta: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Value:
        """The value of an operation by its name in torch; ``meta`` is a tensor like its output."""
        self.meta = meta
        plain = name.rstrip("_")
        translate = getattr(self, f"do_{plain}", None)
        if translate is not None:
            return translate(*args, **kwargs)      # type: ignore[no-any-return]
        if plain in ACTIVATIONS:
            return self.elementwise(Act(ACTIVATIONS[plain]), self.image(args[0]))
        return Unknown(f"torch's {plain} cannot be said in the notation")

    # --- steps ------------------------------------------------------------------------------------

    def image(self, value: Value) -> Image:
        """A value as the output of a step."""
        if isinstance(value, Weighted):
            if sorted(i for _, i in value.terms) != list(range(value.size)):
                raise GenotypeError("a sum that uses some of its learned weights only")
            if value not in self._made:
                ordered = [step for step, _ in sorted(value.terms, key=lambda t: t[1])]
                self._made[value] = len(self.steps)
                self.steps.append(Step(WeightedSum(), tuple(ordered), value.shape,
                                       {"weight": value.key}, self.path))
            return Image(self._made[value], value.shape)
        if not isinstance(value, Image):
            raise GenotypeError("a parameter is used like an image" if isinstance(value, Parameter)
                                else "a number is used like an image")
        return value

    def plain(self, value: Value) -> Image:
        """A value as (N, C, H, W)."""
        x = self.image(value)
        if x.groups or (x.form != "image" and x.shape[1:] != (1, 1)):
            raise GenotypeError("it needs (N, C, H, W), and the tensor was rearranged")
        return x

    def step(self, op: Op, inputs: Sequence[Image], form: Form = "image",
             **weights: Value) -> Image:
        """Add an operation; weights by role, with ``_`` for the dot."""
        shapes = [x.shape for x in inputs]
        try:
            shape = op.shape(*shapes)
        except ShapeError as error:
            raise GenotypeError(str(error)) from None
        keys = {role.replace("__", "."): value.key for role, value in weights.items()
                if isinstance(value, Parameter)}
        self.steps.append(Step(op, tuple(x.step for x in inputs), shape, keys, self.path))
        return Image(len(self.steps) - 1, shape, form)

    def elementwise(self, op: Op, x: Image) -> Image:
        """An operation on single values, in any form; a form of the same memory stays."""
        made = self.step(op, [x], x.form)
        return Image(made.step, made.shape, x.form, x.groups, x.swapped)

    # --- layers -----------------------------------------------------------------------------------

    def do_conv2d(self, x: Value, weight: Value, bias: Value = None, stride: Any = (1, 1),
                  padding: Any = (0, 0), dilation: Any = (1, 1), groups: int = 1) -> Image:
        image, kernel = self.plain(x), self.parameter(weight)
        out, _, kh, kw = kernel.shape
        dilation = _one(dilation, "dilation")
        if isinstance(padding, str):
            if padding == "same" and (kh % 2 == 0 or kw % 2 == 0):
                raise GenotypeError("a convolution pads an even kernel to the same size")
            padding = (0, 0) if padding == "valid" else \
                (dilation * (kh - 1) // 2, dilation * (kw - 1) // 2)
        same = tuple(dilation * (k - 1) // 2 for k in (kh, kw))
        pad = None if tuple(padding) == same else _pair(padding)
        op = Conv(out, _pair((kh, kw)), _pair(stride), pad, dilation, groups, bias is not None,
                  bn=False, act="none")
        return self.step(op, [image], conv__weight=kernel, conv__bias=bias)

    def do_linear(self, x: Value, weight: Value, bias: Value = None) -> Image:
        image, matrix = self.image(x), self.parameter(weight)
        out = matrix.shape[0]
        if image.groups or image.form == "rows" and image.shape[1:] != (1, 1):
            raise GenotypeError("a linear layer on a tensor that was rearranged")
        if image.form == "last" or (image.form == "image" and image.shape[1:] != (1, 1)):
            if image.form == "image":
                raise GenotypeError("a linear layer along the width of an image")
            op = Conv(out, 1, bias=bias is not None, bn=False, act="none")
            return self.step(op, [image], "last", conv__weight=matrix, conv__bias=bias)
        return self.step(Linear(out, bias is not None), [image], "flat", linear__weight=matrix,
                         linear__bias=bias)

    def do_batch_norm(self, x: Value, weight: Value, bias: Value, mean: Value, var: Value,
                      training: bool, momentum: float, eps: float, *_: Any) -> Image:
        image = self.image(x)
        if weight is None or bias is None or mean is None:
            raise GenotypeError("a batch norm without weights, or without running statistics")
        if image.groups or image.form == "last":
            raise GenotypeError("a batch norm of a tensor that was rearranged")
        return self.step(BatchNorm(eps, momentum), [image], image.form, weight=weight, bias=bias,
                         running_mean=mean, running_var=var)

    def do_layer_norm(self, x: Value, shape: Sequence[int], weight: Value = None,
                      bias: Value = None, eps: float = 1e-5, *_: Any) -> Image:
        image = self.image(x)
        if weight is None or bias is None:
            raise GenotypeError("a layer norm without weights or bias")
        flat = image.form == "flat" and image.shape[1:] == (1, 1)
        if image.groups or not (image.form == "last" or flat) or len(shape) != 1:
            raise GenotypeError("a layer norm of something else than channels that lie last")
        return self.step(LayerNorm(eps=eps), [image], image.form, weight=weight, bias=bias)

    def do_group_norm(self, x: Value, groups: int, weight: Value = None, bias: Value = None,
                      eps: float = 1e-5, *_: Any) -> Image:
        if groups != 1 or weight is None:
            raise GenotypeError("a group norm of several groups, or without weights")
        return self.step(LayerNorm("all", eps), [self.plain(x)], weight=weight, bias=bias)

    # --- activations ------------------------------------------------------------------------------

    def do_hardtanh(self, x: Value, low: float = -1, high: float = 1) -> Image:
        if (low, high) != (0, 6):
            raise GenotypeError(f"an activation cut at {low:g} and {high:g}; relu6 is at 0 and 6")
        return self.elementwise(Act("relu6"), self.image(x))

    def do_clamp(self, x: Value, low: Any = None, high: Any = None) -> Image:
        if low == 0 and high is None:
            return self.elementwise(Act("relu"), self.image(x))
        return self.do_hardtanh(x, *(n if isinstance(n, int | float) else 0 for n in (low, high)))

    def do_leaky_relu(self, x: Value, slope: float = 0.01) -> Image:
        if slope != 0.1:
            raise GenotypeError(f"a leaky ReLU with slope {slope:g}; the notation's has 0.1")
        return self.elementwise(Act("leaky"), self.image(x))

    def do_gelu(self, x: Value, approximate: str = "none") -> Image:
        if approximate != "none":
            raise GenotypeError(f"a GELU approximated by {approximate}")
        return self.elementwise(Act("gelu"), self.image(x))

    def do_dropout(self, x: Value, p: float, train: bool) -> Image:
        return self.elementwise(Dropout(p), self.image(x))

    do_feature_dropout = do_dropout

    def do_softmax(self, x: Value, dim: int, *_: Any) -> Image:
        image = self.image(x)
        if not image.groups or image.swapped or dim != 1:
            raise GenotypeError("a softmax of something else than groups of channels")
        return self.elementwise(Softmax(image.groups), image)

    # --- pooling and size -------------------------------------------------------------------------

    def do_max_pool2d(self, x: Value, k: Any, stride: Any = (), padding: Any = 0,
                      dilation: Any = 1, ceil: bool = False) -> Image:
        if _one(dilation, "dilation") != 1:
            raise GenotypeError("a dilated pooling")
        return self.pooled("max", x, (k, stride or k, padding), ceil)

    def do_avg_pool2d(self, x: Value, k: Any, stride: Any = (), padding: Any = 0,
                      ceil: bool = False, count_pad: bool = True, divisor: Any = None) -> Image:
        if divisor is not None:
            raise GenotypeError("an average pooling with a divisor of its own")
        return self.pooled("avg", x, (k, stride or k, padding), ceil, count_pad)

    def pooled(self, fn: Any, x: Value, how: tuple[Any, Any, Any], ceil: bool,
               count_pad: bool = False) -> Image:
        """A pooling window with the same size, stride and padding in both directions."""
        k, stride, pad = (_one(n, "window of a pooling") for n in how)
        op = Pool(fn, k, stride, None if pad == (k - 1) // 2 else pad, ceil, count_pad and pad > 0)
        return self.step(op, [self.plain(x)])

    def do_adaptive_avg_pool2d(self, x: Value, size: Any) -> Image:
        image = self.plain(x)
        c, h, w = image.shape
        size = tuple(n or edge for n, edge in zip(_two(size), (h, w), strict=True))
        if size == (1, 1):
            return self.step(GlobalPool(), [image])
        if size == (h, w):
            return image
        if h % size[0] or w % size[1] or h // size[0] != w // size[1]:
            raise GenotypeError(f"an average pooling of {h}×{w} to {size[0]}×{size[1]}, which has "
                                "windows of several sizes")
        k = h // size[0]
        return self.step(Pool("avg", k, k, 0 if k > 2 else None), [image])

    def do_adaptive_max_pool2d(self, x: Value, size: Any) -> Value:
        if _two(size) != (1, 1):
            raise GenotypeError("a maximum pooling to several positions")
        return self.step(GlobalMaxPool(), [self.plain(x)]), None      # the positions are not used

    def do_mean(self, x: Value, dims: Any = None, keepdim: bool = False, **_: Any) -> Image:
        return self.over(x, dims, keepdim, GlobalPool(), "avg")

    def do_amax(self, x: Value, dims: Any = (), keepdim: bool = False) -> Image:
        return self.over(x, dims, keepdim, GlobalMaxPool(), "max")

    def over(self, x: Value, dims: Any, keepdim: bool, pool: Op, fn: Any) -> Image:
        """A mean or maximum over all positions, or over the channels."""
        image = self.image(x)
        rank = {"image": 4, "last": 4, "rows": 3, "flat": 2}[image.form]
        over = {d % rank for d in ((dims,) if isinstance(dims, int) else dims or ())}
        spatial = {"image": {2, 3}, "last": {1, 2}, "rows": {2}}.get(image.form)
        if not image.groups and over == spatial:
            made = self.step(pool, [image])
            form: Form = ("image" if image.form == "image" else image.form) if keepdim else "flat"
            return Image(made.step, made.shape, form)
        if image.form == "image" and over == {1} and keepdim and not image.groups:
            return self.step(ChannelPool(fn), [image])
        raise GenotypeError("a mean or maximum over something else than all positions or channels")

    def do_pad(self, x: Value, sizes: Sequence[int], mode: str = "constant",
               value: Any = None) -> Image:
        if mode != "constant" or value not in (None, 0) or len(sizes) > 4:
            raise GenotypeError(f"padding of another kind than zeros around the image ({mode})")
        left, right, top, bottom = (*sizes, 0, 0)[:4]
        return self.step(Pad(top, bottom, left, right), [self.plain(x)])

    do_constant_pad_nd = do_pad

    def do_upsample_nearest2d(self, x: Value, *_: Any) -> Image:
        return self.step(Resize(*self.meta.shape[2:]), [self.plain(x)])

    def do_upsample_bilinear2d(self, x: Value, size: Any, corners: bool, *_: Any) -> Image:
        if corners:
            raise GenotypeError("a bilinear resize with aligned corners")
        return self.step(Resize(*self.meta.shape[2:], fn="bilinear"), [self.plain(x)])

    # --- arithmetic -------------------------------------------------------------------------------

    def do_add(self, a: Value, b: Value, alpha: Any = 1) -> Value:
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
            return self.shifted(*((b, a) if isinstance(a, Parameter) else (a, b)))
        return self.combined(Add(), a, b)

    def do_mul(self, a: Value, b: Value) -> Value:
        if isinstance(a, int | float) or isinstance(b, int | float):
            x, n = (self.image(b), a) if isinstance(a, int | float) else (self.image(a), b)
            if n in (0, 1):
                return x if n else self.elementwise(Zero(), x)
            raise GenotypeError(f"a product with the constant {n}")
        if isinstance(a, Parameter) or isinstance(b, Parameter):
            return self.scaled(*((b, a) if isinstance(a, Parameter) else (a, b)))
        x, y = self.image(a), self.image(b)
        for gate, other in ((x, y), (y, x)):        # x·sigmoid(x) by hand
            made = self.steps[gate.step] if gate.step >= 0 else None
            if made and made.inputs == (other.step,) and isinstance(made.op, Act) and \
                    made.op.fn in GATED and gate.form == other.form:
                return self.elementwise(Act(GATED[made.op.fn]), other)
        return self.combined(Mul(), x, y)

    def do_div(self, x: Value, n: Any, **_: Any) -> Value:
        image = self.image(x)
        terms = self.terms(image.step) if image.step >= 0 else ()
        if n == 1:
            return image
        if len(terms) == n:
            images = [Image(i, self.steps[i].shape if i >= 0 else image.shape) for i in terms]
            made = self.step(Mean(), images)
            return Image(made.step, made.shape, image.form)
        raise GenotypeError(f"a division by {n}" if isinstance(n, int | float) else "a quotient")

    def terms(self, index: int) -> tuple[int, ...]:
        """What nested sums add up."""
        step = self.steps[index] if index >= 0 else None
        if step is None or not isinstance(step.op, Add):
            return (index,)
        first, *others = step.inputs
        return (*self.terms(first), *others)

    def combined(self, op: Op, a: Value, b: Value) -> Image:
        """A sum or product of two images in the same form."""
        x, y = self.image(a), self.image(b)
        if (x.form, x.groups, x.swapped) != (y.form, y.groups, y.swapped):
            small = x.shape[1:] == (1, 1) and y.shape[1:] == (1, 1)
            if not (small and not x.groups and not y.groups):
                raise GenotypeError(f"a {op.kind} of tensors that were rearranged differently")
        made = self.step(op, [x, y], x.form)
        if made.shape not in (x.shape, y.shape):
            raise GenotypeError(f"a {op.kind} that spreads {show_shape(x.shape)} and "
                                f"{show_shape(y.shape)} over each other")
        return Image(made.step, made.shape, x.form, x.groups, x.swapped)

    def scaled(self, x: Value, p: Parameter) -> Value:
        """An image times a learned factor for each channel, or one for all."""
        image = self.image(x)
        if p.sigmoid and p.index is not None:
            size = self.state[p.key].numel()
            return Weighted(p.key, size, ((image.step, p.index),), image.shape)
        self.check_channels(image, p)
        value = self.state[p.key].detach()
        same = not value.is_meta and bool((value == value.reshape(-1)[0]).all())
        init = float(f"{float(value.reshape(-1)[0]):.6g}") if same else 1.0
        made = self.step(Scale(init, shared=prod(p.shape) == 1 < image.shape[0]), [image],
                         image.form, weight=p)
        return Image(made.step, made.shape, image.form)

    def shifted(self, x: Value, p: Parameter) -> Value:
        """A learned summand behind a learned factor."""
        image = self.image(x)
        self.check_channels(image, p)
        made = self.steps[image.step] if image.step >= 0 else None
        if made is None or not isinstance(made.op, Scale) or made.op.bias:
            raise GenotypeError(f"the parameter {p.key} is added to an image")
        op = Scale(made.op.init, True, made.op.shared)
        before = Image(made.inputs[0], made.shape)
        self.path = made.path
        new = self.step(op, [before], image.form, weight=Parameter(made.weights["weight"], ()),
                        bias=p)
        return Image(new.step, new.shape, image.form)

    def check_channels(self, image: Image, p: Parameter) -> None:
        """Raise GenotypeError where a parameter is not one number for each channel, or for all."""
        c = image.shape[0]
        rank = {"image": 4, "last": 4, "rows": 3, "flat": 2}[image.form]
        axis = {"image": 1, "last": 3, "rows": 1, "flat": 1}[image.form]
        shape = (1,) * (rank - len(p.shape)) + p.shape
        if image.groups or p.sigmoid or prod(shape) not in (1, c) or shape[axis] != prod(shape):
            raise GenotypeError(f"the parameter {p.key} is not one number for each channel")

    # --- channels ---------------------------------------------------------------------------------

    def do_cat(self, tensors: Sequence[Value], dim: int = 0) -> Image:
        images = [self.image(t) for t in tensors]
        form = images[0].form
        if any(x.groups or x.form != form for x in images):
            raise GenotypeError("a concatenation of tensors that were rearranged")
        axis = dim % {"image": 4, "last": 4, "rows": 3, "flat": 2}[form]
        if (form == "image" and axis == 1) or (form == "last" and axis == 3) or \
                (axis == 1 and all(x.shape[1:] == (1, 1) for x in images)):
            return self.step(Concat(), images, form) if len(images) > 1 else images[0]
        if form == "image" and axis == 3:
            return self.step(Beside(), images)
        raise GenotypeError(f"a concatenation along axis {axis}")

    do_concat = do_concatenate = do_cat

    def do_stack(self, tensors: Sequence[Value], dim: int = 0) -> Image:
        images = [self.plain(t) for t in tensors]
        if dim != 1 or len({x.shape for x in images}) > 1:
            raise GenotypeError(f"tensors stacked along axis {dim}")
        made = self.step(Concat(), images)
        return Image(made.step, made.shape, groups=len(images))

    def do_channel_shuffle(self, x: Value, groups: int) -> Image:
        return self.step(Shuffle(groups), [self.plain(x)])

    def do_narrow(self, x: Value, dim: int, start: int, length: int) -> Image:
        return self.part(self.image(x), dim, start, start + length)

    def do_slice(self, x: Value, dim: int = 0, start: Any = None, end: Any = None,
                 step: int = 1) -> Value:
        image = self.image(x)
        edges = self.edges(image)
        dim %= len(edges)
        edge = edges[dim]
        a, b = (_within(n, edge) for n in (start or 0, edge if end is None else end))
        if step != 1:
            if a == 0 and b == edge and dim in (2, 3) and image.form == "image":
                raise GenotypeError(f"every {step}th row or column of an image")
            raise GenotypeError(f"every {step}th channel")
        return image if (a, b) == (0, edge) else self.part(image, dim, a, b)

    def do_select(self, x: Value, dim: int, index: int) -> Value:
        if isinstance(x, Parameter):
            return Parameter(x.key, (), x.sigmoid, index)
        image = self.image(x)
        if not image.groups or image.swapped or dim != 1:
            raise GenotypeError("one row or channel of an image")
        share = image.shape[0] // image.groups
        made = self.step(Slice((index % image.groups) * share, share), [Image(image.step,
                                                                             image.shape)])
        return Image(made.step, made.shape, image.form)

    def part(self, image: Image, dim: int, a: int, b: int) -> Image:
        """Channels, rows or columns from a to b."""
        edges = self.edges(image)
        dim %= len(edges)
        if image.groups:
            raise GenotypeError("a part of a tensor that was rearranged")
        if dim == {"image": 1, "last": 3, "rows": 1, "flat": 1}[image.form] and \
                (image.form != "flat" or image.shape[1:] == (1, 1)):
            return self.step(Slice(a, b - a), [image], image.form)
        if image.form == "image" and dim == 2:
            return self.step(Pad(top=-a, bottom=b - edges[2]), [image])
        if image.form == "image" and dim == 3:
            return self.step(Pad(left=-a, right=b - edges[3]), [image])
        raise GenotypeError(f"a part of a tensor along axis {dim}")

    def edges(self, image: Image) -> tuple[int, ...]:
        """The shape of a value with the batch."""
        c, h, w = image.shape
        if image.groups:
            pair = (image.groups, c // image.groups)
            lead = (1, *(reversed(pair) if image.swapped else pair))
            return (*lead, h, w) if image.form == "image" else (*lead, h * w) \
                if image.form == "rows" else lead
        return {"image": (1, c, h, w), "last": (1, h, w, c), "rows": (1, c, h * w),
                "flat": (1, c * h * w)}[image.form]

    def do_split(self, x: Value, size: int, dim: int = 0) -> Value:
        edge = self.edges(self.image(x))[dim]
        return self.do_split_with_sizes(
            x, [min(size, edge - i) for i in range(0, edge, size)], dim)

    def do_split_with_sizes(self, x: Value, sizes: Sequence[int], dim: int = 0) -> Value:
        parts, start = [], 0
        for size in sizes:
            parts.append(self.part(self.image(x), dim, start, start + size))
            start += size
        return tuple(parts)

    def do_chunk(self, x: Value, chunks: int, dim: int = 0) -> Value:
        return self.do_split(x, -(-self.edges(self.image(x))[dim] // chunks), dim)

    def do_unbind(self, x: Value, dim: int = 0) -> Value:
        return tuple(self.do_select(x, dim, i) for i in range(self.edges(self.image(x))[dim]))

    def do_getitem(self, parts: Any, index: int) -> Value:
        if not isinstance(parts, tuple | list):
            raise GenotypeError("an entry of a tensor")
        return parts[index]     # type: ignore[no-any-return]

    def do_index_select(self, x: Value, dim: int, index: Value) -> Image:
        chosen, image = self.parameter(index), self.plain(x)
        if dim != 1:
            raise GenotypeError("chosen rows or columns")
        return self.step(Index(chosen.shape[0]), [image], index=chosen)

    # --- forms ------------------------------------------------------------------------------------

    def parameter(self, value: Value) -> Parameter:
        """A value as a parameter or buffer as it is."""
        if not isinstance(value, Parameter) or value.sigmoid or value.index is not None:
            raise GenotypeError("weights that are computed")
        if value.shape != tuple(self.state[value.key].shape):
            raise GenotypeError(f"the weights {value.key} are reshaped before they are used")
        return value

    def do_sigmoid(self, x: Value) -> Value:
        if isinstance(x, Parameter):
            return Parameter(x.key, x.shape, True)
        return self.elementwise(Act("sigmoid"), self.image(x))

    def reshaped(self, x: Value, *_: Any, **__: Any) -> Value:
        """Whatever gives the same numbers in the same order: the form that has the new shape."""
        target = tuple(int(n) for n in self.meta.shape)
        if isinstance(x, Parameter):
            return Parameter(x.key, target, x.sigmoid, x.index)
        image = self.image(x)
        if target == self.edges(image):
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
            made = self.step(Shuffle(image.groups), [Image(image.step, image.shape)])
            image = made
        for form in ("image", "flat", "rows"):
            if target == self.edges(Image(image.step, image.shape, form)):
                return Image(image.step, image.shape, form)
        if len(target) >= 3 and target[1] * target[2] == c:
            for form in ("image", "rows", "flat"):
                grouped = Image(image.step, image.shape, form, target[1])
                if target == self.edges(grouped):
                    return grouped
        if h == w == 1 and sorted(n for n in target if n > 1) == [c]:
            return Image(image.step, image.shape, "flat" if len(target) == 2 else "last")
        raise GenotypeError(f"a reshape of {show_shape(image.shape)} to "
                            f"{'×'.join(map(str, target[1:]))}")

    do_view = do_reshape = do_flatten = do_unflatten = do_squeeze = do_unsqueeze = reshaped
    do__unsafe_view = reshaped

    def do_expand(self, x: Value, *_: Any, **__: Any) -> Value:
        """A tensor that is spread for a product or a sum, which spread it themselves."""
        return self.image(x) if isinstance(x, Image | Weighted) else x

    do_expand_as = do_expand

    def unchanged(self, x: Value, *_: Any, **__: Any) -> Value:
        """What has no effect on the numbers."""
        return x

    do_contiguous = do_clone = do_alias = do_detach = do_to = do__to_copy = unchanged
    do_identity = do_lift_fresh_copy = unchanged

    def do_permute(self, x: Value, dims: Sequence[int]) -> Value:
        image, order = self.image(x), tuple(d % len(dims) for d in dims)
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

    def do_transpose(self, x: Value, a: int, b: int) -> Value:
        order = list(range(len(self.meta.shape)))
        order[a], order[b] = order[b], order[a]
        return self.do_permute(x, order)


ACTIVATIONS: dict[str, Activation] = {
    "relu": "relu", "relu6": "relu6", "tanh": "tanh", "hardswish": "hswish",
    "hardsigmoid": "hsigmoid", "silu": "swish"}
GATED: dict[str, Activation] = {"sigmoid": "swish", "hsigmoid": "hswish"}
LAYERS = (Conv, Depthwise, Linear, BatchNorm)


def _pair(value: Any) -> Any:
    """One number where both axes have the same."""
    a, b = _two(value)
    return a if a == b else (a, b)


def _two(value: Any) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    first, *rest = value
    return first, rest[0] if rest else first


def _one(value: Any, what: str) -> int:
    a, b = _two(value)
    if a != b:
        raise GenotypeError(f"a {what} that differs between height and width ({a} and {b})")
    return a


def _within(n: int, edge: int) -> int:
    return min(max(n + edge if n < 0 else n, 0), edge)


def shape_of(value: Image) -> Shape:
    """The shape (C, H, W) of an image."""
    return value.shape
