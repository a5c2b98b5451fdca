"""Bounds of a search on the columns of its table."""

from collections.abc import Sequence
from dataclasses import replace

from search.errors import StudyError
from search.latency.table_cost import LearnedColumn
from search.objectives.table import KnownCostObjective, of_table
from search.study.settings import Settings
from search.tables import table_for
from search.tables.costs import bounds, presence
from searchspace.space.budget import Bound


def bounded(settings: Settings, texts: Sequence[str], only: bool = False) -> Settings:
    """The settings with the bounds that ``texts`` name, as ``raspi4_latency=20``; with ``only``, no
    network fits of which the table lacks the value that is an objective.

    Raises:
        SearchspaceError: there is no table, no such column, or no objective for ``only``; nothing
        is to be learned, or it cannot be learned from this table.
    """
    costs = of_table(settings.objectives, [KnownCostObjective])
    if settings.table_learn and not texts and not costs:
        raise StudyError("what a table lacks is predicted for --table-budget COLUMN=MOST and "
                         "--objective table-cost:COLUMN only")
    if only and not of_table(settings.objectives):
        raise StudyError("only networks of a table are proposed for --objective table or "
                         "table-cost")
    if not texts and not only:
        return settings
    table = table_for(settings.genotype(), settings.table)
    known = bounds(table, texts)
    own: tuple[Bound, ...] = ()
    if settings.table_learn:
        space = settings.genotype()
        own = tuple(b._replace(measure=LearnedColumn.of(table, b.name, space)) for b in known)
        known = ()
    if only:
        known += tuple(presence(table, goal.partition(":")[2]) for goal in settings.objectives
                       if of_table([goal]))
    return replace(settings, budget=replace(settings.budget, known=known,
                                            own=(*settings.budget.own, *own)))
