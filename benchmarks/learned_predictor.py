"""How well a space is known after few of its networks: the learned predictor on tables of results.

examples:
  python benchmarks/learned_predictor.py
  python benchmarks/learned_predictor.py --one
  python benchmarks/learned_predictor.py --one --cheap short.json --known 30 60
  python benchmarks/learned_predictor.py --space nas-bench-macro --table FILE \
    --bands 30M-45M 45M-60M 60M-75M
  python benchmarks/learned_predictor.py --space nas-bench-201 --table FILE --column val_acc
  python benchmarks/learned_predictor.py --space published --known 5 10 20 40 --seeds 20

Random networks are known, all others are predicted (`search.surrogate`). Told are Spearman's and
Kendall's rank correlation on the others, Spearman's in the worst band of multiply-adds, the share
of the others inside the 80 % interval, and that of the known ones when each is left out; means over
seeds. Beside them what MACs and params say without any training. With --one each known network has
been trained once, where the table has several trainings; judged is by their mean.
--cheap names a table of the same space with another, cheaper value, such as that of shorter
trainings: of the networks in both tables as many again, and the known ones, have that value too,
and neither are judged.
--space published: the networks by which `top1` is judged, and their ImageNet accuracies. What the
model expects of each is then predicted from all other families' accuracies; --unexpected leaves
that out.
"""

import argparse
import math
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table as Grid

from search.predictors.cross_validation import counted, evaluate
from search.predictors.published_accuracies import published_accuracies
from search.score_report.bands import bands_of
from search.surrogate.columns import Columns
from search.surrogate.features import EXPECTED, Describer, Named
from search.surrogate.judged import Judged, Mask, quarters
from search.surrogate.model import Observed, Surrogate
from search.tables import Table, find_tables, read_tables
from searchspace import SearchspaceError, load
from searchspace.expansion import Expansion, trace

Array = NDArray[np.float64]

KNOWN = (10, 20, 40, 80, 160)
PUBLISHED = "published"
SAMPLE = 300        # networks from which the kinds of operations are learned


class Networks(NamedTuple):
    """The networks of a table: features, costs, all values of each, and one of them."""

    rows: tuple[int, ...]
    features: list[Named]
    macs: Array
    params: Array
    values: Array
    one: Array

    @classmethod
    def of(cls, table: Table, column: str, count: int | None) -> "Networks":
        """All that have a value, or so many of them at random."""
        chosen = table.select(column)
        rows = [i for i in range(len(table.rows)) if chosen.values(i)]
        if count is not None and count < len(rows):
            rows = sorted(random.Random("networks").sample(rows, count))
        networks = [trace(table.space, table.rows[i].decisions) for i in rows]
        describe = Describer.of(random.Random(0).sample(networks, min(SAMPLE, len(networks))))
        return cls._of(rows, networks, describe, [chosen.values(i) for i in rows])

    @classmethod
    def published(cls, is_expected: bool) -> "Networks":
        """Those by which `top1` is judged, with what other families lead to expect of each."""
        known = published_accuracies()
        left = evaluate(known).where(counted(known))
        networks = [trace(load(str(name))) for name in left.known.networks]
        describe = replace(Describer.of(networks), expects=False)
        made = cls._of(range(len(networks)), networks, describe,
                       [[top1] for top1 in left.known.top1])
        if is_expected:
            for features, top1 in zip(made.features, left.said.value, strict=True):
                features[EXPECTED] = -math.log1p(-top1 / 100)
        return made

    @classmethod
    def _of(cls, rows: Sequence[int], networks: Sequence[Expansion], describe: Describer,
            values: Sequence[Sequence[float]]) -> "Networks":
        costs = [network.cost() for network in networks]
        return cls(tuple(rows), [describe(network) for network in networks],
                   np.array([float(cost.macs) for cost in costs]),
                   np.array([float(cost.params) for cost in costs]),
                   np.array([np.mean(some) for some in values]),
                   np.array([some[0] for some in values]))

    def where(self, kept: Sequence[bool]) -> "Networks":
        """Some of them."""
        some = np.flatnonzero(kept)
        return Networks(tuple(self.rows[i] for i in some), [self.features[i] for i in some],
                        self.macs[some], self.params[some], self.values[some], self.one[some])


