"""AZ-NAS (Lee & Ham 2024): four aspects of a network, and their combination by ranks.

Expressivity: how evenly the features of each block spread over their dimensions. Progressivity: the
least growth of expressivity from one block to the next. Trainability: whether gradients keep their
norm from block to block. Complexity: the multiply-adds, where more is better. In the combination
one bad rank outweighs several good ones.
"""

import random
from itertools import pairwise
from typing import TYPE_CHECKING

from search.errors import ScoreError
from search.scores.base import ScoringSubject, score
from search.scores.rank_aggregation import Combination
from search.scores.relative import RELATIVE

if TYPE_CHECKING:
    import torch

SOURCE = ("Lee, Ham: AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search, CVPR "
          "2024, arXiv 2403.19232, ")


def block_entropies(subject: ScoringSubject) -> list[float]:
    """The entropy of each primary block's output for noise, in order; in nats.

    It is that of the eigenvalues, normalised to a sum of 1, of the covariance of the channels over
    images and positions: from 0 (one direction has all variance) to log C (all are equal).

    Raises:
        ScoreError: the network has no blocks.
    """
    import torch

    from search.scores.instrumentation import batch_statistics
    from search.scores.node_network import block_ends

    ends = block_ends(subject.expansion)
    if not ends:
        raise ScoreError("the network has no block whose features could be looked at")
    with torch.no_grad(), batch_statistics(subject.nodes):
        _, kept = subject.nodes(subject.noise(subject.batch), ends)
    return [entropy(kept[i]) for i in ends]


def entropy(features: "torch.Tensor") -> float:
    """Entropy of the spectrum of features of shape (N, C, H, W); 0 where they do not vary."""
    import torch

    rows = features.transpose(0, 1).flatten(1).double()
    rows = rows / rows.abs().max().clamp_min(1e-300)
    rows = rows - rows.mean(1, keepdim=True)
    # Of the two products the smaller has all of the eigenvalues that are not 0.
    product = rows @ rows.T if len(rows) <= rows.shape[1] else rows.T @ rows
    values = torch.linalg.eigvalsh(product).clamp_min(0)
    total = float(values.sum())
    return float(torch.special.entr(values / total).sum()) if total > 0 else 0.0


@score(
    "az-expressivity", "AZ-NAS expressivity", SOURCE + "eq. 3 and 4", ("noise",), 1, 0,
    "A sum over blocks of at most log C: it grows with their number. What a block is follows from "
    "the genotype's calls, so that families written in larger blocks have fewer.", unit="nats")
def expressivity_score(subject: ScoringSubject) -> float:
    return sum(block_entropies(subject))


@score(
    "az-progressivity", "AZ-NAS progressivity", SOURCE + "eq. 5", ("noise",), 1, 0,
    "One pair of blocks decides the value; of deep networks the minimum of more pairs is lower.",
    unit="nats", digits=3)
def progressivity_score(subject: ScoringSubject) -> float:
    found = block_entropies(subject)
    if len(found) < 2:
        raise ScoreError("progressivity needs two blocks, and the network has one")
    return min(b - a for a, b in pairwise(found))


def trainability(subject: ScoringSubject) -> float:
    """Mean over pairs of consecutive blocks of 2 − σ − 1/σ: at most 0, where σ = 1.

    σ is the greatest singular value of a block's Jacobian over the channels, estimated with one
    random sign per position. If a block halves the size, the input's gradient is reshaped to the
    output's size by moving pixels to channels. Pairs that are not connected, and blocks that are
    the identity for gradients, are left out.

    Raises:
        ScoreError: there is no such pair.
    """
    import torch

    from search.scores.instrumentation import batch_statistics
    from search.scores.node_network import block_ends

    ends = block_ends(subject.expansion)
    generator = torch.Generator().manual_seed(
        random.Random(f"{subject.data_seed} signs").getrandbits(62))
    with batch_statistics(subject.nodes), torch.inference_mode(False), torch.enable_grad():
        image = subject.noise(subject.batch).requires_grad_()
        _, kept = subject.nodes(image, ends)
        found = []
        for before, after in pairwise(ends):
            y = kept[after]
            signs = torch.randint(2, y.shape, generator=generator).to(y) * 2 - 1
            back, = torch.autograd.grad(y, kept[before], signs, retain_graph=True,
                                        allow_unused=True)
            if back is not None and not (back.shape == signs.shape and torch.equal(back, signs)):
                sigma = _greatest(back, signs)
                found.append(2 - sigma - 1 / (sigma + 1e-6))
    if not found:
        raise ScoreError("no two blocks of the network follow each other")
    return sum(found) / len(found)


def _greatest(back: "torch.Tensor", signs: "torch.Tensor") -> float:
    """The estimated greatest singular value; shapes (N, C, H, W) of the input and the output."""
    import torch
    import torch.nn.functional as F

    h, w = signs.shape[2:]
    stride = max(1, min(back.shape[2] // h, back.shape[3] // w))
    if stride > 1:
        back = F.pixel_unshuffle(back[:, :, :h * stride, :w * stride], stride)
    h, w = min(h, back.shape[2]), min(w, back.shape[3])
    rows = back[:, :, :h, :w].transpose(0, 1).flatten(1).double()
    columns = signs[:, :, :h, :w].transpose(0, 1).flatten(1).double()
    product = rows @ columns.T / rows.shape[1]
    smaller = product @ product.T if len(product) <= product.shape[1] else product.T @ product
    return float(torch.linalg.eigvalsh(smaller)[-1].clamp_min(0).sqrt())


@score(
    "az-trainability", "AZ-NAS trainability", SOURCE + "eq. 9 and 10", ("noise", "gradients"), 1, 1,
    "Depends on the initial weights; a block far from σ = 1 outweighs all others. Blocks as for "
    "expressivity.", digits=3)
def trainability_score(subject: ScoringSubject) -> float:
    return trainability(subject)


@score(
    "az-complexity", "AZ-NAS complexity", SOURCE + "Sec. 3.2", (), 0, 0,
    "It is the cost, as `macs`: alone it finds the largest network that fits.",
    unit="multiply-adds", digits=0)
def complexity_score(subject: ScoringSubject) -> float:
    return float(subject.expansion.cost().macs)


RELATIVE.add("az-nas", Combination(
    "az-nas", "AZ-NAS", SOURCE + "eq. 11",
    (expressivity_score, progressivity_score, trainability_score, complexity_score), "log",
    "That of its parts; complexity makes it follow MACs."))
