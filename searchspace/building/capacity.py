"""Check that a network can be built in this machine's memory and in minutes, beforehand."""

import os

from searchspace.cost import peak
from searchspace.errors import GenotypeError
from searchspace.expansion import Expansion
from searchspace.units import show_bytes

FLOAT = 4       # bytes of a float32
# Layers at most; the bundled networks have up to 2,006. Other tools count in quadratic time.
BUILT, VERIFIED = 20_000, 5_000


def check_layers(expansion: Expansion, most: int = BUILT) -> None:
    """Raise GenotypeError for a network of more layers, which would take minutes to build, or
    hours to verify."""
    if len(expansion.nodes) > most:
        raise GenotypeError(f"the network has {len(expansion.nodes):,} layers, and those of up to "
                            f"{most:,} are {'built' if most == BUILT else 'verified'}")


def check_memory(expansion: Expansion, title: str) -> None:
    """Raise GenotypeError for a network whose weights, image and peak activations in float32 are
    more than the machine's memory: allocating so much may kill the process."""
    c, h, w = expansion.input
    needed = FLOAT * (expansion.cost().params + c * h * w) + peak(expansion).bytes
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):       # unknown on this system
        return
    if needed > there:
        raise GenotypeError(f"{title or 'the network'} needs {show_bytes(needed)} for its weights "
                            f"and activations, and this machine has {show_bytes(there)}")
