"""How well costs of devices are learned from a few measured networks of a table.

examples:
  python -m search.latency.judge --space nas-bench-201 --table costs.csv
  python -m search.latency.judge --space nas-bench-201 --table costs.csv --columns raspi4_latency \\
    --measured 50 100 200 --seeds 5

From some random networks that a table has a cost of, that of all others is predicted. Told are
Spearman's rank correlation and the share within 10 %, on the others, means over seeds; beside it
what MACs alone give (a line through the measured networks), and a sum over layers (a time of each
kind of layer, nonnegative least squares over the same networks).
"""

import argparse
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.table import Table as Grid
from scipy.optimize import nnls
from scipy.stats import spearmanr

from search.latency.graph_features import Features, graph_features, layer_counts
from search.latency.learned import LEAST, LearnedCost
from search.tables import Table, find_tables, read_tables
from search.tables.costs import KnownCost
from searchspace import SearchspaceError, load
from searchspace.cli import Console, Parser, add_option, load_named, output, run, start, whole
from searchspace.expansion import trace
from searchspace.text import counted

Array = NDArray[np.float64]
Fit = Callable[[Sequence[int], Array], Array]      # rows that are known, their costs → all costs


class Judged(NamedTuple):
    """What a predictor is worth on networks that it did not see."""

    rank: float
    within: float           # share whose error is at most 10 %


class Measured(NamedTuple):
    """Networks of a table, by row: their MACs, features, and numbers of layers."""

    rows: list[int]
    macs: Array
    features: list[Features]
    layers: list[Features]

    @classmethod
    def of(cls, table: Table, rows: Sequence[int]) -> "Measured":
        """The networks of some rows, each expanded once."""
        networks = [trace(table.space, table.rows[i].decisions) for i in rows]
        return cls(list(rows), np.array([float(n.cost().macs) for n in networks]),
                   [graph_features(n) for n in networks], [layer_counts(n) for n in networks])


def judge(found: Measured, costs: Array, measured: int, seed: int) -> dict[str, Judged]:
    """What each predictor gives from ``measured`` random networks; ``costs`` are NaN where there
    is none."""
    rng = random.Random(f"measured {seed}")
    there = [i for i in range(len(costs)) if not np.isnan(costs[i])]
    rng.shuffle(there)
    known, others = there[:measured], there[measured:]
    told = {"learned": _learned, "MACs": _line, "sum over layers": _sum}
    return {name: _judged(predict(found, known, costs[known])[others], costs[others])
            for name, predict in told.items()}


def _learned(found: Measured, known: Sequence[int], costs: Array) -> Array:
    learned = LearnedCost.fit([found.features[i] for i in known], costs.tolist())
    return learned(found.features)


def _line(found: Measured, known: Sequence[int], costs: Array) -> Array:
    slope, start = np.polyfit(found.macs[known], costs, 1)
    line: Array = start + slope * found.macs
    return line


def _sum(found: Measured, known: Sequence[int], costs: Array) -> Array:
    kinds = sorted({kind for i in known for kind in found.layers[i]})
    counts = np.array([[layers.get(kind, 0.0) for kind in kinds] for layers in found.layers])
    counts /= np.maximum(counts[known].max(0), 1.0)
    times, _ = nnls(counts[known], costs)
    summed: Array = counts @ times
    return summed


def _judged(predicted: Array, costs: Array) -> Judged:
    return Judged(float(spearmanr(predicted, costs).statistic),
                  float(np.mean(np.abs(predicted - costs) <= 0.1 * costs)))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user error."""
    options = _parser().parse_args(arguments)
    return run(lambda: _report(options, output(110)))


def _report(options: argparse.Namespace, console: Console) -> None:
    load_named(options)
    space = load(options.space)
    table = read_tables(find_tables(options.space, options.table), space)
    columns = options.columns or list(dict.fromkeys(c.heading.name for c in table.columns))
    known = {name: KnownCost(table, table.select(name)) for name in columns}
    rows = list(range(len(table.rows)))
    if options.networks and options.networks < len(rows):
        rows = sorted(random.Random("networks").sample(rows, options.networks))
    values = {name: np.array([np.nan if (value := cost.feasible([i])[0]) is None else value
                              for i in rows]) for name, cost in known.items()}
    for name, costs in values.items():
        if (~np.isnan(costs)).sum() < max(options.measured) + 2:
            raise SearchspaceError(f"{name!r} is known of "
                                   f"{counted(int((~np.isnan(costs)).sum()), 'network')}, too "
                                   f"few to learn from {max(options.measured)} and judge by others")
    with console.waiting() as tell:
        tell(f"expanding {counted(len(rows), 'network')}")
        found = Measured.of(table, rows)
    grid = Grid("cost", "measured", "others", "learned", "within 10 %", "MACs alone",
                "within 10 %", "sum over layers", "within 10 %", title_justify="left",
                title=f"Spearman's rank correlation, means of {options.seeds} seeds")
    for name, costs in values.items():
        for measured in options.measured:
            runs = [judge(found, costs, measured, seed) for seed in range(options.seeds)]
            cells = [cell for kind in runs[0] for cell in (
                f"{np.mean([r[kind].rank for r in runs]):.3f}",
                f"{np.mean([r[kind].within for r in runs]):.1%}")]
            grid.add_row(name, str(measured), f"{int((~np.isnan(costs)).sum()) - measured:,}",
                         *cells)
    console.print(grid)


def _parser() -> argparse.ArgumentParser:
    parser = Parser("python -m search.latency.judge", __doc__)
    parser.add_argument("--space", required=True, metavar="NAME|PATH")
    parser.add_argument("--table", metavar="FILE", action="append", default=[],
                        help="costs of its networks (default: the space's own)")
    parser.add_argument("--columns", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument("--measured", nargs="+", type=whole(LEAST), default=[100], metavar="N",
                        help="networks that are learned from (default: 100)")
    parser.add_argument("--networks", type=whole(LEAST), metavar="N",
                        help="of the table, drawn at random (default: all)")
    parser.add_argument("--seeds", type=whole(1), default=5, metavar="N",
                        help="draws of the measured networks (default: 5)")
    add_option(parser)
    return parser


if __name__ == "__main__":
    start(main)
