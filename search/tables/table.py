"""A table in memory: the rows of a network, their values, and the best network in a budget."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from search.tables.columns import Column, Selection, asked
from search.tables.errors import TableError
from search.tables.rows import Labels
from searchspace import Genotype
from searchspace.expansion import Expansion, trace
from searchspace.identity import digest
from searchspace.notation.holes import Decisions
from searchspace.notation.tree import Atom
from searchspace.ops import Cost
from searchspace.ops.zero import Zero
from searchspace.space.budget import Budget
from searchspace.space.enumeration import EFFORT, HoleTree, every_point
from searchspace.space.point import first, point

Key = frozenset[tuple[str, Atom]]


@dataclass(frozen=True, slots=True)
class Row:
    """One network of a table. ``name``: of the row, for messages."""

    name: str
    decisions: Decisions


@dataclass(frozen=True)
class Values:
    """One column of a table: what is known of each network."""

    table: "Table"
    column: Selection

    @property
    def what(self) -> str:
        """What the values are."""
        return self.column.text or self.table.what

    def of(self, name: str, cost: Cost, decisions: Decisions) -> float | None:
        """The value of a network; see `Table.value`."""
        return self.table.value(self.column, name, cost, decisions)


@dataclass(frozen=True)
class Table:
    """Known results of networks of a space, from one file or several about the same networks.

    ``what`` says what its values are; ``digest`` is the SHA-256 of the file, or of all files'.
    """

    files: tuple[Path, ...]
    digest: str
    what: str
    space: Genotype
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    _identities: dict[int, str] = field(default_factory=dict, repr=False, compare=False)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Table":
        """Itself: it does not change."""
        return self

    @property
    def file(self) -> str:
        """The names of its files, for messages."""
        return " and ".join(path.name for path in self.files)

    def select(self, column: str) -> Selection:
        """The columns of values of this name; raises TableError if there are none, or a cell of
        them is no number."""
        found = Selection.of(column, self.columns)
        for i, row in enumerate(self.rows):
            try:
                found.values(i)
            except TableError as fault:
                raise TableError(f"{self.file}, {row.name}: {fault}") from None
        return found

    def after_epochs(self, column: str) -> dict[int, Selection]:
        """The columns of values of this name by the number of epochs, fewest first.

        Raises:
            TableError: there are not several numbers of epochs.
        """
        wanted = asked(column, self.columns)
        found = sorted({c.heading.epoch for c in self.columns
                        if wanted.covers(c.heading) and c.heading.epoch})
        if len(found) < 2:
            raise TableError(f"{self.file} has {column or wanted.name!r} not after several numbers "
                             "of epochs, as NAME;epoch=12 and NAME;epoch=200, so that no training "
                             "can be stopped early")
        return {epochs: self.select(str(wanted._replace(epoch=epochs))) for epochs in found}

    def values(self, column: str) -> Values:
        """The values of a column; raises TableError if there is none of this name."""
        return Values(self, self.select(column))

    def value(self, column: Selection, name: str, cost: Cost, decisions: Decisions) -> float | None:
        """The value of a network, given by identity, cost and decisions: the mean over its rows.
        None if it has none."""
        return column.mean(self.rows_of(name, cost, decisions))

    def rows_of(self, name: str, cost: Cost, decisions: Decisions) -> list[int]:
        """The numbers of the rows of a network. In a large table (`is_small`) its own ones alone,
        if it is decided as in the table; else all rows that are the same network."""
        own = self.own(decisions)
        if own and not self.is_small:
            return own
        key = (cost.macs, cost.params)
        return [i for i in self._alike.get(key if self._cost_tells else None, ())
                if self._identity(i) == name]

    def own(self, decisions: Decisions) -> list[int]:
        """The numbers of the rows that decide the same."""
        return self._own.get(frozenset(decisions.items()), [])

    def best(self, column: Selection, budget: Budget) -> float | None:
        """The greatest value of a network inside the budget; None if there is none."""
        best: float | None = None
        values = {i: value for i in range(len(self.rows))
                  if (value := column.mean([i])) is not None}
        for i in sorted(values, key=lambda i: -values[i]):
            if best is not None and values[i] <= best:
                break              # a mean is no greater than the greatest of its rows
            decisions = self.rows[i].decisions
            at = point(self.space, first, decisions)
            if budget.fits(at):
                value = values[i] if not self.is_small else \
                    self.value(column, self._identity(i), at.cost, decisions)
                assert value is not None
                best = value if best is None else max(best, value)
        return best

    @cached_property
    def is_complete(self) -> bool:
        """Whether the table has every point of its space."""
        total = HoleTree.of(self.space).total
        if not self.is_small and all(map(Labels(self.space).is_complete, self._decided)):
            return len(self._own) == total
        known = list(islice(every_point(self.space), len(self._own) + 1))
        return len(known) == len(self._own) and \
            all(frozenset(p.decisions.items()) in self._own for p in known)

    @cached_property
    def is_small(self) -> bool:
        """Whether all rows are expanded, to compare their costs and to find the rows of one
        network: as many operations as a space has that is counted point by point."""
        return len(self.rows) * len(self.expansion(0).nodes) <= EFFORT

    @cached_property
    def input(self) -> tuple[int, int, int]:
        """Shape of the images that the networks were trained on."""
        return self.expansion(0).input

    def expansion(self, i: int) -> Expansion:
        """The network of a row."""
        return trace(self.space, self.rows[i].decisions, named=False)

    @property
    def _decided(self) -> Sequence[Decisions]:
        return [row.decisions for row in self.rows]

    @cached_property
    def _own(self) -> Mapping[Key, list[int]]:
        found: dict[Key, list[int]] = defaultdict(list)
        for i, row in enumerate(self.rows):
            found[frozenset(row.decisions.items())].append(i)
        return dict(found)

    @cached_property
    def _cost_tells(self) -> bool:
        """Whether equal networks have equal costs: not where something leads to zeros alone."""
        return not any(isinstance(node.op, Zero) for i in range(len(self.rows))
                       for node in self.expansion(i).nodes)

    @cached_property
    def _alike(self) -> Mapping[tuple[int, int] | None, list[int]]:
        """Numbers of the rows by cost; only rows of equal cost need their identities, which take a
        millisecond each."""
        alike: dict[tuple[int, int] | None, list[int]] = defaultdict(list)
        for i in range(len(self.rows)):
            cost = self.expansion(i).cost()
            alike[(cost.macs, cost.params) if self._cost_tells else None].append(i)
        return alike

    def _identity(self, i: int) -> str:
        if i not in self._identities:
            self._identities[i] = digest(self.expansion(i))
        return self._identities[i]
