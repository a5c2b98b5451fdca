"""Every point of a space, one after the other."""

from collections.abc import Iterator
from contextlib import suppress

from .errors import GenotypeError
from .genotype import Genotype
from .holes import Hole
from .space import Point, point
from .tree import Atom


def points(space: Genotype) -> Iterator[Point]:
    """All points of a space, each once; those whose steps do not fit each other are left out.

    A hole is only decided where it exists, so that conditional holes do not multiply. Different
    points may still be the same network (`identity`).
    """
    todo: list[dict[str, Atom]] = [{}]
    while todo:
        given = todo.pop()
        opened: dict[str, Hole] = {}

        def first(name: str, hole: Hole, opened: dict[str, Hole] = opened) -> Atom:
            opened[name] = hole
            return hole.labels[0]

        with suppress(GenotypeError):
            yield point(space, first, given)
        for name, hole in opened.items():     # what comes before stays as it is, the rest is new
            todo += [{**given, name: label} for label in hole.labels[1:]]
            given = {**given, name: hole.labels[0]}
