"""Spaces whose networks have all been trained: their points, and what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from search.benchmark_table import read_table
from searchspace import Genotype, SearchspaceError, load
from searchspace.identity import identity
from searchspace.notation.holes import Decisions
from searchspace.notation.tree import Atom
from searchspace.space.budget import Budget
from searchspace.space.counting import walk
from searchspace.space.point import Point

Key = tuple[tuple[str, Atom], ...]


def key(decisions: Decisions) -> Key:
    """Decisions in an order of their own."""
    return tuple(sorted(decisions.items()))


@dataclass(frozen=True)
class Known:
    """A space with the identity of each point, by its decisions, and the value of each identity:
    networks that the table holds several times have the mean of their values."""

    space: Genotype
    points: tuple[Point, ...]
    names: Mapping[Key, str]
    values: Mapping[str, float]

    def name(self, at: Point) -> str:
        """The identity of a network."""
        return self.names[key(at.decisions)]

    def value(self, at: Point) -> float:
        """What is known of a network."""
        return self.values[self.name(at)]

    def best(self, budget: Budget) -> float:
        """The greatest value inside a budget."""
        return max(self.value(p) for p in self.points if budget.fits(p))


def read(name: str, path: Path) -> Known:
    """A space with its table, of either format that `--objective table` reads.

    Raises:
        SearchspaceError: the file is no table, or lacks networks of the space.
    """
    space = load(name)
    points = walk(space)
    if points is None:
        raise SearchspaceError(f"the space {name} is too large to have a table")
    table = read_table(path)
    names = {key(p.decisions): identity(space, p.decisions) for p in points}
    values: dict[str, float] = {}
    for at in points:
        found = names[key(at.decisions)]
        if found not in values:
            value = table.value(found, at.cost)
            if value is None:
                raise SearchspaceError(f"{path} does not hold the network "
                                       f"{dict(at.decisions)} of the space {name}")
            values[found] = value
    return Known(space, tuple(points), names, values)
