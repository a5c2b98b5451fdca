"""VKDNW: how evenly a network's outputs inform about its weights, and how many layers it has.

The Fisher information of some weights θ, with the network's own softmax p in place of labels, is
F = E_x Jᵀ (diag p − p pᵀ) J, where J are the derivatives of the outputs before the softmax. With
A = √p (J − pᵀJ) that is E_x AᵀA, whose eigenvalues are squared singular values: no difference of
nearly equal numbers is taken, and none is negative.
"""

import math
import warnings
from typing import TYPE_CHECKING, Any

from search.errors import ScoreError
from search.scores.base import ScoringSubject, score

if TYPE_CHECKING:
    import torch

IMAGES = 4          # of noise
WEIGHTS = 16        # at most: the first one of so many layers, evenly spread over the depth
DECILES = tuple(k / 10 for k in range(1, 10))


def vkdnw(net: "torch.nn.Module", images: "torch.Tensor") -> float:
    """Number of layers with weights, plus `evenness` of the eigenvalues of `information`."""
    from search.scores.instrumentation import weights

    return len(weights(net)) + evenness(information(net, images))


def information(net: "torch.nn.Module", images: "torch.Tensor") -> "torch.Tensor":
    """The eigenvalues of the Fisher information of the first weights of up to 16 layers.

    ``images`` have shape (N, C, H, W). The network is unchanged, see
    `instrumentation.batch_statistics`. Raises ScoreError for a network with one output.
    """
    import torch

    from search.scores.instrumentation import weights

    mine = {id(w) for w in weights(net)}
    names = [name for name, w in net.named_parameters() if id(w) in mine]
    count = min(WEIGHTS, len(names))
    chosen = [names[i * len(names) // count] for i in range(count)]
    outputs, columns = zip(*(_derivative(net, images, name) for name in chosen), strict=True)
    if outputs[0].shape[1] < 2:
        raise ScoreError("the network has one class, which nothing informs about")
    p = outputs[0].double().softmax(1).unsqueeze(2)
    jacobian = torch.stack(columns, 2).double()         # (N, classes, weights)
    a = p.sqrt() * (jacobian - (p * jacobian).sum(1, keepdim=True))
    found: torch.Tensor = torch.linalg.svdvals(a.flatten(0, 1) / math.sqrt(len(images)))
    return found.square()


def evenness(eigenvalues: "torch.Tensor") -> float:
    """Entropy of the nine deciles of the eigenvalues, divided by their sum: 0 to ln 9, in nats.

    Raises ScoreError if all deciles are 0.
    """
    import torch

    deciles = torch.quantile(eigenvalues, torch.tensor(DECILES, dtype=eigenvalues.dtype))
    if not deciles.sum() > 0:
        raise ScoreError("the outputs do not depend on most of the layers")
    return float(torch.special.entr(deciles / deciles.sum()).sum())


def _derivative(net: "torch.nn.Module", images: "torch.Tensor",
                name: str) -> "tuple[torch.Tensor, torch.Tensor]":
    """The outputs before the softmax, and their derivative by the first entry of one weight; each
    of shape (N, classes). Forward differentiation: the statistics of a batch depend on a weight
    through all of its images, and one pass is enough for all classes."""
    import torch
    from torch.autograd import forward_ad
    from torch.func import functional_call

    from search.scores.instrumentation import batch_statistics, logits

    forward: Any = forward_ad       # which has no types
    with torch.inference_mode(False), torch.no_grad(), batch_statistics(net), \
            forward.dual_level():
        weight = net.get_parameter(name).detach()
        direction = torch.zeros_like(weight)
        direction[(0,) * weight.dim()] = 1
        with warnings.catch_warnings():         # torch's own, about what it imports here
            warnings.simplefilter("ignore", DeprecationWarning)
            dual = forward.make_dual(weight, direction)
        output = logits(functional_call(net, {name: dual}, (images.clone(),)))
        found = forward.unpack_dual(output)
        changed = torch.zeros_like(found.primal) if found.tangent is None else found.tangent
        return found.primal.clone(), changed.clone()


@score(
    "vkdnw", "VKDNW",
    "Týbl, Neumann: Training-free Neural Architecture Search through Variance of Knowledge of Deep "
    "Network Weights, CVPR 2025, arXiv 2502.04975, eq. 11 and 12 (VKDNW single). There: 64 images, "
    "normalisation as at its start, a weight of every tensor of the first layers, biases and norms "
    "counted too. Here: 4 images, batch statistics, a weight of each of 16 convolutions or linear "
    "layers over all of the depth, and only these are counted",
    ("noise",), 4, 0,
    "Counts layers: the entropy, 0 to 2.2, decides between networks of equally many. The whole "
    "entropy rests on one weight a layer, and on few images.", digits=3)
def vkdnw_score(subject: ScoringSubject) -> float:
    return vkdnw(subject.network, subject.noise(min(IMAGES, subject.batch)))
