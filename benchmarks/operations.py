"""Which operations torch really runs, after everything that Python says has become ATen calls."""

import weakref
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


class _Holder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of the storages that operations make, until nobody holds them any more."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.held = self.most = 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (),
                           kwargs: dict[str, Any] | None = None) -> Any:
        given = {a.untyped_storage()._cdata for a in torch.utils._pytree.tree_leaves(
            (args, kwargs or {})) if isinstance(a, Tensor)}
        result = func(*args, **(kwargs or {}))
        for made in torch.utils._pytree.tree_leaves(result):
            if isinstance(made, Tensor):
                storage = made.untyped_storage()
                if storage._cdata not in self.known | given:
                    self.known.add(storage._cdata)
                    self.held += storage.nbytes()
                    self.most = max(self.most, self.held)
                    weakref.finalize(storage, self._freed, storage._cdata, storage.nbytes())
        return result

    def _freed(self, name: int, size: int) -> None:
        self.known.discard(name)
        self.held -= size


def peak_bytes(run: Callable[[], object]) -> int:
    """The most bytes of tensors that a run makes and holds at once."""
    holder = _Holder()
    with holder:
        run()
    return holder.most
