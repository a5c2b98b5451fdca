"""Agreements between the activation codes of images: on how many bits each two of them agree.

The columns of the codes are gathered in a piece of fixed shape, across layers, that caches hold,
and counted when it is full. The counts are exact integers, whichever way they are counted.
"""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from search.scores.activation_codes import code

_WORDS = 2**17      # of 64 bits in a piece of packed codes: 1 MiB
_BITS = 2**20       # in a piece of codes to multiply: 4 MiB as float32


class Counter(Protocol):
    """Protocol of what counts agreements."""

    def add(self, flat: Tensor) -> None:
        """Code a matrix of shape (images, activations)."""
        ...

    def kernel(self) -> Tensor:
        """Agreements of all codes so far, float64 of shape (images, images)."""
        ...


def agreements(net: nn.Module, images: Tensor) -> Tensor:
    """Matrix K of a batch: float64 of shape (N, N), K_ij = bits on which images i and j agree.

    Summed over all coded non-linearities of one forward pass. See `activation_codes.code` for how
    the network is run, its side effects, and what raises.
    """
    count = len(images) if images.dim() else 0
    with torch.autocast(images.device.type, enabled=False):     # it would round the products
        counter: Counter = Packed(count) if images.device.type == "cpu" else \
            Multiplied(count, images.device)
        code(net, images, counter.add)
        return counter.kernel()


class Packed:
    """Counts on the processor: codes are packed 64 bits to a word, and the bits of the exclusive or
    of two words are those on which they differ.
    """

    def __init__(self, images: int) -> None:
        self.bits, self._filled = 0, 0
        self._differ = np.zeros((images, images), np.int64)     # above the diagonal
        # bits that are not filled are 0 in all images, and differ nowhere
        self._words = np.zeros((images, max(1, _WORDS // max(1, images))), np.uint64)
        self._bytes = self._words.view(np.uint8)

    def kernel(self) -> Tensor:
        """Agreements of all codes so far, float64 of shape (images, images)."""
        self._count()
        return torch.from_numpy(self.bits - (self._differ + self._differ.T)).double()

    def add(self, flat: Tensor) -> None:
        """Code a matrix of shape (images, activations)."""
        self.bits += flat.shape[1]
        if flat.dtype not in (torch.float32, torch.float64):    # numpy has no bfloat16
            flat = flat.float()
        values, start = flat.detach().numpy(), 0
        while start < values.shape[1]:
            part = values[:, start:start + 8 * (self._bytes.shape[1] - self._filled)]
            end = self._filled + (part.shape[1] + 7) // 8
            self._bytes[:, self._filled:end] = np.packbits(part > 0, axis=1)
            start, self._filled = start + part.shape[1], end
            if end == self._bytes.shape[1]:
                self._count()

    def _count(self) -> None:
        for i in range(len(self._words) - 1):
            others = self._words[i] ^ self._words[i + 1:]
            self._differ[i, i + 1:] += np.bitwise_count(others).sum(1, dtype=np.uint32)
        self._bytes[:], self._filled = 0, 0


class Multiplied:
    """Counts on a device. Agreements of 0/1 codes c follow from one matrix product, c c^T, whose
    diagonal holds the ones r_i of each image: equal bits = bits - r_i - r_j + 2 (c c^T)_ij.
    """

    def __init__(self, images: int, device: torch.device) -> None:
        self.bits, self._filled = 0, 0
        self._common = torch.zeros(images, images, dtype=torch.float64, device=device)
        self._columns = max(1, _BITS // max(1, images))
        self._piece = torch.empty(images, self._columns, dtype=torch.float32, device=device)

    def kernel(self) -> Tensor:
        """Agreements of all codes so far, float64 of shape (images, images)."""
        self._piece[:, self._filled:] = 0
        self._multiply()
        ones = self._common.diagonal()
        return self.bits - ones[:, None] - ones[None, :] + 2 * self._common

    def add(self, flat: Tensor) -> None:
        """Code a matrix of shape (images, activations)."""
        self.bits += flat.shape[1]
        start = 0
        while start < flat.shape[1]:
            part = flat[:, start:start + self._columns - self._filled]
            end = self._filled + part.shape[1]
            torch.gt(part, 0, out=self._piece[:, self._filled:end])
            start, self._filled = start + part.shape[1], end
            if end == self._columns:
                self._multiply()

    def _multiply(self) -> None:
        # exact in any precision of factors, which are 0 and 1; sums are far below float32's 2^24
        self._common += self._piece @ self._piece.T
        self._filled = 0
