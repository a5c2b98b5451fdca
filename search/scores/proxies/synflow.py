"""SynFlow: synaptic flow from a constant image through the absolute weights to the output.

R = 1ᵀ(∏ |θ|)1 and the score is Σ θ ∂R/∂θ over the weights, here its logarithm. The network is made
linear as the method assumes: non-linearities and normalisations are the identity (ReLU6 and tanh
are not clipped), biases are 0; gates (sigmoid) are 1, softmax is uniform.

R grows exponentially with depth, beyond the range of float64 for the deepest bundled networks. So
every tensor has an exponent, see `log_tensors`. The result is exact up to rounding.
"""

import math
from typing import TYPE_CHECKING

from search.errors import ScoreError
from search.scores.base import ScoringSubject, score

if TYPE_CHECKING:
    import torch


def log_synflow(net: "torch.nn.Module", size: tuple[int, int, int]) -> float:
    """ln Σ θ ∂R/∂θ of ``net`` for one image of ones, of shape ``size``; in nats.

    ``net`` is unchanged. Raises ScoreError if no weight is connected to the output, or only
    through a sigmoid.
    """
    import torch
    from torch.func import functional_call

    from search.scores.instrumentation import batch_statistics
    from search.scores.log_tensors import Scaled

    with torch.inference_mode(False), torch.enable_grad(), batch_statistics(net):
        net.eval()
        shared = {n: p.detach().double().abs() if p.dim() > 1 else torch.zeros_like(
            p, dtype=torch.float64) for n, p in net.named_parameters()}
        weights = [w.requires_grad_() for w in shared.values() if w.dim() > 1]
        doubled = {n: b.double() if b.is_floating_point() else b for n, b in net.named_buffers()}
        ones = Scaled.of(torch.ones(1, *size, dtype=torch.float64))
        output = functional_call(net, {**shared, **doubled}, (ones,))
        if not isinstance(output, Scaled) or not weights:
            raise ScoreError("nothing flows from the image to the network's output")
        total = output.plain().sum()
        slopes = torch.autograd.grad(total, weights, allow_unused=True)
    flow = math.fsum(float((w.detach() * g).sum()) for w, g in zip(weights, slopes, strict=True)
                     if g is not None)
    if not flow > 0:
        raise ScoreError("nothing flows from the image to the network's output")
    return output.exponent + math.log(flow)


@score(
    "synflow", "SynFlow (log)",
    "Tanaka, Kunin, Yamins, Ganguli: Pruning neural networks without any data by iteratively "
    "conserving synaptic flow, NeurIPS 2020, arXiv 2006.05467, eq. 2; as a score of networks "
    "Abdelfattah et al., ICLR 2021, arXiv 2101.08134, Sec. 3.2",
    ("gradients",), 1, 1,
    "Its logarithm is close to depth times the logarithm of width: it follows size, prefers "
    "unbranched depth, and knows nothing of normalisation, gates or data.", unit="nats")
def synflow_score(subject: ScoringSubject) -> float:
    return log_synflow(subject.network, subject.expansion.input)
