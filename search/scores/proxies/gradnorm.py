"""Gradient norm: the norm of the loss's gradient, summed over the layers."""

from typing import TYPE_CHECKING

from search.scores.base import ScoringSubject, score

if TYPE_CHECKING:
    import torch


def gradnorm(net: "torch.nn.Module", images: "torch.Tensor", labels: "torch.Tensor") -> float:
    """Σ ‖∂L/∂θ‖₂ over weights θ of one layer each; see `instrumentation.weight_gradients`."""
    from search.scores.instrumentation import weight_gradients

    return sum(float(g.double().norm()) for g in weight_gradients(net, images, labels))


@score(
    "gradnorm", "gradient norm",
    "Abdelfattah, Mehrotra, Dudziak, Lane: Zero-Cost Proxies for Lightweight NAS, ICLR 2021, "
    "arXiv 2101.08134, Sec. 3.2",
    ("images", "labels", "gradients"), 1, 1,
    "Depends on the scale of initial weights: with batch norm small weights have large gradients. "
    "Large where gradients explode, too.", digits=3)
def gradnorm_score(subject: ScoringSubject) -> float:
    return gradnorm(subject.network, subject.images, subject.labels)
