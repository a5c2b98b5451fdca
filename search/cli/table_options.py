"""Options of known results: which files, and which bounds on their columns."""

import argparse
from dataclasses import replace

from search.objectives.table import of_table
from search.study.settings import Settings
from search.tables import table_for
from search.tables.costs import bounds, presence
from searchspace import SearchspaceError


def add_table(parser: argparse.ArgumentParser) -> None:
    """Add the options of a table."""
    parser.add_argument("--table", metavar="FILE", action="append", default=[],
                        help="known results, for --objective table, table:COLUMN or "
                        "table-cost:COLUMN; several are joined by network (default: the space's "
                        "own)")
    parser.add_argument("--table-budget", metavar="COLUMN=MOST", action="append", default=[],
                        help="hard bound on a column of the table, in its unit: raspi4_latency=20; "
                        "5-20 is a band; what has no such cost is outside")
    parser.add_argument("--table-only", action="store_true", help="propose only networks that the "
                        "table has (default: one that it lacks fails its trial)")


def bounded(settings: Settings, options: argparse.Namespace) -> Settings:
    """The settings with the bounds on columns of the table, if there are some.

    Raises:
        SearchspaceError: there is no table, or no such column.
    """
    if options.table_only and not of_table(settings.objectives):
        raise SearchspaceError("--table-only is for --objective table and table-cost")
    if not options.table_budget and not options.table_only:
        return settings
    table = table_for(settings.genotype(), settings.table)
    known = bounds(table, options.table_budget)
    if options.table_only:
        known += tuple(presence(table, goal.partition(":")[2]) for goal in settings.objectives
                       if of_table([goal]))
    return replace(settings, budget=replace(settings.budget, known=known))
