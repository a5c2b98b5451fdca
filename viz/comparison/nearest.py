"""The most similar published network, by the distribution of the multiply-adds."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from searchspace.expansion import Expansion
from searchspace.shapes import Size, size_of
from searchspace.zoo.published import Resized, published_at

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Profile = Mapping[tuple[str, str, int], int]


def profile(expansion: Expansion) -> Profile:
    """The multiply-adds of a network by kind of operation, kernel and height of the output."""
    spent: dict[tuple[str, str, int], int] = {}
    for node in expansion.nodes:
        if node.cost.macs:
            key = node.op.kind, str(getattr(node.op, "k", "")), node.shape[1]
            spent[key] = spent.get(key, 0) + node.cost.macs
    return spent


def difference(a: Profile, b: Profile) -> float:
    """Bray–Curtis dissimilarity: 0 for equal profiles, 1 for disjoint ones. It is relative, since
    by absolute differences small networks would be near to all others."""
    alike = sum(min(n, b.get(key, 0)) for key, n in a.items())
    both = sum(a.values()) + sum(b.values())
    return 1 - 2 * alike / both if both else 0.0


@dataclass(frozen=True, slots=True)
class References:
    """Published networks at some input size, and their profiles as rows of a table, whose columns
    ``keys`` numbers."""

    networks: tuple[Resized, ...]
    keys: Mapping[tuple[str, str, int], int]
    spent: "NDArray[np.float64]"

    def differences(self, mine: Profile) -> "NDArray[np.float64]":
        """The `difference` of a profile from each of them."""
        import numpy as np  # here: the page's server needs no more of it

        row = np.zeros(len(self.keys))
        for key, macs in mine.items():
            if key in self.keys:
                row[self.keys[key]] = macs
        alike, both = np.minimum(self.spent, row).sum(1), self.spent.sum(1) + sum(mine.values())
        found: NDArray[np.float64] = 1 - 2 * alike / np.maximum(both, 1)
        return found


@lru_cache(maxsize=8)
def references(size: Size) -> References:
    """The bundled networks that take images of this size."""
    import numpy as np

    networks = published_at(size)
    profiles = [profile(network.expansion) for network in networks]
    keys = {key: i for i, key in enumerate(dict.fromkeys(k for p in profiles for k in p))}
    spent = np.zeros((len(networks), len(keys)))
    for row, found in zip(spent, profiles, strict=True):
        for key, macs in found.items():
            row[keys[key]] = macs
    return References(networks, keys, spent)


def nearest(expansion: Expansion) -> Resized | None:
    """The published network with the least `difference` at this input size, the first for ties;
    None if no bundled one takes such images."""
    known = references(size_of(*expansion.input[1:]))
    found = known.differences(profile(expansion)).tolist()
    return min(zip(found, known.networks, strict=True),
               key=lambda pair: (pair[0], pair[1].name), default=(0.0, None))[1]
