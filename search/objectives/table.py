"""Tables as objectives: networks are looked up in known results, and nothing is trained."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from search.archive import Archive, Evaluation, EvaluationKey
from search.errors import ScoreError
from search.objectives.base import (
    ColumnObjective,
    Context,
    Evaluated,
    Evaluator,
    Progress,
    objective,
)
from search.objectives.cache import archived, evaluated
from search.objectives.candidate import Candidate
from search.tables import Selection, Table, table_for
from search.tables.costs import KnownCost
from searchspace import Genotype
from searchspace.space.budget import show_amount

if TYPE_CHECKING:
    from search.study.settings import Settings


@dataclass(frozen=True)
class Lookup(Evaluator):
    """Looks values of networks up. No weights are drawn."""

    archive: Archive
    study: str
    table: Table
    column: Selection

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """See `Evaluator`."""
        return evaluated(self.evaluation(candidate))

    def evaluation(self, candidate: Candidate) -> Evaluation:
        """The table's value, higher is better; None, with the reason, if the network is missing."""
        def look_up() -> float:
            total = candidate.expansion.cost()
            value = self.table.value(self.column, candidate.identity, total,
                                     candidate.decisions or {})
            if value is None:
                raise ScoreError(f"the table {self.table.file} lacks this network of "
                                 f"{show_amount(total.macs)} MACs and {total.params:,} params")
            return value

        data = f"{self.table.digest} {self.column.text}".rstrip()
        key = EvaluationKey(candidate.identity, "table", data, 0)
        return archived(self.archive, self.study, key, candidate, look_up)


@dataclass(frozen=True)
class CostLookup(Evaluator):
    """Looks costs of networks up; they are not archived, since two spellings of one network may
    differ in what leads nowhere."""

    cost: KnownCost

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """See `Evaluator`; None, with the reason, for a network without a cost."""
        table, decisions = self.cost.table, candidate.decisions or {}
        rows = table.own(decisions) or table.rows_of(candidate.identity,
                                                     candidate.expansion.cost(), decisions)
        value, reason = self.cost.feasible(rows)
        return Evaluated(value, error=reason or None)


@dataclass(frozen=True)
class _FromTable(ColumnObjective):
    """What both have in common: a table, and a column of it."""

    table: Table | None = None
    unit = "the table's"

    @property
    def title(self) -> str:
        """The column, if one is named."""
        return self.column or "table"

    def configured(self, settings: "Settings", space: Genotype) -> Self:
        """With the table read; raises TableError if that fails, or it lacks the column."""
        table = table_for(space, settings.table)
        table.select(self.column)
        return replace(self, table=table)


@objective("table")
@dataclass(frozen=True)
class KnownResult(_FromTable):
    """The value of a network in a table of known results, the higher the better."""

    direction = "maximize"

    def open(self, context: Context) -> Lookup:
        """See `Objective`."""
        assert self.table is not None
        return Lookup(context.archive, context.name, self.table, self.table.select(self.column))


@objective("table-cost")
@dataclass(frozen=True)
class KnownCostObjective(_FromTable):
    """The cost of a network in a table, the lower the better; networks without one fail."""

    direction = "minimize"

    def shown(self, value: float) -> str:
        """Five digits."""
        return f"{value:.5g}"

    def open(self, context: Context) -> CostLookup:
        """See `Objective`."""
        assert self.table is not None
        return CostLookup(KnownCost(self.table, self.table.select(self.column)))


def of_table(goals: Iterable[str]) -> bool:
    """Whether one of these objectives is looked up in a table."""
    return any(goal.partition(":")[0] in (KnownResult.kind, KnownCostObjective.kind)
               for goal in goals)
