"""Known costs as a measure of a budget: infinite for networks that have none, and why not.

An empty cell, a number below 0 (HW-NAS-Bench writes -1 where a device did not run a network) and a
network that the table lacks are infeasible; none of them is ever the fastest.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from search.tables.columns import Selection
from search.tables.errors import TableError
from search.tables.read import read_tables
from search.tables.table import Table
from searchspace import Genotype, GenotypeError
from searchspace.errors import BudgetError
from searchspace.identity import digest
from searchspace.notation.holes import Decisions
from searchspace.space.budget import Bound, Budget
from searchspace.space.frozen import Frozen, freeze, thaw
from searchspace.space.point import Point, first, point
from searchspace.units import parse_range


class KnownCost:
    """The cost of networks by a column of a table, as `searchspace.space.budget.Measure`.

    With ``as_it_is`` any number is one: of a value only whether it is known matters.
    """

    def __init__(self, table: Table, column: Selection, as_it_is: bool = False) -> None:
        self.table, self.column, self.as_it_is = table, column, as_it_is

    def __deepcopy__(self, memo: dict[int, Any]) -> "KnownCost":
        """Itself: it does not change."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """For a worker, which reads the files itself."""
        space = self.table.space
        return _read, (self.table.files, freeze(space), space.file, self.column.text, self.as_it_is)

    def __call__(self, network: Any) -> float:
        """The cost of a point or a trial; infinite if it has none."""
        if self.as_it_is:
            return 0.0 if self.column.mean(self._rows(network)) is not None else math.inf
        value, _ = self.feasible(self._rows(network))
        return math.inf if value is None else value

    def feasible(self, rows: Sequence[int]) -> tuple[float | None, str]:
        """The mean cost of the rows of one network; else None, and the reason."""
        if not rows:
            return None, f"the table {self.table.file} lacks this network"
        found = [self.column.values(row) for row in rows]
        if not all(found):
            return None, f"the table {self.table.file} has no {self.column.name} of this network"
        values = [value for row in found for value in row]
        if min(values) < 0:
            return None, (f"the table {self.table.file} has {min(values):g} for the "
                          f"{self.column.name} of this network: it was not measured")
        return math.fsum(values) / len(values), ""

    def cheapest_first(self) -> Iterator[Decisions]:
        """The decisions of the networks that have a cost, the cheapest first."""
        rows = range(len(self.table.rows))
        costs = {i: 0.0 if self.as_it_is and self.column.mean([i]) is not None else cost
                 for i in rows if (cost := self.feasible([i])[0]) is not None or self.as_it_is}
        for i in sorted((i for i in costs if costs[i] is not None), key=lambda i: costs[i] or 0.0):
            yield self.table.rows[i].decisions

    def _rows(self, network: Any) -> list[int]:
        """The rows that decide the same; of another spelling of the space, by identity."""
        if own := self.table.own(network.decisions):
            return own
        if network.decisions.keys() <= {h.name for h in self.table.space.holes} or \
                not hasattr(network, "expansion"):
            return []
        return self.table.rows_of(digest(network.expansion), network.expansion.cost(),
                                  network.decisions)


def _read(files: tuple[Path, ...], space: Frozen, file: str, column: str,
          as_it_is: bool) -> KnownCost:
    table = read_tables(files, thaw(space, file))
    return KnownCost(table, table.select(column), as_it_is)


def known_points(space: Genotype, budget: Budget) -> list[Point] | None:
    """The networks that a budget's table has, if it bounds a column of a small one; else None."""
    for bound in budget.known:
        assert isinstance(bound.measure, KnownCost)
        table = bound.measure.table
        if table.is_small:
            found = []
            for row in table.rows:
                with suppress(GenotypeError):   # of another spelling of the space
                    found.append(point(space, first, row.decisions))
            return found or None
    return None


def bounds(table: Table, texts: Sequence[str]) -> tuple[Bound, ...]:
    """Bounds on columns as users write them: ``raspi4_latency=20``, ``edgegpu_energy=5-20``.

    Raises:
        TableError: a text is none, or there is no such column.
    """
    found = []
    for text in texts:
        name, _, ends = text.rpartition("=")
        if not name:
            raise TableError(f"{text!r} is no bound on a column of the table: write NAME=MOST or "
                             "NAME=LEAST-MOST, in the unit of the column")
        try:
            least, most = parse_range(ends, _real)      # type: ignore[arg-type]
        except BudgetError as error:
            raise TableError(str(error)) from None
        found.append(Bound(name.strip(), least, most, KnownCost(table, table.select(name.strip()))))
    return tuple(found)


def presence(table: Table, column: str) -> Bound:
    """The bound that only networks fit of which the table has a value in this column."""
    return Bound(f"in {table.file}", None, 1, KnownCost(table, table.select(column), True))


def _real(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise BudgetError(f"{text!r} is no bound on a column: write a number above 0")
    return value
