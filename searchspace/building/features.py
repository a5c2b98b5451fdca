"""Stages of a network as a backbone: where its maps of each reduction end. No torch."""

from collections.abc import Sequence

from searchspace.building.hierarchy import Group, Leaf, hierarchy
from searchspace.errors import GenotypeError
from searchspace.expansion import Expansion
from searchspace.ops.conv import Conv

REDUCTIONS = (4, 8, 16, 32)     # what detectors take


def stage_ends(expansion: Expansion, reductions: Sequence[int] = REDUCTIONS) -> tuple[int, ...]:
    """The nodes that end the `stages` at some reductions.

    Raises:
        GenotypeError: the network has no such reduction.
    """
    if not reductions:
        raise GenotypeError("features names reductions, such as (8, 16), and there are none")
    ends = stages(expansion)
    missing = [r for r in reductions if r not in ends]
    if missing:
        raise GenotypeError(f"the network has no maps at reduction {missing[0]}; it has "
                            f"{', '.join(map(str, ends))}")
    return tuple(ends[r] for r in reductions)


def stages(expansion: Expansion) -> dict[int, int]:
    """The node that ends each stage, by reduction: how many times smaller than the image its map
    is, as the nearest power of two; ascending.

    Of the steps of the net whose result is as small, it is the last, but for a single convolution
    behind the last block: that one only widens the maps for the classifier.
    """
    height = expansion.input[1]
    ends: dict[int, int] = {}
    blocks: dict[int, int] = {}         # the last of them that is a block
    for child in hierarchy(expansion).children:
        end = child.node if isinstance(child, Leaf) else max(child.outputs)
        _, rows, columns = expansion.nodes[end].shape
        if (rows, columns) == (1, 1):       # of the head
            continue
        reduction = _power(height / rows)
        ends[reduction] = end
        if isinstance(child, Group):
            blocks[reduction] = end
    last = max(ends, default=0)
    if last in blocks and isinstance(expansion.nodes[ends[last]].op, Conv):
        ends[last] = blocks[last]
    return dict(sorted(ends.items()))


def _power(ratio: float) -> int:
    """The nearest power of two."""
    power = 1
    while ratio > power * 2**0.5:
        power *= 2
    return power
