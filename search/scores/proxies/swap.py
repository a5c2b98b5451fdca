"""SWAP: number of distinct activation patterns over a batch, one pattern per activation.

Every activation of the network has one bit per image (`activation_codes`); its pattern over the
batch is a word of as many bits as there are images, and the score is the number of distinct words.
"""

from typing import TYPE_CHECKING

from search.scores.base import ScoringSubject, score

if TYPE_CHECKING:
    import torch

_CHUNK = 2**21      # patterns sorted at once


def swap(net: "torch.nn.Module", images: "torch.Tensor") -> float:
    """Number of distinct sample-wise activation patterns of ``net`` on ``images``, (N, ...).

    Exact up to 62 images. For more, patterns are hashed to a 64-bit sum of fixed random numbers,
    one per image: ten million patterns have a collision once in 400,000 runs. See
    `activation_codes.code` for how the network is run, its side effects, and what raises; equal
    images raise ScoreError, as for NASWOT.
    """
    import torch

    from search.scores.activation_codes import check_distinct, code

    count = len(images) if images.dim() else 0
    if count <= 62:
        words = 2 ** torch.arange(count)
    else:
        generator = torch.Generator().manual_seed(0)
        words = torch.randint(-2**63, 2**63 - 1, (count,), generator=generator)
    words = words.to(images.device)
    seen = torch.empty(0, dtype=torch.int64, device=images.device)
    waiting: list[torch.Tensor] = []

    def collapse() -> None:
        nonlocal seen
        seen = torch.unique(torch.cat([seen, *waiting]))
        waiting.clear()

    def visit(flat: "torch.Tensor") -> None:
        pattern = torch.zeros(flat.shape[1], dtype=torch.int64, device=flat.device)
        for image, word in zip(flat, words, strict=True):
            pattern += (image > 0) * word       # overflow wraps around, the same everywhere
        waiting.append(pattern)
        if sum(map(len, waiting)) >= _CHUNK:
            collapse()

    code(net, images, visit)
    check_distinct(images)
    collapse()
    return float(len(seen))


@score(
    "swap", "SWAP",
    "Peng, Song, Fayek, Ciesielski, Chang: SWAP-NAS: Sample-Wise Activation Patterns for "
    "Ultra-Fast NAS, ICLR 2024, arXiv 2403.04161, Definition 3.3; without its regularisation by "
    "parameters",
    ("images",), 1, 0,
    "Bounded by the number of activations, and for few images by 2 to their number: it grows with "
    "input size and width before anything else.", unit="patterns", digits=0)
def swap_score(subject: ScoringSubject) -> float:
    return swap(subject.network, subject.images)
