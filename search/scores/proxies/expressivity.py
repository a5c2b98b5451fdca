"""AZ-NAS expressivity: how evenly the features of each block spread over their dimensions."""

from typing import TYPE_CHECKING

from search.errors import ScoreError
from search.scores.base import Subject, TrainingFree

if TYPE_CHECKING:
    import torch


def block_entropies(subject: Subject) -> list[float]:
    """The entropy of each primary block's output for noise, in order; in nats.

    It is that of the eigenvalues, brought to a sum of 1, of the covariance of the channels over
    images and positions: 0 where one direction has it all, log C where all are equal.

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


def _rule(subject: Subject) -> float:
    return sum(block_entropies(subject))


SOURCE = ("Lee, Ham: AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search, CVPR "
          "2024, arXiv 2403.19232, ")

EXPRESSIVITY = TrainingFree(
    "az-expressivity", "AZ-NAS expressivity", SOURCE + "eq. 3 and 4", ("noise",), 1, 0,
    "A sum over blocks of at most log C: it grows with their number. What a block is follows from "
    "the genotype's calls, so that families written in larger blocks have fewer.",
    _rule, "nats")
