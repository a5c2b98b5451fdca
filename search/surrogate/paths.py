"""Operations counted along the paths of a network, from its input to its output.

GRAF (Kadlecová et al. 2024, arXiv 2405.03484) describes a cell by the shortest path that uses only
some operations and by the most of them that a path can meet. Here the whole network is walked, for
every set of a few kinds of operation: the fewest, the most, and the mean over all paths. A path
that avoids some kinds exists where the fewest of them are none.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from searchspace.expansion import Node

Array = NDArray[np.float64]

WHOLE = 4           # kinds up to which every set of them is counted; of more, one or two together


def sets_of(kinds: Sequence[str]) -> list[frozenset[str]]:
    """The sets of kinds that are counted along paths."""
    most = len(kinds) if len(kinds) <= WHOLE else 2
    return [frozenset(some) for size in range(1, most + 1)
            for some in itertools.combinations(kinds, size)]


def along_paths(nodes: Sequence[tuple[int, Node, str]], sets: Sequence[frozenset[str]],
                ) -> tuple[Array, float]:
    """Fewest, most and mean operations of each set on a path to the last node, shape (3, sets),
    and the natural logarithm of the number of paths.

    ``nodes``: number, operation and kind of those that lead from the input to the output, in order;
    other inputs of theirs are left out.
    """
    start = np.zeros((3, len(sets)))
    member = {kind: np.array([kind in some for some in sets], dtype=float)
              for kind in {kind for *_, kind in nodes}}
    found: dict[int, tuple[Array, float]] = {}
    for i, node, kind in nodes:
        before = [found[j] if j >= 0 else (start, 0.0) for j in node.inputs if j < 0 or j in found]
        if len(before) == 1:
            counts, paths = before[0]
        else:
            each = np.stack([counts for counts, _ in before])
            logs = [paths for _, paths in before]
            most = max(logs)
            weights = np.array([math.exp(one - most) for one in logs])
            paths = most + math.log(weights.sum())
            counts = np.stack([each[:, 0].min(0), each[:, 1].max(0),
                               weights @ each[:, 2] / weights.sum()])
        found[i] = counts + member[kind], paths
    return found[nodes[-1][0]] if nodes else (start, 0.0)
