"""Layers of operations; one like an earlier one is made without its constructor.

A constructor of torch spends more time on checks and registration than on drawing most weights, and
the layers of a network repeat, as do those of one candidate in the next. So what the first of equal
layers was like is kept, but for the values of its tensors.
"""

from collections import OrderedDict
from typing import Any, NamedTuple

import torch
from torch import nn

from searchspace.errors import ShapeError
from searchspace.ops import Layer, Op
from searchspace.ops.base import guarded, is_foreign
from searchspace.shapes import Shape

MAX_KEPT = 500      # layers, some kilobytes each
CONTAINERS = frozenset({dict, list, set, OrderedDict})


def make_layer(op: Op, shapes: tuple[Shape, ...]) -> Layer:
    """The layer of an operation for inputs of these shapes (C, H, W), as its ``module`` gives it:
    with the same weights under the same state of torch's generator, on torch's default device.

    On the device ``meta``, where weights have no values, none are drawn but for the first of equal
    layers.
    """
    key = op, shapes, torch.get_default_dtype()
    if (known := _KEPT.get(key)) is not None:
        return known.module()
    with guarded(type(op)):
        made = op.module(*shapes)
        if not callable(made) or isinstance(made, type):
            raise ShapeError(f"{op.kind}: its code gave {made!r} for a module, which is an "
                             "nn.Module or a function of tensors")
    if isinstance(made, nn.Module) and not is_foreign(type(op)) and _can_reset(made):
        if len(_KEPT) >= MAX_KEPT:
            _KEPT.clear()
        _KEPT[key] = pattern(made)
    return made


class _Tensor(NamedTuple):
    name: str
    shape: torch.Size
    dtype: torch.dtype
    needs_grad: bool


class Pattern(NamedTuple):
    """A module without its tensors: attributes, those apart that can be changed in place, and the
    modules in it."""

    kind: type[nn.Module]
    attributes: dict[str, Any]
    containers: tuple[tuple[str, Any], ...]
    parameters: tuple[_Tensor, ...]
    buffers: tuple[_Tensor, ...]
    children: tuple[tuple[str, "Pattern"], ...]

    def module(self) -> nn.Module:
        """A module like the one that was kept, freshly initialised."""
        made: nn.Module = object.__new__(self.kind)
        state = self.attributes.copy()
        for name, value in self.containers:
            state[name] = value.copy()
        object.__setattr__(made, "__dict__", state)         # past the checks of `nn.Module`
        for name, child in self.children:
            state["_modules"][name] = child.module()
        tensor = None
        for name, shape, dtype, needs_grad in self.parameters:
            tensor = torch.empty(shape, dtype=dtype)
            state["_parameters"][name] = nn.Parameter(tensor, needs_grad)
        for name, shape, dtype, _ in self.buffers:
            state["_buffers"][name] = tensor = torch.empty(shape, dtype=dtype)
        if tensor is not None and not tensor.is_meta:
            made.reset_parameters()     # type: ignore[operator]
        return made


_KEPT: dict[tuple[Op, tuple[Shape, ...], torch.dtype], Pattern] = {}


def pattern(module: nn.Module) -> Pattern:
    """What a module is like."""
    held = vars(module) | {
        name: {key: value for key, value in getattr(module, name).items() if value is None}
        for name in ("_parameters", "_buffers", "_modules")}
    plain = {name: value for name, value in held.items() if type(value) not in CONTAINERS}
    containers = tuple((name, value.copy()) for name, value in held.items() if name not in plain)
    parameters, buffers = (
        tuple(_Tensor(name, t.shape, t.dtype, t.requires_grad)
              for name, t in tensors.items() if t is not None)
        for tensors in (module._parameters, module._buffers))
    children = tuple((name, pattern(child)) for name, child in module._modules.items()
                     if child is not None)
    return Pattern(type(module), plain, containers, parameters, buffers, children)


def _can_reset(layer: nn.Module) -> bool:
    """Whether `reset_parameters` of its modules gives all tensors in it their first values."""
    return all(hasattr(module, "reset_parameters") or not (module._parameters or module._buffers)
               for module in layer.modules())
