"""AZ-NAS trainability: whether gradients keep their length from block to block."""

import random
from itertools import pairwise
from typing import TYPE_CHECKING

from search.errors import ScoreError
from search.scores.base import Subject, TrainingFree
from search.scores.proxies.expressivity import SOURCE

if TYPE_CHECKING:
    import torch


def trainability(subject: Subject) -> float:
    """Mean over pairs of consecutive blocks of 2 − σ − 1/σ: at most 0, where σ = 1.

    σ is the greatest singular value of a block's Jacobian over the channels, estimated with one
    random sign each position. Where a block halves the size, the input's gradient is brought to
    the output's size by moving pixels to channels. Pairs of which one is no input of the other
    are left out; so is a block that passes gradients on unchanged.

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


TRAINABILITY = TrainingFree(
    "az-trainability", "AZ-NAS trainability", SOURCE + "eq. 9 and 10", ("noise", "gradients"), 1, 1,
    "Depends on the initial weights; a block far from σ = 1 outweighs all others. Blocks as for "
    "expressivity.",
    trainability, digits=3)
