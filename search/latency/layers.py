"""Layers in a latency table: an operation and the shapes of its inputs.

The features of a layer are the operation's typed fields, its shapes and its cost, so that new
operations need no code here.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from searchspace.expansion import Expansion
from searchspace.ops import OPS, Op
from searchspace.ops.base import schema
from searchspace.shapes import Shape

Array = NDArray[np.float64]


class Layer(NamedTuple):
    """One operation with the shapes (C, H, W) of its inputs."""

    op: Op
    inputs: tuple[Shape, ...]


def layers(expansion: Expansion) -> Iterator[Layer]:
    """The layers of a network in order of execution."""
    for node in expansion.nodes:
        yield Layer(node.op, tuple([expansion.input if i < 0 else expansion.nodes[i].shape
                                    for i in node.inputs]))


def as_json(layer: Layer) -> dict[str, Any]:
    """A layer for a file; fields at their defaults are left out."""
    fields = {name: getattr(layer.op, name) for name, field in schema(type(layer.op)).items()
              if field.required or getattr(layer.op, name) != field.default}
    return {"op": layer.op.kind, "fields": fields, "inputs": layer.inputs}


def from_json(row: dict[str, Any]) -> Layer:
    """The layer that `as_json` wrote. Raises GenotypeError, KeyError, OverflowError, TypeError or
    ValueError if it is invalid."""
    op = OPS[row["op"]]
    fields = {k: schema(op)[k].coerce(tuple(v) if isinstance(v, list) else v)
              for k, v in row["fields"].items()}
    return Layer(op(**fields), tuple((int(c), int(h), int(w)) for c, h, w in row["inputs"]))


@lru_cache(maxsize=1 << 16)
def features(layer: Layer) -> dict[str, float]:
    """Features of a layer by name; sizes as logarithms, since times follow power laws. Names
    ``a=b`` are indicators of fields that are not numbers."""
    op, inputs = layer
    out, cost = op.shape(*inputs), op.cost(*inputs)
    size_in, size_out = sum(map(math.prod, inputs)), math.prod(out)
    found = {f"op={op.kind}": 1.0}
    for name in schema(type(op)):
        value = getattr(op, name)
        if isinstance(value, bool | str):
            found[f"{name}={value}"] = 1.0
        elif value is not None:
            found[name] = math.fsum(map(math.log2, (1 + v for v in _numbers(value))))
    sizes = {"inputs": len(inputs), "channels in": inputs[0][0], "channels out": out[0],
             "positions in": inputs[0][1] * inputs[0][2], "positions out": out[1] * out[2],
             "elements in": size_in, "elements out": size_out, "weights": cost.params,
             "work": cost.macs, "work per element": cost.macs / size_out}
    return found | {name: math.log2(1 + value) for name, value in sizes.items()}


def _numbers(value: Any) -> tuple[float, ...]:
    """The numbers of a field; negative ones (paddings) count as 0."""
    return tuple(max(0.0, float(v)) for v in (value if isinstance(value, tuple) else (value,)))


class Columns(NamedTuple):
    """Features as columns of a matrix: their names, shifts and scales."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]

    @classmethod
    def of(cls, known: Sequence[Layer]) -> "Columns":
        """Columns that are not constant over ``known``, with mean 0 and deviation 1 for sizes."""
        names = sorted({name for layer in known for name in features(layer)})
        table = np.array([[features(layer).get(n, 0.0) for n in names] for layer in known])
        mark = np.array(["=" in n for n in names])
        spread = table.std(0)
        kept = spread > 0
        means = np.where(mark, 0.0, table.mean(0))
        scales = np.where(mark, math.sqrt(2), np.where(kept, spread, 1.0))
        return cls(*(tuple(np.array(a)[kept].tolist()) for a in (names, means, scales)))

    @property
    def groups(self) -> list[int]:
        """The group of each column; indicators of one field are one group."""
        fields = [name.partition("=")[0] for name in self.names]
        order = list(dict.fromkeys(fields))
        return [order.index(field) for field in fields]

    def __call__(self, wanted: Sequence[Layer]) -> Array:
        """Feature matrix, float64 of shape (layers, columns)."""
        rows = np.array([[features(layer).get(n, 0.0) for n in self.names] for layer in wanted])
        scaled: Array = (rows - np.array(self.means)) / np.array(self.scales)
        return scaled
