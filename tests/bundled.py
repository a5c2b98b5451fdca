"""The bundled networks, read and expanded once for all tests of a process."""

from functools import cache

import pytest

from searchspace import Genotype, cost, load, published
from searchspace.expansion import Expansion, trace
from searchspace.ops import Cost

NAMES = published()
# A family is a file; its networks are the file's variants.
FAMILIES = {family: tuple(name for name in NAMES if name.partition("@")[0] == family)
            for family in dict.fromkeys(name.partition("@")[0] for name in NAMES)}
each_family = pytest.mark.parametrize("names", FAMILIES.values(), ids=FAMILIES)


@cache
def network(name: str) -> Genotype:
    """A bundled network or space by its name."""
    return load(name)


@cache
def expanded(name: str) -> Expansion:
    """A bundled network with its shapes and costs."""
    return trace(network(name))


def cheapest() -> tuple[str, ...]:
    """The network of each family that has the fewest MACs."""
    return tuple(min(names, key=lambda name: costs()[name].macs) for names in FAMILIES.values())


@cache
def costs() -> dict[str, Cost]:
    """MACs and parameters of all bundled networks, by name."""
    return {name: cost(network(name)) for name in NAMES}


# One network a family every day, the others among the slow tests.
each_network = pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name in cheapest() else pytest.mark.slow) for name in NAMES])
