"""NASWOT: rate an untrained network by how differently its non-linearities see each image.

Mellor, Turner, Storkey, Crowley: "Neural Architecture Search without Training", ICML 2021,
arXiv 2006.04647. Every image of a batch gets a binary code with one bit per activation, and the
score is the log-determinant of the matrix of agreements K, K_ij being the number of bits on which
images i and j agree. A network that tells the images apart has a large one.

The bit is the sign of the non-linearity's *input*: 1 where it is above zero. For ReLU this is the
paper's code; for functions whose output has one sign (sigmoid) or no exact zero (SiLU, GELU) it is
still defined. All functions named in `CODED` count, however they are written: module, function,
tensor method, ATen operator, in place or not. Not coded:

- softmax: its weights compare activations with each other, so that no gate sits at zero;
- pooling, clamping and maxima, which choose among values for other purposes too;
- GLU and fused recurrent kernels (LSTM, GRU), whose inputs are not plain pre-activations.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from search.scores import ScoreError

CODED = frozenset({
    "relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu",
    "mish", "softplus", "sigmoid", "special_expit", "log_sigmoid", "hardsigmoid", "hardswish",
    "tanh", "hardtanh", "softsign", "tanhshrink", "hardshrink", "softshrink", "threshold",
})  # fmt: skip
"""Names of the torch functions that are coded; a trailing underscore (in place) is ignored."""

_BATCH_STATISTICS = (
    nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm,
    nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d,
)  # fmt: skip

# Codes are multiplied in pieces of this many bits: 4 MiB as float32, which caches hold.
_PIECE = 2**20


def naswot(net: nn.Module, images: torch.Tensor) -> float:
    """NASWOT score of `net` on `images`, log det K in nats; higher is better, never below 0.

    `images` has shape (N, ...) with N >= 2 and is not changed. `net` may be any module, a
    torch.fx.GraphModule among them. See `agreements` for how it is run and what is left changed.

    K is an integer, positive semi-definite matrix, so that its log det is at least 0 unless it is
    singular. A singular K scores 0: a network that cannot tell the images apart never ranks above
    one that can, and the score stays finite. Images that are equal already in the batch would give
    every network this floor; that is an error of the batch and raises instead.

    Raises ScoreError if two images are equal, and where `agreements` does.
    """
    kernel = agreements(net, images).cpu()
    # The elimination behind slogdet rarely meets an exact zero: without the test, rounding noise
    # of a singular kernel would pass for a plausible score.
    if torch.linalg.matrix_rank(kernel, hermitian=True) < len(kernel):
        if len(torch.unique(images.flatten(1), dim=0)) < len(images):
            raise ScoreError("the batch holds the same image twice, which no network tells apart")
        return 0.0
    return max(0.0, float(torch.linalg.slogdet(kernel).logabsdet))


def agreements(net: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Matrix K of a batch: float64 of shape (N, N), K_ij = bits on which images i and j agree.

    The counts are exact integers, summed over all coded non-linearities of one forward pass
    without gradients or autocast. Batch and instance norms use the statistics of this batch, all
    other modules run in evaluation mode (no dropout), so that the result depends on the weights
    and the images alone; only randomness fixed into a traced graph, as F.dropout with a constant
    training=True, escapes this. Training flags and buffers (running statistics) are as before
    when the function returns or raises. For images of shape (N, C, H, W), `net` is converted
    to channels-last memory format and stays so; a copy of the images is converted as well.

    Raises ScoreError if there are fewer than two images, if `net` has no coded non-linearity,
    and if a coded non-linearity does not have the N images along its first axis. Non-linearities
    of parameters (a learned gate) carry no image and are skipped.
    """
    if images.dim() < 2 or len(images) < 2:
        raise ScoreError(
            f"a batch needs at least 2 images of 1 axis or more, not shape {tuple(images.shape)}"
        )
    layout = torch.channels_last if images.dim() == 4 else torch.preserve_format
    if images.dim() == 4:
        net.to(memory_format=layout)  # type: ignore[call-overload]
    # A copy in any case: a network may begin with an operation in place.
    batch = images.detach().clone(memory_format=layout)
    codes = _Codes(len(batch), batch.device)
    # Autocast would round the product of codes, too.
    with torch.no_grad(), torch.autocast(batch.device.type, enabled=False):
        with _batch_statistics(net), codes:
            net(batch)
        if codes.bits == 0:
            raise ScoreError("the network has no non-linearity that NASWOT codes, such as a ReLU")
        return codes.kernel()


