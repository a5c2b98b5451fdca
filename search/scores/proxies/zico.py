"""ZiCo: inverse coefficient of variation of the weights' gradients over batches."""

import math
from typing import TYPE_CHECKING

from search.errors import ScoreError
from search.scores.base import ScoringSubject, score

if TYPE_CHECKING:
    import torch


def zico(net: "torch.nn.Module", images: "torch.Tensor", labels: "torch.Tensor") -> float:
    """Σ over the layers of log Σ_θ E|∂L/∂θ| / √Var|∂L/∂θ|, over two halves of the batch.

    ``images`` have shape (N, C, H, W), N at least 4. Weights whose gradient is the same in both
    halves (mostly 0) are left out, as in the authors' code, and so are layers of only such weights.
    The network is unchanged. Raises ScoreError if no weight is left.
    """
    import torch

    from search.scores.instrumentation import weight_gradients

    if len(images) < 4:
        raise ScoreError("ZiCo needs a batch of at least 4 images: two halves")
    half = len(images) // 2
    parts = [weight_gradients(net, images[at], labels[at])
             for at in (slice(half), slice(half, 2 * half))]
    found = []
    for layer in zip(*parts, strict=True):
        sizes = torch.stack(layer).double().abs()
        spread, mean = sizes.std(0, correction=0), sizes.mean(0)
        lasting = spread > 1e-12 * mean
        if lasting.any():
            found.append(math.log(float((mean[lasting] / spread[lasting]).sum())))
    if not found:
        raise ScoreError("no weight has a gradient that varies from batch to batch")
    return math.fsum(found)


@score(
    "zico", "ZiCo",
    "Li, Yang, Bhardwaj, Marculescu: ZiCo: Zero-shot NAS via Inverse Coefficient of Variation on "
    "Gradients, ICLR 2023, arXiv 2301.11300, eq. 15",
    ("images", "labels", "gradients"), 1, 1,
    "A sum over layers of the logarithm of their weights' number, nearly: it counts layers. With "
    "two batches a few weights of almost equal gradients carry the value.")
def zico_score(subject: ScoringSubject) -> float:
    return zico(subject.network, subject.images, subject.labels)
