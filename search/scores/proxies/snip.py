"""SNIP: estimated change of the loss if weights were removed, summed over weights."""

from typing import TYPE_CHECKING

from search.scores.base import ScoringSubject, score

if TYPE_CHECKING:
    import torch


def snip(net: "torch.nn.Module", images: "torch.Tensor", labels: "torch.Tensor") -> float:
    """Σ |θ ∂L/∂θ| over all weights; see `instrumentation.weight_gradients`."""
    from search.scores.instrumentation import weight_gradients, weights

    gradients = weight_gradients(net, images, labels)
    return sum(float((w.detach().double() * g).abs().sum())
               for w, g in zip(weights(net), gradients, strict=True))


@score(
    "snip", "SNIP",
    "Lee, Ajanthan, Torr: SNIP: Single-shot Network Pruning based on Connection Sensitivity, ICLR "
    "2019, arXiv 1810.02340, eq. 5; as a score of networks Abdelfattah et al., ICLR 2021, "
    "arXiv 2101.08134",
    ("images", "labels", "gradients"), 1, 1,
    "A sum over weights: it grows with their number. Its terms are noisy for one small batch.",
    digits=3)
def snip_score(subject: ScoringSubject) -> float:
    return snip(subject.network, subject.images, subject.labels)