class Told(NamedTuple):
    """One seed's outcome; ``covered``: of networks not seen, and of those left out."""

    judged: Judged
    covered: float
    left_out: float


def learn(networks: Networks, known: int, seed: int, seen: Array, cheap: Array | None,
          bands: Sequence[Mask]) -> Told:
    """Predict all from ``known`` random networks, by their values ``seen``."""
    order = np.random.default_rng([seed, known]).permutation(len(networks.rows))
    mine, others = order[:known], order[known if cheap is None else 2 * known:]
    columns = Columns.of(networks.features)
    sources = [_observed(networks, mine, seen)]
    if cheap is not None:
        sources.append(_observed(networks, order[:2 * known], cheap))
    model = Surrogate.fit(columns, sources)
    found = model(columns([networks.features[i] for i in others]))
    return Told(Judged.of(found.value, networks.values[others], [band[others] for band in bands]),
                found.coverage(networks.values[others]),
                model.left_out().coverage(seen[mine]))


def _observed(networks: Networks, which: NDArray[np.intp], values: Array) -> Observed:
    return Observed([networks.features[i] for i in which], values[which])


def _table(options: argparse.Namespace) -> tuple[Networks, Array | None]:
    """The networks of a table, and their values in a cheaper one."""
    space = load(options.space)
    table = read_tables(find_tables(options.space, options.table), space)
    networks = Networks.of(table, options.column, options.networks)
    if not options.cheap:
        return networks, None
    other = read_tables([options.cheap], space)
    values = other.select("")
    found = [values.mean(other.own(table.rows[i].decisions)) for i in networks.rows]
    return (networks.where([value is not None for value in found]),
            np.array([value for value in found if value is not None]))


def _published(options: argparse.Namespace) -> tuple[Networks, None]:
    return Networks.published(not options.unexpected), None


def main() -> int:
    """Run the benchmark."""
    options = parser().parse_args()
    console = Console(highlight=False, width=110)
    try:
        networks, cheap = _published(options) if options.space == PUBLISHED else _table(options)
        bands = [mask for _, mask in bands_of(options.bands, networks.macs)] if options.bands \
            else quarters(networks.macs)
    except (SearchspaceError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    grid = Grid("known", "Spearman", "Kendall", "worst band", "in the 80 % interval",
                "left out, inside", title=f"{options.space}, {len(networks.rows):,} networks, "
                f"means of {options.seeds} seeds", title_justify="left")
    for name, costs in (("0: MACs", networks.macs), ("0: params", networks.params)):
        grid.add_row(name, *(f"{one:.3f}" for one in Judged.of(costs, networks.values, bands)))
    for known in options.known:
        told = [learn(networks, known, seed, networks.one if options.one else networks.values,
                      cheap, bands) for seed in range(options.seeds)]
        mean = np.mean([(*one.judged, one.covered, one.left_out) for one in told], axis=0)
        grid.add_row(str(known), *(f"{value:.3f}" for value in mean[:3]),
                     *(f"{value:.0%}" for value in mean[3:]))
    console.print(grid)
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--space", default="digits", metavar="NAME|PATH|published")
    made.add_argument("--table", nargs="+", metavar="FILE", default=[],
                      help="the results of its networks (default: the space's own)")
    made.add_argument("--column", metavar="NAME", default="", help="of the table's values "
                      "(default: its only one)")
    made.add_argument("--known", nargs="+", type=int, default=KNOWN, metavar="N")
    made.add_argument("--seeds", type=int, default=5, metavar="N")
    made.add_argument("--networks", type=int, metavar="N", help="of the table, at random "
                      "(default: all)")
    made.add_argument("--one", action="store_true", help="known networks are trained once")
    made.add_argument("--cheap", type=Path, metavar="FILE", help="a table of a cheaper value")
    made.add_argument("--unexpected", action="store_true", help="of published networks, without "
                      "the accuracy that other families predict")
    made.add_argument("--bands", nargs="+", metavar="RANGE", help="of MACs, as 30M-45M "
                      "(default: four with equal numbers of networks)")
    return made


if __name__ == "__main__":
    raise SystemExit(main())
