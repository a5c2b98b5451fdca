"""Local response normalisation."""

from dataclasses import dataclass

from ..errors import ShapeError
from ..formula import Shape
from .base import Layer, Op, op


@op("lrn")
@dataclass(frozen=True, slots=True)
class LocalResponseNorm(Op):
    """Each channel divided by its neighbours' strength at the same position: (C, H, W) → (C, H, W).

    y = x / (1 + α/n · Σ x²)^β, the sum over n neighbouring channels (Krizhevsky et al. 2012,
    Sec. 3.3; α/n is Caffe's and torch's reading of their α). No parameters. Raises ShapeError
    where ``n`` is below 1.
    """

    n: int = 5
    alpha: float = 1e-4
    beta: float = 0.75

    examples = (({}, ((8, 4, 4),)), ({"n": 3, "alpha": 0.5, "beta": 0.5}, ((6, 5, 3),)))

    def shape(self, *inputs: Shape) -> Shape:
        if self.n < 1:
            raise ShapeError(f"lrn: n must be at least 1, not {self.n}")
        return inputs[0]

    def label(self) -> str:
        return f"lrn {self.n}"

    def module(self, *inputs: Shape) -> Layer:
        from torch import nn

        return nn.LocalResponseNorm(self.n, self.alpha, self.beta)
