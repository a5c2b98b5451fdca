"""The absent connection of cell spaces: zeros in the shape of its input."""

from dataclasses import dataclass

from searchspace.ops.base import Layer, Op, op
from searchspace.shapes import Shape


@op("zero")
@dataclass(frozen=True, slots=True)
class Zero(Op):
    """Zeros, whatever the input: (C, H, W) → (C, H, W).

    The operation ``none`` of DARTS (Liu et al. 2019, Sec. 2.1) and of NAS-Bench-201 (Dong & Yang
    2020, Sec. 2.1). What leads only here contributes nothing, but is part of the network as it is
    written and trained: its parameters and MACs count, and the identity ignores it.
    """

    takes_flat = True
    examples = (({}, ((8, 5, 4),)),)

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def label(self) -> str:
        return "0"

    def module(self, *inputs: Shape) -> Layer:
        return lambda x: x * 0
