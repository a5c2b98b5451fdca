"""Expanded network: operations in order, each with its inputs, output shape and cost."""

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from searchspace.errors import GenotypeError, Place, ShapeError
from searchspace.ops import Cost, Op
from searchspace.ops.base import guarded, is_foreign
from searchspace.shapes import Shape


class Call(NamedTuple):
    """One block around a node: the step's full name, the block's name, and the repeat's number."""

    name: str
    block: str
    repeat: int | None


class Node(NamedTuple):
    """One primitive operation of the expanded network."""

    name: str
    op: Op
    inputs: tuple[int, ...]        # positions of the inputs; -1 is the network's input
    shape: Shape
    cost: Cost
    calls: tuple[Call, ...]
    place: Place


class Expansion(NamedTuple):
    """The live nodes in order of execution, the output, and notes on parts that were left out."""

    input: Shape
    nodes: tuple[Node, ...]
    output: int
    notes: tuple[tuple[str, str], ...]   # (node name, what a reader should know)

    def cost(self) -> Cost:
        """MACs and parameters of the whole network."""
        macs = params = 0
        for node in self.nodes:
            macs += node.cost.macs
            params += node.cost.params
        return Cost(macs, params)

    def names(self) -> list[str]:
        """The names of the nodes. Raises GenotypeError if two are equal, or one is ``input``."""
        names = [node.name for node in self.nodes]
        if len({"input", *names}) <= len(names):
            twice, _ = Counter(["input", *names]).most_common(1)[0]
            raise GenotypeError(f"two operations are named {twice!r}; give their steps other names")
        return names


class Tensor(NamedTuple):
    """Output of a node (its position; -1 is the network's input), with its shape (C, H, W)."""

    node: int
    shape: Shape


@lru_cache(maxsize=1 << 14)
def infer(cls: Callable[..., Op], params: tuple[tuple[str, Any], ...],
          shapes: tuple[Shape, ...]) -> tuple[Op, Shape, Cost]:
    """An operation with its output shape and cost; cached, since candidates share layers."""
    assert isinstance(cls, type)
    with guarded(cls):
        op = cls(**dict(params))
        least, most = op.inputs
        if len(shapes) < least or (most is not None and len(shapes) > most):
            wanted = f"{least}" if least == most else f"{least} or more" if most is None else \
                f"{least} to {most}"
            raise ShapeError(f"{op.kind} takes {wanted} inputs, not {len(shapes)}"
                             + ("; name them: from: [a, b]" if len(shapes) == 1 else ""))
        shape, cost = op.shape(*shapes), op.cost(*shapes)
        if is_foreign(cls):
            _check_results(op, shape, cost)
    return op, shape, cost


def _check_results(op: Op, shape: object, cost: object) -> None:
    if not (isinstance(shape, tuple) and len(shape) == 3 and all(_is_count(n, 1) for n in shape)):
        raise ShapeError(f"{op.kind}: its code gave {shape!r} for a shape, not (C, H, W)")
    if not (isinstance(cost, Cost) and _is_count(cost.macs, 0) and _is_count(cost.params, 0)):
        raise ShapeError(f"{op.kind}: its code gave {cost!r} for a cost, not whole numbers from 0")
    if not (isinstance(op.label(), str) and isinstance(op.is_view(), bool)):
        raise ShapeError(f"{op.kind}: its code gave no text for a label, or no truth for is_view")


def _is_count(value: object, least: int) -> bool:
    return type(value) is int and value >= least
