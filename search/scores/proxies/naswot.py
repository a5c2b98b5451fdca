"""NASWOT: score of an untrained network by how much its activation codes of images differ.

Every image of a batch gets a binary code with one bit per activation (`activation_codes`), and the
score is the log-determinant of the matrix of agreements K, K_ij being the number of bits on which
images i and j agree. A network that tells the images apart has a large one.
"""

from typing import TYPE_CHECKING

from search.scores.base import ScoringSubject, score

if TYPE_CHECKING:
    import torch


def naswot(net: "torch.nn.Module", images: "torch.Tensor") -> float:
    """NASWOT score of `net` on `images`, log det K in nats; higher is better, never below 0.

    `images` has shape (N, ...) with N >= 2 and is not changed. `net` may be any module, a
    torch.fx.GraphModule among them. See `activation_codes.code` for how it is run and its side
    effects.

    K is an integer, positive semi-definite matrix, so that its log det is at least 0 unless it is
    singular. A singular K scores 0: a network that cannot tell the images apart never ranks above
    one that can, and the score stays finite. Images that are equal already in the batch would give
    every network a score of 0; that is an error of the batch and raises instead.

    Raises ScoreError if two images are equal, and as `activation_codes.code` does.
    """
    import torch

    from search.scores.activation_codes import check_distinct
    from search.scores.agreements import agreements

    kernel = agreements(net, images).cpu()
    # The elimination behind slogdet rarely meets an exact zero: without the test, rounding noise
    # of a singular kernel would pass for a plausible score.
    if torch.linalg.matrix_rank(kernel, hermitian=True) < len(kernel):
        check_distinct(images)
        return 0.0
    return max(0.0, float(torch.linalg.slogdet(kernel).logabsdet))


@score(
    "naswot", "NASWOT",
    "Mellor, Turner, Storkey, Crowley: Neural Architecture Search without Training, ICML 2021, "
    "arXiv 2006.04647, Sec. 3",
    ("images",), 1, 0,
    "Grows with the logarithm of the number of activations: families with many of them, and larger "
    "inputs, score higher at equal quality. The codes of gates and of small heads hardly count.",
    unit="nats", digits=1)
def naswot_score(subject: ScoringSubject) -> float:
    return naswot(subject.network, subject.images)
