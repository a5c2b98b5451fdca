"""Forward and backward passes with hooks; the state of the network is restored.

Operations are recognised where torch is called, by the function's name: module, function, tensor
method, ATen operator, in place or not. No score looks at classes of modules.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from search.errors import ScoreError

PASSING = frozenset({
    "relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu", "mish",
    "softplus", "hardswish", "hardtanh", "log_sigmoid", "logsigmoid", "tanhshrink", "hardshrink",
    "softshrink", "threshold", "tanh", "softsign",
})  # fmt: skip
"""Non-linearities that pass small positive inputs through (ReLU6, tanh)."""

GATES = frozenset({"sigmoid", "special_expit", "hardsigmoid"})
"""Functions with values from 0 to 1, mostly used as multiplicative gates."""

NONLINEAR = PASSING | GATES

CONVOLUTIONS = frozenset({"conv1d", "conv2d", "conv3d", "convolution", "_convolution",
                          "mkldnn_convolution", "conv_transpose2d"})

_BATCH_STATISTICS = (
    nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm,
    nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d,
)  # fmt: skip

Laid = TypeVar("Laid", Tensor, nn.Module)


def channels_last(thing: Laid) -> Laid:
    """A network or images in channels-last format, in which CPUs convolve fastest. Used by all
    scores, so that rounding does not depend on which of them ran before."""
    move: Callable[..., Laid] = thing.to    # its stubs know no memory_format
    return move(memory_format=torch.channels_last)


def called(func: Any) -> str:
    """The name of a torch function without overload ("relu_.default") and the underscore of
    in-place variants."""
    return getattr(func, "__name__", "").split(".")[0].rstrip("_")


class Watch(TorchFunctionMode):
    """Context in which ``before(name, input)`` is called before each torch function in ``names``,
    and ``after(name, output)`` may replace its result."""

    def __init__(self, names: frozenset[str], *,
                 before: Callable[[str, Tensor], None] | None = None,
                 after: Callable[[str, Tensor], Tensor] | None = None) -> None:
        super().__init__()
        self.names, self.before, self.after = names, before, after

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = called(func)
        if name not in self.names:
            return func(*args, **kwargs)
        if self.before is not None:     # the call may overwrite its input
            self.before(name, args[0] if args else kwargs["input"])
        result = func(*args, **kwargs)
        return result if self.after is None else self.after(name, result)


@contextmanager
def batch_statistics(net: nn.Module) -> Iterator[None]:
    """Context with normalisation by batch statistics, all else in evaluation mode, and no autocast;
    restores training flags, buffers (running statistics) and gradients."""
    flags = [(module, module.training) for module in net.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in net.buffers()]
    try:
        for module, _ in flags:
            module.training = isinstance(module, _BATCH_STATISTICS)
        with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
            yield
    finally:
        for module, training in flags:
            module.training = training
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)


def logits(output: Tensor) -> Tensor:
    """A network's output as (N, classes): maps are averaged over their pixels."""
    return output.flatten(2).mean(2) if output.dim() > 2 else output


def loss(net: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of a batch, to be differentiated.

    Labels are taken modulo the network's classes. Raises ScoreError for a network with one output.
    """
    output = logits(net(images))
    if output.shape[1] < 2:
        raise ScoreError("the network has one class, so that no loss tells networks apart")
    return F.cross_entropy(output, labels % output.shape[1])


def weights(net: nn.Module) -> list[nn.Parameter]:
    """The weights of convolutions and linear layers: parameters of more than one axis of more than
    one entry; no biases, no scales of normalisations."""
    found = [p for p in net.parameters() if p.dim() > 1]
    if not found:
        raise ScoreError("the network has no weights")
    return found


def weight_gradients(net: nn.Module, images: Tensor, labels: Tensor) -> list[Tensor]:
    """The gradient of the `loss` for each of the `weights`, by batch statistics; 0 for unused
    weights. The network is unchanged."""
    with batch_statistics(net), torch.inference_mode(False), torch.enable_grad():
        mine = weights(net)
        found = torch.autograd.grad(loss(net, images.clone(), labels), mine, allow_unused=True)
    return [torch.zeros_like(w) if g is None else g for w, g in zip(mine, found, strict=True)]
