"""MeCo: independence of the channels of each layer's response to one noise image."""

from typing import TYPE_CHECKING

from search.errors import ScoreError
from search.scores.base import ScoringSubject, score

if TYPE_CHECKING:
    import torch


def meco(net: "torch.nn.Module", image: "torch.Tensor") -> float:
    """Σ over the convolutions of the least eigenvalue of the correlations of their output channels.

    ``image`` has shape (N, C, H, W); only the first is used, others contribute to the statistics
    of batch norms, for maps of a single pixel. A channel without variance correlates with none; a
    layer with no more positions than channels has a singular matrix, and adds 0. The network is
    unchanged. Raises ScoreError if it has no convolution.
    """
    import torch

    from search.scores.instrumentation import CONVOLUTIONS, Watch, batch_statistics

    found: list[float] = []

    def after(name: str, y: "torch.Tensor") -> "torch.Tensor":
        rows = y.detach()[0].flatten(1).double()
        found.append(_least(rows) if 1 < len(rows) < rows.shape[1] else 0.0)
        return y

    def _least(rows: "torch.Tensor") -> float:
        rows = rows / rows.abs().amax(1, keepdim=True).clamp_min(1e-300)
        rows = rows - rows.mean(1, keepdim=True)
        length = rows.norm(dim=1, keepdim=True)
        rows = torch.where(length > 1e-9, rows / length.clamp_min(1e-300), 0.0)
        correlations = rows @ rows.T
        correlations.fill_diagonal_(1)
        return max(0.0, float(torch.linalg.eigvalsh(correlations)[0]))

    with torch.no_grad(), batch_statistics(net), Watch(CONVOLUTIONS, after=after):
        net(image.clone())
    if not found:
        raise ScoreError("the network has no convolution")
    return sum(found)


@score(
    "meco", "MeCo",
    "Jiang, Wang, Bie: MeCo: Zero-Shot NAS with One Data and Single Forward Pass via Minimum "
    "Eigenvalue of Correlation, NeurIPS 2023, eq. 9; on convolutions",
    ("noise",), 1, 0,
    "A layer with more channels than pixels adds nothing: late layers, and all at small inputs, "
    "are not seen. Narrow layers score higher than wide ones.", digits=4)
def meco_score(subject: ScoringSubject) -> float:
    single = any(node.shape[1:] == (1, 1) and node.op.kind != "linear"
                 for node in subject.expansion.nodes)
    return meco(subject.network, subject.noise(2 if single else 1))
