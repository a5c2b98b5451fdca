"""Size features of a network: its costs, its depth, its families' shares."""


import numpy as np

from searchspace.expansion import Expansion


def depth(expansion: Expansion) -> int:
    """Number of operations with multiply-adds on the longest path from the image to the output."""
    longest: list[int] = []
    for node in expansion.nodes:
        before = max((longest[i] for i in node.inputs if i >= 0), default=0)
        longest.append(before + (node.cost.macs > 0))
    return longest[expansion.output] if longest else 0


def family_shares(expansion: Expansion) -> dict[str, float]:
    """The share of the MACs in the blocks of each family: the outermost blocks of the genotype."""
    found: dict[str, float] = {}
    total = sum(node.cost.macs for node in expansion.nodes) or 1
    for node in expansion.nodes:
        if node.calls:
            name = node.calls[0].block
            found[name] = found.get(name, 0.0) + node.cost.macs / total
    return found


def size_features(expansion: Expansion) -> tuple[float, ...]:
    """Logarithms of MACs, parameters, activations (values of all operations) and depth."""
    cost = expansion.cost()
    activations = sum(c * h * w for c, h, w in (node.shape for node in expansion.nodes))
    return tuple(float(np.log(float(max(1, n))))
                 for n in (cost.macs, cost.params, activations, depth(expansion)))
