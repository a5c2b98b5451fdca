"""Which operations torch really runs, after everything that Python says has become ATen calls."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (),
                           kwargs: dict[str, Any] | None = None) -> Any:
        sizes = [tuple(a.shape) for a in torch.utils._pytree.tree_leaves((args, kwargs or {}))
                 if isinstance(a, Tensor)]
        self.calls.append(f"{func} {sizes}")
        return func(*args, **(kwargs or {}))


def operations(run: Callable[[], object]) -> list[str]:
    """The ATen operations of a run in order, each with the shapes of its tensors."""
    recorder = _Recorder()
    with recorder:
        run()
    return recorder.calls


def forward(net: nn.Module, images: Tensor) -> Tensor:
    """A forward pass without gradients."""
    with torch.no_grad():
        y: Tensor = net(images)
    return y


def training_step(net: nn.Module, images: Tensor) -> None:
    """Forward and backward pass; gradients are fresh each time."""
    net.zero_grad(set_to_none=True)
    net(images).sum().backward()