class _Codes(TorchFunctionMode):
    """While entered, codes the input of every coded non-linearity that is called.

    Agreements of 0/1 codes follow from one matrix product, `common` = c c^T, whose diagonal holds
    the ones r_i of each image: equal bits = bits - r_i - r_j + 2 common_ij. The columns of c are
    gathered in a piece of fixed shape, across layers, and multiplied when it is full.
    """

    def __init__(self, images: int, device: torch.device) -> None:
        super().__init__()
        self.bits = 0
        self._common = torch.zeros(images, images, dtype=torch.float64, device=device)
        self._columns, self._filled = max(1, _PIECE // images), 0
        self._piece = torch.empty(images, self._columns, dtype=torch.float32, device=device)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        # ATen operators carry their overload in the name, as in "relu_.default".
        name = getattr(func, "__name__", "").split(".")[0].rstrip("_")
        if name in CODED:
            # Before the call, which may overwrite its input.
            self._add(name, args[0] if args else kwargs["input"])
        return func(*args, **kwargs)

    def kernel(self) -> torch.Tensor:
        """Agreements of all codes so far, float64 of shape (images, images)."""
        self._piece[:, self._filled :] = 0
        self._multiply()
        ones = self._common.diagonal()
        return self.bits - ones[:, None] - ones[None, :] + 2 * self._common

    def _add(self, name: str, x: torch.Tensor) -> None:
        if isinstance(x, nn.Parameter):
            return
        images = len(self._common)
        if x.dim() == 0 or len(x) != images:
            raise ScoreError(
                f"the input of a {name} does not have the {images} images along its first axis: "
                f"its shape is {tuple(x.shape)}"
            )
        # The order of bits is free as long as all images share it: in memory order, flattening
        # copies nothing, whatever the layout.
        order = sorted(range(1, x.dim()), key=x.stride, reverse=True)
        flat = x.permute(0, *order).reshape(images, -1)
        self.bits += flat.shape[1]
        start = 0
        while start < flat.shape[1]:
            part = flat[:, start : start + self._columns - self._filled]
            end = self._filled + part.shape[1]
            torch.gt(part, 0, out=self._piece[:, self._filled : end])
            start, self._filled = start + part.shape[1], end
            if end == self._columns:
                self._multiply()

    def _multiply(self) -> None:
        # Factors may be rounded to bfloat16, which is faster where the processor has it. This is
        # exact: 0 and 1 stay what they are, and sums, kept in float32, are far below 2^24.
        # Before torch 2.9 the setting is missing, and float32 gives the same counts.
        matmul = getattr(torch.backends.mkldnn, "matmul", SimpleNamespace(fp32_precision=""))
        before = matmul.fp32_precision
        matmul.fp32_precision = "bf16"
        try:
            self._common += self._piece @ self._piece.T
        finally:
            matmul.fp32_precision = before
        self._filled = 0


@contextmanager
def _batch_statistics(net: nn.Module) -> Iterator[None]:
    """Inside: normalisation by batch statistics, all else in evaluation mode; then as before."""
    flags = [(module, module.training) for module in net.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in net.buffers()]
    try:
        for module, _ in flags:
            module.training = isinstance(module, _BATCH_STATISTICS)
        yield
    finally:
        for module, training in flags:
            module.training = training
        for buffer, value in buffers:
            buffer.copy_(value)
