"""Spaces whose networks have all been trained: their points, and what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from search.tables import Table, read_tables
from searchspace import Genotype, SearchspaceError, load
from searchspace.identity import digest
from searchspace.notation.holes import Decisions
from searchspace.notation.tree import Atom
from searchspace.space.budget import Budget
from searchspace.space.enumeration import HoleTree, every_point
from searchspace.space.point import Point

MOST = 100_000      # points of a space, as far as all of them are expanded

Key = tuple[tuple[str, Atom], ...]


def key(decisions: Decisions) -> Key:
    """Decisions in an order of their own."""
    return tuple(sorted(decisions.items()))


@dataclass(frozen=True)
class Known:
    """A space with the identity of each point, by its decisions, and the value of each identity:
    networks that the table holds several times have the mean of their values."""

    space: Genotype
    table: Table
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


def read(name: str, files: tuple[Path, ...], column: str = "") -> Known:
    """A space with its table, of any format that `--objective table` reads.

    Raises:
        SearchspaceError: a file is no table, or lacks networks of the space.
    """
    space = load(name)
    if HoleTree.of(space).total > MOST:
        raise SearchspaceError(f"the space {name} is too large to have a table")
    table = read_tables(files, space)
    values = table.select(column)
    points, names, known = [], {}, {}
    for at in every_point(space):
        rows = table.own(at.decisions)
        value = values.mean(rows)
        if value is None:
            raise SearchspaceError(f"{table.file} does not hold the network "
                                   f"{dict(at.decisions)} of the space {name}")
        found = names[key(at.decisions)] = digest(at.expansion)
        known.setdefault(found, []).append(value)
        points.append(at)
    return Known(space, table, tuple(points), names, {k: fmean(v) for k, v in known.items()})
