"""Operations over several tensors: sum, product, concatenation."""

import operator
from dataclasses import dataclass
from functools import reduce

from searchspace.errors import ShapeError
from searchspace.ops.base import Cost, Layer, Op, op, same_size
from searchspace.shapes import Shape, show_shape


def _elementwise(kind: str, inputs: tuple[Shape, ...]) -> Shape:
    channels = {c for c, _, _ in inputs}
    if len(channels) != 1:
        shown = ", ".join(show_shape(s) for s in inputs)
        raise ShapeError(f"{kind}: the inputs differ in channels: {shown}")
    return channels.pop(), *same_size(kind, inputs, broadcast=True)


@op("add")
@dataclass(frozen=True, slots=True)
class Add(Op):
    """Sum of two or more tensors of equal channels; a 1×1 one spreads over all positions."""

    inputs = (2, None)
    commutes = True
    takes_flat = True
    examples = (({}, ((4, 5, 5), (4, 5, 5))), ({}, ((4, 5, 5), (4, 1, 1), (4, 5, 5))))

    def shape(self, *inputs: Shape) -> Shape:
        return _elementwise(self.kind, inputs)

    def label(self) -> str:
        return "+"

    def module(self, *inputs: Shape) -> Layer:
        return lambda *xs: reduce(operator.add, xs)


@op("mul")
@dataclass(frozen=True, slots=True)
class Mul(Op):
    """Product of two or more tensors; 1×1 gates every position, one channel gates them all."""

    inputs = (2, None)
    commutes = True
    takes_flat = True
    examples = (({}, ((4, 5, 5), (4, 1, 1))), ({}, ((1, 5, 5), (4, 5, 5))))

    def shape(self, *inputs: Shape) -> Shape:
        wide = tuple(s for s in inputs if s[0] > 1) or inputs
        return _elementwise(self.kind, wide)[0], *same_size(self.kind, inputs, broadcast=True)

    def label(self) -> str:
        return "×"

    def module(self, *inputs: Shape) -> Layer:
        return lambda *xs: reduce(operator.mul, xs)


@op("concat")
@dataclass(frozen=True, slots=True)
class Concat(Op):
    """Concatenation over channels: (C₁, H, W), (C₂, H, W), … → (C₁ + C₂ + …, H, W)."""

    inputs = (1, None)
    takes_flat = True
    examples = (({}, ((4, 5, 5), (2, 5, 5))), ({}, ((4, 5, 5),)))

    def shape(self, *inputs: Shape) -> Shape:
        return sum(c for c, _, _ in inputs), *same_size(self.kind, inputs)

    def module(self, *inputs: Shape) -> Layer:
        import torch

        return lambda *xs: torch.cat(xs, 1)


@op("beside")
@dataclass(frozen=True, slots=True)
class Beside(Op):
    """Tensors of equal channels and height side by side: (C, H, W₁), (C, H, W₂), … → (C, H, ΣW).

    Subsequent operations share their weights between them; `pad` with negative numbers extracts
    one again. Raises ShapeError if channels or heights differ.
    """

    inputs = (2, None)
    examples = (({}, ((4, 3, 1), (4, 3, 2), (4, 3, 1))),)

    def shape(self, *inputs: Shape) -> Shape:
        if len({s[:2] for s in inputs}) != 1:
            shown = ", ".join(show_shape(s) for s in inputs)
            raise ShapeError(f"{self.kind}: the inputs differ in channels or height: {shown}")
        c, h, _ = inputs[0]
        return c, h, sum(w for _, _, w in inputs)

    def module(self, *inputs: Shape) -> Layer:
        import torch

        return lambda *xs: torch.cat(xs, 3)


@op("mean")
@dataclass(frozen=True, slots=True)
class Mean(Op):
    """Mean of one or more tensors of equal shape (the sinks of a randomly wired stage)."""

    inputs = (1, None)
    commutes = True
    takes_flat = True
    examples = (({}, ((4, 5, 5), (4, 5, 5), (4, 5, 5))),)

    def shape(self, *inputs: Shape) -> Shape:
        return _elementwise(self.kind, inputs)

    def module(self, *inputs: Shape) -> Layer:
        return lambda *xs: reduce(operator.add, xs) / len(xs)


@op("wsum")
@dataclass(frozen=True, slots=True)
class WeightedSum(Op):
    """Sum with one learned weight per input, made positive by a sigmoid (Xie et al. 2019).

    Params: the number of inputs."""

    inputs = (1, None)
    commutes = True
    takes_flat = True
    examples = (({}, ((4, 5, 5), (4, 5, 5))),)

    def shape(self, *inputs: Shape) -> Shape:
        return _elementwise(self.kind, inputs)

    def cost(self, *inputs: Shape) -> Cost:
        return Cost(0, len(inputs))

    def label(self) -> str:
        return "σ(w)·Σ"

    def module(self, *inputs: Shape) -> Layer:
        from searchspace.ops.modules import SigmoidWeightedSum

        return SigmoidWeightedSum(len(inputs))
