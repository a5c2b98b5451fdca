"""DeepMAD's entropy: expressiveness from widths, depth and resolutions alone.

The entropy of a stage's output is log(H·W·C) · Σ log(c k²/g) over the layers before it: k²c/g is
the number of inputs that one output value depends on. Stages end where the resolution changes;
the score is the weighted sum over them, in which the last one has the largest weight.
"""

import math

from search.errors import ScoreError
from search.scores.base import ScoringSubject, score
from searchspace.expansion import Expansion

LAST = 8        # weight of the last stage; the others have 1 (Sec. 4.1)


def entropy(expansion: Expansion) -> float:
    """The multi-scale entropy of a network; no unit. No torch.

    Of several paths to a layer the one of greatest sum counts. The number of inputs of a value is
    MACs over values, for every operation. Gates (1×1 pixels) and the head are left out.

    Raises:
        ScoreError: no layer is larger than 1×1.
    """
    sums: list[float] = []
    stages: dict[tuple[int, int], float] = {}
    for node in expansion.nodes:
        before = max((sums[i] for i in node.inputs if i >= 0), default=0.0)
        c, h, w = node.shape
        if (h, w) == (1, 1):
            sums.append(before)
            continue
        sums.append(before + (math.log(node.cost.macs / (c * h * w)) if node.cost.macs else 0.0))
        stages[h, w] = max(stages.get((h, w), 0.0), math.log(c * h * w) * sums[-1])
    if not stages:
        raise ScoreError("the network has no layer larger than 1×1")
    ordered = [stages[size] for size in sorted(stages, key=lambda s: s[0] * s[1], reverse=True)]
    return sum(ordered) + (LAST - 1) * ordered[-1]


@score(
    "deepmad", "DeepMAD entropy",
    "Shen, Wang, Lin, Wang, Wang, Tang: DeepMAD: Mathematical Architecture Design for Deep "
    "Convolutional Neural Network, CVPR 2023, arXiv 2303.02165, eq. 4 and Sec. 4.1; without its "
    "bounds on depth over width, which are rules of a search and no score",
    (), 0, 0,
    "Knows no shortcuts, activations or normalisation, and of parallel branches only the longest: "
    "it grows with depth without end.", digits=1)
def deepmad_score(subject: ScoringSubject) -> float:
    return entropy(subject.expansion)
