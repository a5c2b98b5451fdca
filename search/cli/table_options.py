"""Options of known results: which files, and which bounds on their columns."""

import argparse

from searchspace.cli import whole

REDUCTION = 3


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
    parser.add_argument("--table-learn", action="store_true", help="predict what the table lacks "
                        "of a column of --table-budget or table-cost from the networks it has")
    parser.add_argument("--table-halving", metavar="N", type=whole(2), nargs="?", const=REDUCTION,
                        help="where the table has the column after several numbers of epochs, look "
                        f"a network up after few; 1 of N (default: {REDUCTION}) goes on to N times "
                        "as many (default: all are looked up after the most)")
