"""Zen-score: sensitivity of the features to perturbations of the image, with random weights.

log E‖f(x) − f(x + αε)‖ + Σ log σ̄ over the batch norms, σ̄² being the mean variance of a norm's input
over its channels, which undoes the normalisation. Weights, image and ε are standard normal. f is
the network before its head: the last maps larger than 1×1 on each path to the output.
"""

import math
from typing import TYPE_CHECKING

from search.errors import ScoreError
from search.scores.base import ScoringSubject, score

if TYPE_CHECKING:
    import torch

    from search.scores.node_network import NodeNetwork

ALPHA = 0.01    # of the perturbation, as in the paper
_NORMS = frozenset({"batch_norm", "native_batch_norm"})


def zen(net: "NodeNetwork", x: "torch.Tensor", epsilon: "torch.Tensor", seed: int) -> float:
    """Zen-score of a network in nats, its weights drawn from ``seed``; higher is better.

    ``x`` and ``epsilon`` have shape (N, C, H, W). ``net`` is unchanged. Computed in float32, or if
    that overflows (deep networks without normalisation) in float64. Raises ScoreError if the
    features do not change.
    """
    import torch

    for kind in (torch.float32, torch.float64):
        value = _zen(net, x.to(kind), epsilon.to(kind), seed)
        if math.isfinite(value):
            return value
    raise ScoreError("the features do not change with the image")


def _zen(net: "NodeNetwork", x: "torch.Tensor", epsilon: "torch.Tensor", seed: int) -> float:
    import torch
    from torch.func import functional_call

    from search.scores.instrumentation import Watch, batch_statistics
    from search.scores.node_network import features

    spreads: list[float] = []

    def before(name: str, z: "torch.Tensor") -> None:
        mean_variance = float(z.double().transpose(0, 1).flatten(1).var(1, correction=0).mean())
        if mean_variance > 0:       # no variance, nothing to undo
            spreads.append(0.5 * math.log(mean_variance))

    keep = features(net.expansion)
    drawn = _gaussian(net, x.dtype, seed)
    with torch.no_grad(), batch_statistics(net):
        with Watch(_NORMS, before=before):
            _, here = functional_call(net, drawn, (x, keep))
        _, there = functional_call(net, drawn, (x + ALPHA * epsilon, keep))
    moved = sum(((here[i].double() - there[i].double()) ** 2).flatten(1).sum(1) for i in keep)
    assert isinstance(moved, torch.Tensor)
    distance = float(moved.sqrt().mean())
    return math.log(distance) + math.fsum(spreads) if distance > 0 else -math.inf


def _gaussian(net: "NodeNetwork", kind: "torch.dtype", seed: int) -> "dict[str, torch.Tensor]":
    """Standard normal weights, scales of 1 and biases of 0, and copies of the buffers."""
    import torch
    from torch import nn

    generator = torch.Generator().manual_seed(seed)
    norms = {f"{name}.weight" for name, m in net.named_modules()
             if hasattr(m, "running_mean") or isinstance(m, nn.LayerNorm | nn.GroupNorm)}
    made = {}
    for name, p in net.named_parameters():
        if p.dim() > 1:
            made[name] = torch.randn(p.shape, generator=generator, dtype=torch.float32).to(kind)
        else:
            made[name] = torch.full(p.shape, float(name in norms), dtype=kind)
    for name, b in net.named_buffers():
        made[name] = b.to(kind) if b.is_floating_point() else b.clone()
    return made


@score(
    "zen", "Zen-score",
    "Lin, Wang, Sun, Chen, Sun, Qian, Li, Jin: Zen-NAS: A Zero-Shot NAS for High-Performance Image "
    "Recognition, ICCV 2021, arXiv 2102.01063, Algorithm 1; with shortcuts kept",
    ("noise",), 2, 0,
    "Nearly the sum of log widths over depth: it follows size. Shortcuts and dense concatenation "
    "lower it though they help training; networks without batch norm are on another scale.",
    unit="nats")
def zen_score(subject: ScoringSubject) -> float:
    return zen(subject.nodes, subject.noise(subject.batch), subject.noise(subject.batch, 1),
               subject.weight_seed)
