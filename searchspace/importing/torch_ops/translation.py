"""Torch's operations as operations of the notation: the steps so far, and who translates what.

A translation is a function registered with `translates` under the names that its operation has in
`torch.ops.aten`, without the underscore of those that work in place. It takes the translator and
values (`searchspace.importing.torch_ops.values`) in torch's own order and gives one; what cannot be
said raises GenotypeError, whose message goes on from the module's path.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from torch import Tensor, nn

from searchspace.errors import GenotypeError, ShapeError
from searchspace.importing.torch_ops.values import (
    Form,
    Image,
    Parameter,
    Step,
    Unknown,
    Value,
    Weighted,
)
from searchspace.ops import Op
from searchspace.ops.channels import Slice
from searchspace.ops.combine import WeightedSum
from searchspace.ops.pool import Pad

Translation = TypeVar("Translation", bound=Callable[..., Any])
TRANSLATIONS: dict[str, Callable[..., Any]] = {}


def translates(*names: str) -> Callable[[Translation], Translation]:
    """Register the translation of operations by their names in torch."""
    def register(function: Translation) -> Translation:
        TRANSLATIONS.update(dict.fromkeys(names, function))
        return function
    return register


class Translator:
    """The steps that a module's operations have become. ``path`` is the module that runs now, and
    ``meta`` a tensor like the output of the operation that is translated."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.state: dict[str, Tensor] = dict(module.state_dict(keep_vars=True))
        self.whole: dict[str, Image] = {}       # modules that are one operation, by path
        self.steps: list[Step] = []
        self.path = ""
        self.meta: Any = None
        self._made: dict[Weighted, int] = {}

    def call(self, name: str, meta: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Value:
        """The value of an operation by its name in torch."""
        self.meta = meta
        plain = name.rstrip("_")
        if plain not in TRANSLATIONS:
            return Unknown(f"torch's {plain} cannot be said in the notation")
        return TRANSLATIONS[plain](self, *args, **kwargs)      # type: ignore[no-any-return]

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

    def parameter(self, value: Value) -> Parameter:
        """A value as a parameter or buffer as it is."""
        if not isinstance(value, Parameter) or value.sigmoid or value.index is not None:
            raise GenotypeError("weights that are computed")
        if value.shape != tuple(self.state[value.key].shape):
            raise GenotypeError(f"the weights {value.key} are reshaped before they are used")
        return value

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
