"""Jacobian covariance: how little the Jacobians of the images of a batch correlate."""

import math
from typing import TYPE_CHECKING

from search.scores.base import ScoringSubject, score

if TYPE_CHECKING:
    import torch

K = 1e-5        # keeps the logarithm and the quotient of an eigenvalue of 0 finite


def jacobian_covariance(net: "torch.nn.Module", images: "torch.Tensor") -> float:
    """−Σ (log(σ + k) + 1/(σ + k)) over the eigenvalues σ of the correlations between the images'
    Jacobians of the summed outputs.

    ``images`` have shape (N, C, H, W). Images with a constant Jacobian, whose correlation is
    undefined, count as fully correlated, the worst case. The network is unchanged.
    """
    import torch

    from search.scores.instrumentation import batch_statistics, logits

    with batch_statistics(net), torch.inference_mode(False), torch.enable_grad():
        x = images.detach().clone().requires_grad_()
        # The clone: a network may begin with an operation in place.
        found = torch.autograd.grad(logits(net(x.clone())).sum(), x, allow_unused=True)[0]
    slopes = torch.zeros_like(images) if found is None else found
    rows = slopes.flatten(1).double()
    rows = rows / rows.abs().amax(1, keepdim=True).clamp_min(1e-300)
    rows = rows - rows.mean(1, keepdim=True)
    length = rows.norm(dim=1, keepdim=True)
    alike = (length < 1e-9).squeeze(1)
    rows = rows / length.clamp_min(1e-300)
    correlations = rows @ rows.T
    correlations[alike[:, None] | alike[None, :]] = 0
    correlations[alike[:, None] & alike[None, :]] = 1
    correlations.fill_diagonal_(1)
    values = torch.linalg.eigvalsh(correlations).clamp_min(0).tolist()
    return -math.fsum(math.log(v + K) + 1 / (v + K) for v in values)


@score(
    "jacobian", "Jacobian covariance",
    "Mellor, Turner, Storkey, Crowley: Neural Architecture Search without Training, first version, "
    "arXiv 2006.04647v1, eq. 2",
    ("images", "gradients"), 1, 1,
    "Where it tells good from bad it does so among poor networks: among the best it is close to "
    "chance. One pair of images that a network confuses decides the value.")
def jacobian_score(subject: ScoringSubject) -> float:
    return jacobian_covariance(subject.network, subject.images)
