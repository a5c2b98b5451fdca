"""The operations: one file a family. Composite blocks stand beside them as YAML."""

from . import activation, attend, channels, combine, conv, lrn, pool, shift
from .base import OPS, Cost, Field, Layer, Op, op, schema, show_shape

__all__ = [
           "OPS",
           "Cost",
           "Field",
           "Layer",
           "Op",
           "activation",
           "attend",
           "channels",
           "combine",
           "conv",
           "lrn",
           "op",
           "pool",
           "schema",
           "shift",
           "show_shape",
]
