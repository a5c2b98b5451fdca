"""Spaces whose networks have all been trained: their points, and what is known of each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from searchspace import Genotype, SearchspaceError, load
from searchspace.budget import Budget
from searchspace.census import walk
from searchspace.identity import identity
from searchspace.space import Point
from searchspace.tree import Atom

Key = tuple[tuple[str, Atom], ...]


def key(decisions: Mapping[str, Atom]) -> Key:
    """Decisions in an order of their own."""
    return tuple(sorted(decisions.items()))


@dataclass(frozen=True)
class Known:
    """A space with the value of each network, by its decisions."""

    space: Genotype
    points: tuple[Point, ...]
    values: Mapping[Key, float]
    _names: dict[Key, str] = field(default_factory=dict)

    def name(self, at: Point) -> str:
        """The identity of a network, found once."""
        where = key(at.decisions)
        if where not in self._names:
            self._names[where] = identity(self.space, at.decisions)
        return self._names[where]

    def best(self, budget: Budget) -> float:
        """The greatest value inside a budget."""
        return max(self.values[key(p.decisions)] for p in self.points if budget.fits(p))


def read(name: str, path: Path) -> Known:
    """A space with its table: this project's (studies/digits), or NAS-Bench-Macro's, which maps
    the decisions, written one after the other, to ``mean_acc``.

    Raises:
        SearchspaceError: the file cannot be read, or lacks networks of the space.
    """
    space = load(name)
    points = walk(space)
    if points is None:
        raise SearchspaceError(f"the space {name} is too large to have a table")
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        if "rows" in table:
            rows = {key(r["decisions"]): sum(r["values"]) / len(r["values"]) for r in table["rows"]}
            values = {key(p.decisions): rows[key(p.decisions)] for p in points}
        else:
            values = {key(p.decisions): float(table["".join(map(str, p.decisions.values()))]
                                              ["mean_acc"]) for p in points}
    except OSError as error:
        raise SearchspaceError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, TypeError) as error:
        raise SearchspaceError(f"{path} is no table of results: {error}") from None
    except KeyError as error:
        raise SearchspaceError(f"{path} does not hold {error} of the space {name}") from None
    return Known(space, tuple(points), values)
