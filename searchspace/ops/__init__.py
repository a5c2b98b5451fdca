"""The operations, one file per family; composite blocks are YAML files in the same folder."""

from searchspace.ops import (
           activation,
           attention,
           channels,
           combine,
           conv,
           normalization,
           pool,
           resize,
           scale,
           shift,
           zero,
)
from searchspace.ops.base import OPS, Cost, Field, Layer, Op, op, schema
from searchspace.shapes import show_shape

__all__ = ["OPS", "Cost", "Field", "Layer", "Op", "activation", "attention", "channels", "combine",
           "conv", "normalization", "op", "pool", "resize", "scale", "schema", "shift",
           "show_shape", "zero"]
