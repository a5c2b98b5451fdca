"""Published networks at a search's input size."""

from functools import lru_cache
from typing import NamedTuple

from searchspace.errors import GenotypeError
from searchspace.expansion import Expansion, trace
from searchspace.genotype import Genotype
from searchspace.load import load, published
from searchspace.shapes import Size


class Resized(NamedTuple):
    """A bundled network, expanded for some input size."""

    name: str
    genotype: Genotype
    expansion: Expansion        # without names


@lru_cache(maxsize=8)
def published_at(size: Size) -> tuple[Resized, ...]:
    """The bundled networks that take images of this size; cached, since expanding all
    of them takes seconds."""
    found = []
    for name in published():
        genotype = load(name).with_input(size)
        try:
            found.append(Resized(name, genotype, trace(genotype, named=False)))
        except GenotypeError:
            continue            # images of this size do not fit through it
    return tuple(found)
