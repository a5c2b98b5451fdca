"""Torch modules that torch itself does not have. Imported only while building."""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, layer_norm


class AttentionPool(nn.Module):
    """(N, C, H, W) → (N, C, 1, 1): mean over positions, weighted by a softmax of a 1×1 conv."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.logits = nn.Conv2d(channels, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.logits(x).flatten(2).softmax(2)                        # (N, 1, H·W)
        mean: Tensor = (x.flatten(2) * weights).sum(2, keepdim=True).unsqueeze(3)
        return mean


class ChannelShuffle(nn.ChannelShuffle):
    """torch's, which keeps channels-last, in steps where TorchScript exports to ONNX: no opset has
    the whole."""

    def forward(self, input: Tensor) -> Tensor:
        # the second question takes longer, and without a trace nothing is exported so
        tracing = torch.jit.is_tracing()    # type: ignore[attr-defined, no-untyped-call]
        if not tracing or not torch.onnx.is_in_onnx_export():
            return torch.channel_shuffle(input, self.groups)
        parts = torch.unflatten(input, 1, (self.groups, -1))
        return parts.transpose(1, 2).flatten(1, 2)


class Gather(nn.Module):
    """(N, C, H, W) → (N, out, H, W): the channels that the buffer ``index`` lists."""

    index: Tensor

    def __init__(self, channels: list[int]) -> None:
        super().__init__()
        self.register_buffer("index", torch.tensor(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x.index_select(1, self.index)


class SigmoidWeightedSum(nn.Module):
    """Σ σ(wᵢ)·xᵢ over n tensors of one shape; the weights start at 0, so each counts half."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n))
        self.n = n

    def forward(self, *xs: Tensor) -> Tensor:
        weights = self.weight.sigmoid()
        total = xs[0] * weights[0]
        for i in range(1, self.n):
            total = total + xs[i] * weights[i]
        return total


class ChannelScale(nn.Module):
    """(N, C, H, W) → (N, C, H, W): s·x + b with a learned s, and b, for each of C or for all."""

    def __init__(self, channels: int, init: float, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, 1, 1), init))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight if self.bias is None else x * self.weight + self.bias


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of (N, C, H, W), at each position."""

    def forward(self, input: Tensor) -> Tensor:
        y = layer_norm(input.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias,
                       self.eps)
        return y.permute(0, 3, 1, 2)


class NeighbourNorm(nn.Module):
    """(N, C, H, W) → same: x / (k + alpha·Σ x²)^beta, the sum over the n channels around each.

    What torch's `LocalResponseNorm` computes, which pools in three dimensions, for which a CPU has
    no half precision.
    """

    def __init__(self, n: int, alpha: float, beta: float, k: float) -> None:
        super().__init__()
        self.n, self.alpha, self.beta, self.k = n, alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        squares = x.square().flatten(2).unsqueeze(1)                          # (N, 1, C, H·W)
        total = avg_pool2d(squares, (self.n, 1), 1, (self.n // 2, 0), divisor_override=1)
        y: Tensor = x / (self.k + self.alpha * total.view_as(x)) ** self.beta
        return y


class ResponseNorm(nn.Module):
    """(N, C, H, W) → same: each channel by its length, relative to the mean over the channels."""

    def __init__(self, channels: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        # unlike a square root, it has a gradient where a channel is all zeros
        length: Tensor = torch.linalg.vector_norm(x, dim=(2, 3), keepdim=True)
        share = length / (length.mean(1, keepdim=True) + self.eps)
        return x + self.weight * (x * share) + self.bias
