"""Accuracy under the fast gradient sign method (Goodfellow, Shlens & Szegedy 2015).

Each pixel moves by a fixed step towards a greater loss for the true label, once, and stays within
black and white. What is attacked is what the network sees: three channels at its own size, after
standardisation, whose pixels are brought back to 0 … 255 for the step and the bounds.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from search.training.batches import Batches

BATCH = 256


def attacked(network: nn.Module, batches: Batches, steps: Sequence[float]) -> list[list[int]]:
    """For each step, in pixel values of 255, and each image 1 where the network is still right."""
    network.eval()
    mean, deviation = batches.mean, batches.deviation
    right: list[list[int]] = [[] for _ in steps]
    for x, y in batches(range(len(batches)), BATCH):
        sign = gradient(network, x, y).sign()
        for found, step in zip(right, steps, strict=True):
            moved = torch.clamp(x + step / 255 / deviation * sign, -mean / deviation,
                                (1 - mean) / deviation)
            with torch.no_grad():
                found += (network(moved).argmax(1) == y).int().tolist()
    return right


def gradient(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """That of the cross-entropy by the pixels."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(F.cross_entropy(network(x), y, reduction="sum"), x)[0]
