"""Tensors with an exponent, for products beyond the range of floating point.

A `Scaled` tensor represents e^exponent times itself, in a linear network: see `synflow`.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from search.scores.instrumentation import CONVOLUTIONS, GATES, PASSING, called

_PASS = PASSING | {"batch_norm", "native_batch_norm", "instance_norm", "layer_norm",
                     "group_norm", "local_response_norm", "dropout", "dropout1d", "dropout2d",
                     "dropout3d", "alpha_dropout", "feature_dropout"}
_PRODUCTS = CONVOLUTIONS | {"linear", "mul", "multiply", "rmul", "matmul", "rmatmul", "mm", "bmm",
                            "einsum", "addmm", "baddbmm"}
_QUOTIENTS = frozenset({"div", "true_divide", "truediv"})
_EVEN = frozenset({"softmax", "softmin"})


class Scaled(Tensor):
    """A tensor of non-negative values times e^``exponent``; torch functions return such tensors.

    Non-linearities and normalisations are the identity, gates become constant ones and softmax a
    constant uniform distribution, without gradient. Products add exponents and are rescaled to a
    maximum of 1; other functions of several tensors use the largest exponent. All remaining
    functions (sums, means, pooling, shapes) are assumed to be homogeneous.
    """

    exponent: float

    @classmethod
    def of(cls, plain: Tensor, exponent: float = 0.0) -> "Scaled":
        """A tensor with its exponent."""
        made = plain.as_subclass(cls)
        made.exponent = exponent
        return made

    def plain(self) -> Tensor:
        """The tensor without the exponent."""
        return self.as_subclass(Tensor)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        with torch._C.DisableTorchFunctionSubclass():
            return _apply(func, args, kwargs)


def _apply(func: Any, args: Any, kwargs: Any) -> Any:
    name = called(func).strip("_")
    if name == "as_subclass":
        return func(*args, **kwargs)
    first = args[0] if args else kwargs.get("input")
    if isinstance(first, Scaled):
        if name in _PASS:
            return first
        if name in GATES:
            return torch.ones_like(first.as_subclass(Tensor))
        if name in _EVEN:
            dim = kwargs["dim"] if "dim" in kwargs else args[1]
            return torch.full_like(first.as_subclass(Tensor), 1 / first.shape[dim])
    found: list[float] = []

    def note(value: Scaled) -> Any:
        found.append(value.exponent)
        return value
    _each(args, note)
    _each(kwargs, note)
    if name in _PRODUCTS:
        return _brought(func(*args, **kwargs), sum(found))
    if name in _QUOTIENTS:
        lower = args[1].exponent if isinstance(args[1], Scaled) else 0.0
        return _brought(func(*args, **kwargs), sum(found) - 2 * lower)
    top = max(found)
    if min(found) < top:
        def level(value: Scaled) -> Tensor:
            return value.as_subclass(Tensor) * math.exp(value.exponent - top)
        args, kwargs = _each(args, level), _each(kwargs, level)
    return _wrapped(func(*args, **kwargs), top)


def _each(value: Any, do: Callable[[Scaled], Any]) -> Any:
    """The arguments with every scaled tensor replaced by the result of ``do``."""
    if isinstance(value, Scaled):
        return do(value)
    if isinstance(value, list | tuple):
        return type(value)([_each(v, do) for v in value])
    if isinstance(value, dict):
        return {k: _each(v, do) for k, v in value.items()}
    return value


def _brought(result: Tensor, exponent: float) -> Scaled:
    """A product rescaled to a maximum of 1; unchanged if it is 0 everywhere."""
    top = float(result.detach().max())
    if not 0 < top < math.inf:
        return Scaled.of(result, exponent)
    return Scaled.of(result / top, exponent + math.log(top))


def _wrapped(result: Any, exponent: float) -> Any:
    if isinstance(result, list | tuple) and not isinstance(result, torch.Size):
        return type(result)([_wrapped(r, exponent) for r in result])
    floating = isinstance(result, Tensor) and result.is_floating_point()
    return Scaled.of(result, exponent) if floating else result
