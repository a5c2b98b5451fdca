"""The most similar published network, by the distribution of the multiply-adds."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from searchspace.expansion import Expansion
from searchspace.shapes import Size, size_of
from searchspace.zoo.published import Resized, published_at

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
class Reference:
    """A published network at some input size."""

    network: Resized
    profile: Profile


@lru_cache(maxsize=4)
def references(size: Size) -> tuple[Reference, ...]:
    """The bundled networks that take images of this size."""
    return tuple(Reference(r, profile(r.expansion)) for r in published_at(size))


def nearest(expansion: Expansion) -> Resized | None:
    """The published network with the least `difference` at this input size, the first for ties;
    None if no bundled one takes such images."""
    mine = profile(expansion)
    found = min(references(size_of(*expansion.input[1:])),
                key=lambda r: (difference(mine, r.profile), r.network.name), default=None)
    return found.network if found else None
