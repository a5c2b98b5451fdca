"""Tables as objectives: networks are looked up in known results, and nothing is trained."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Self

from search.latency.table_cost import LearnedColumn
from search.objectives.base import (
    ColumnObjective,
    Context,
    Evaluated,
    Evaluator,
    ObjectiveError,
    Progress,
    objective,
)
from search.objectives.candidate import Candidate
from search.objectives.halving import Halving
from search.objectives.lookup import Lookup, RungLookup
from search.tables import Table, table_for
from search.tables.costs import KnownCost
from search.training.hyperband import Rungs
from searchspace import Genotype

if TYPE_CHECKING:
    from search.study.settings import Settings


@dataclass(frozen=True)
class CostLookup(Evaluator):
    """Looks costs of networks up; they are not archived, since two spellings of one network may
    differ in what leads nowhere. ``learned`` predicts those of networks that the table lacks."""

    cost: KnownCost
    learned: LearnedColumn | None = None

    @property
    def notes(self) -> Sequence[str]:
        """How good predictions are."""
        return [self.learned.note] if self.learned else []

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """See `Evaluator`; None, with the reason, for a network without a cost."""
        table, decisions = self.cost.table, candidate.decisions or {}
        if self.learned:
            value, reason = self.learned.cost(decisions)
        else:
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
    """The value of a network in a table of known results, the higher the better. ``halving``: with
    values after several numbers of epochs, one of so many networks is looked up after more; None to
    look all up after the most."""

    direction = "maximize"
    expensive = True            # it stands for a training
    halving: int | None = None

    def configured(self, settings: "Settings", space: Genotype) -> Self:
        """As the base's; raises also if nothing can be stopped early that should be."""
        found = super().configured(settings, space)
        if settings.table_halving is None:
            return found
        trained = [goal for goal in settings.objectives
                   if goal.partition(":")[0] in (KnownResult.kind, "train", "supernet")]
        if len(trained) > 1:
            raise ObjectiveError("trainings in a table are stopped early by one column, and the "
                                 f"objectives are {', '.join(settings.objectives)}")
        assert found.table is not None
        found.table.after_epochs(self.column)
        return replace(found, halving=settings.table_halving)

    def open(self, context: Context) -> Evaluator:
        """See `Objective`."""
        assert self.table is not None

        lookup = partial(Lookup, context.archive, context.name, self.table)
        if self.halving is None:
            return lookup(self.table.select(self.column))
        columns = self.table.after_epochs(self.column)
        rungs = Rungs.among(list(columns), self.halving)
        return RungLookup({epochs: lookup(columns[epochs]) for epochs in rungs.known},
                          Halving(context.study, context.objectives, rungs,
                                  context.settings.seed, self.name))


@objective("table-cost")
@dataclass(frozen=True)
class KnownCostObjective(_FromTable):
    """The cost of a network in a table, the lower the better; networks without one fail."""

    direction = "minimize"
    learned: LearnedColumn | None = None

    def configured(self, settings: "Settings", space: Genotype) -> Self:
        """As the base's, with what predicts the costs that the table lacks if it is asked for."""
        found = super().configured(settings, space)
        if not settings.table_learn:
            return found
        assert found.table is not None
        return replace(found, learned=LearnedColumn.of(found.table, self.column, space))

    def shown(self, value: float) -> str:
        """Five digits."""
        return f"{value:.5g}"

    def open(self, context: Context) -> CostLookup:
        """See `Objective`."""
        assert self.table is not None
        return CostLookup(KnownCost(self.table, self.table.select(self.column)), self.learned)


def of_table(goals: Iterable[str],
             kinds: Iterable[type[_FromTable]] = (KnownResult, KnownCostObjective)) -> bool:
    """Whether one of these objectives is looked up in a table, and is of one of these kinds."""
    names = [kind.kind for kind in kinds]
    return any(goal.partition(":")[0] in names for goal in goals)
