"""Fisher score: estimated change of the loss if channels were removed, summed over channels."""

from typing import TYPE_CHECKING

from search.errors import ScoreError
from search.scores.base import ScoringSubject, score

if TYPE_CHECKING:
    import torch


def fisher(net: "torch.nn.Module", images: "torch.Tensor", labels: "torch.Tensor") -> float:
    """Σ_c ½N⁻¹ Σ_n (Σ_hw a ∂L/∂a)² over the channels c of every convolution's output a.

    The gradient is that of the summed loss, as for the empirical Fisher information. ``images``
    have shape (N, C, H, W); the network is unchanged, see `instrumentation.batch_statistics`.
    Raises ScoreError if it has no convolution.
    """
    import torch

    from search.scores.instrumentation import CONVOLUTIONS, Watch, batch_statistics, loss

    values: list[torch.Tensor] = []
    roots: list[torch.Tensor] = []

    def after(name: str, a: "torch.Tensor") -> "torch.Tensor":
        if not a.requires_grad:
            return a
        roots.append(a)
        values.append(a.detach().clone())       # an activation in place may follow
        return a.clone()

    with batch_statistics(net), torch.inference_mode(False), torch.enable_grad():
        with Watch(CONVOLUTIONS, after=after):
            total = loss(net, images.clone(), labels) * len(images)
        if not roots:
            raise ScoreError("the network has no convolution")
        slopes = torch.autograd.grad(total, roots, allow_unused=True)
    return sum(float((a * g).flatten(2).sum(2).double().square().sum()) / (2 * len(images))
               for a, g in zip(values, slopes, strict=True) if g is not None)


@score(
    "fisher", "Fisher",
    "Theis, Korshunova, Tejani, Huszár: Faster gaze prediction with dense networks and Fisher "
    "pruning, arXiv 1801.05787, eq. 7; as a score of networks Turner et al.: BlockSwap, ICLR 2020, "
    "arXiv 1906.04113",
    ("images", "labels", "gradients"), 1, 1,
    "Dominated by few layers, by those without normalisation above all; noisy. Holds all "
    "convolutions' outputs twice in memory.", digits=4)
def fisher_score(subject: ScoringSubject) -> float:
    return fisher(subject.network, subject.images, subject.labels)
