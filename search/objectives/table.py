"""Tabular benchmark as an objective: networks are looked up in a table, and nothing is trained."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from search.archive import Archive, Evaluation, EvaluationKey
from search.benchmark_table import BenchmarkTable, table_for
from search.errors import ScoreError
from search.objectives.archived import archived, evaluated
from search.objectives.base import Context, Evaluated, Objective, Progress, objective
from search.objectives.candidate import Candidate
from searchspace import Genotype
from searchspace.space.budget import show_amount

if TYPE_CHECKING:
    from search.study.settings import Settings


@dataclass(frozen=True)
class Lookup:
    """Looks networks up in a table of known results. No weights are drawn."""

    archive: Archive
    study: str
    table: BenchmarkTable
    notes = ()

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """See `Evaluator`."""
        return evaluated(self.evaluation(candidate))

    def evaluation(self, candidate: Candidate) -> Evaluation:
        """The table's value, higher is better; None, with the reason, if the network is missing."""
        def look_up() -> float:
            total = candidate.expansion.cost()
            value = self.table.value(candidate.identity, total)
            if value is None:
                raise ScoreError(f"the table {self.table.file} lacks this network of "
                                 f"{show_amount(total.macs)} MACs and {total.params:,} params")
            return value

        key = EvaluationKey(candidate.identity, "table", self.table.digest, 0)
        return archived(self.archive, self.study, key, candidate, look_up)


@objective("table")
@dataclass(frozen=True)
class KnownResult(Objective):
    """The value of a network in a table of known results."""

    table: BenchmarkTable | None = None
    direction = "maximize"
    title = "table"
    unit = "the table's"

    def configured(self, settings: "Settings", space: Genotype) -> Self:
        """With the table read; raises TableError if that fails."""
        return replace(self, table=table_for(space, settings.table))

    def open(self, context: Context) -> Lookup:
        """See `Objective`."""
        assert self.table is not None
        return Lookup(context.archive, context.name, self.table)
