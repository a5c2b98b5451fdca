"""The matrix of agreements between the binary codes of a batch's images, counted exactly."""

from types import SimpleNamespace

import torch
from torch import nn

from search.scores.codes import code

# Codes are multiplied in pieces of this many bits: 4 MiB as float32, which caches hold.
_PIECE = 2**20


def agreements(net: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Matrix K of a batch: float64 of shape (N, N), K_ij = bits on which images i and j agree.

    The counts are exact integers, summed over all coded non-linearities of one forward pass. See
    `code` for how the network is run, what is left of it changed, and what raises.
    """
    with torch.autocast(images.device.type, enabled=False):     # it would round the products
        counts = _Counts(len(images) if images.dim() else 0, images.device)
        code(net, images, counts.add)
        return counts.kernel()


class _Counts:
    """Agreements of 0/1 codes follow from one matrix product, `common` = c c^T, whose diagonal
    holds the ones r_i of each image: equal bits = bits - r_i - r_j + 2 common_ij. The columns of c
    are gathered in a piece of fixed shape, across layers, and multiplied when it is full.
    """

    def __init__(self, images: int, device: torch.device) -> None:
        self.bits = 0
        self._common = torch.zeros(images, images, dtype=torch.float64, device=device)
        self._columns, self._filled = max(1, _PIECE // max(1, images)), 0
        self._piece = torch.empty(images, self._columns, dtype=torch.float32, device=device)

    def kernel(self) -> torch.Tensor:
        """Agreements of all codes so far, float64 of shape (images, images)."""
        self._piece[:, self._filled :] = 0
        self._multiply()
        ones = self._common.diagonal()
        return self.bits - ones[:, None] - ones[None, :] + 2 * self._common

    def add(self, flat: torch.Tensor) -> None:
        """Code a matrix of shape (images, activations)."""
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
