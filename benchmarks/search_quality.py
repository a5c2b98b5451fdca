"""How soon each sampler finds the best network of a space whose networks are all known.

examples:
  python benchmarks/search_quality.py
  python benchmarks/search_quality.py --samplers auto random --seeds 5
  python benchmarks/search_quality.py --space nas-bench-macro --table FILE --budget 40M 70M 80M
  python benchmarks/search_quality.py --space nas-bench-201 --table accuracies.csv costs.csv \
    --column val_acc --budget none 60M raspi4_latency=20

Regret is the distance, in points of accuracy, from the best network inside the budget to the best
one scored so far; an evaluation is a distinct network inside the budget, and its value the mean of
all that the table has of it, under any name. Means over seeds, with
95 % confidence intervals in brackets (bootstrap over the seeds). Bare rows are Optuna 5 without
this project. With --svg the curves are drawn, one file a budget.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import optuna
from bare import BARE
from drive import drive
from known import Known, read
from rich.console import Console
from rich.table import Table

from search.objectives.score import of_graph, training_free
from search.samplers import CHOICES, Sampler, SamplingTask, choose, make
from search.scores.base import usual_batch
from search.tables import find_tables
from search.tables.costs import bounds
from searchspace import SearchspaceError
from searchspace.expansion import trace
from searchspace.safety.files import file_name
from searchspace.space.budget import Budget, parse_amount
from searchspace.space.enumeration import is_small
from viz.plots.regret import Band, band, rows, spec
from viz.plots.render import chart

MARKS = (25, 50, 100)
DIGITS = 6              # of a regret in a file
SCREENS = "screening"
# Rows of their own: a sampler with a training-free score as prior, screening by one of the graph.
SCORED = ("auto+naswot", "gp+naswot", f"{SCREENS}+deepmad", f"{SCREENS}+macs")
NONE = "none"           # a budget


class Data(NamedTuple):
    """A space, the files of its table, and the column of values."""

    space: str
    files: tuple[Path, ...]
    column: str = ""


class Job(NamedTuple):
    """One search."""

    data: Data
    budget: str
    sampler: str
    seed: int
    evaluations: int


@cache
def _known(data: Data) -> Known:
    return read(*data)


@cache
def budget_of(data: Data, text: str) -> Budget:
    """A budget as the command takes it: MACs, a bound on a column of the table, or none.

    Raises:
        SearchspaceError: it is none of these, or no network fits.
    """
    known = _known(data)
    budget = Budget() if text == NONE else Budget(known=bounds(known.table, [text])) \
        if "=" in text else Budget(parse_amount(text))
    if not any(map(budget.fits, known.points)):
        raise SearchspaceError(f"no network of {data.space} fits {budget}")
    return budget


def _sampler(data: Data, budget: str, name: str, seed: int) -> Sampler:
    """One for a seed, or for all where it depends on none: what a sampler keeps follows from the
    task and the trials."""
    if "+" not in name and is_small(_known(data).space):
        seed = 0
    return _made(data, budget, name, seed)


@cache
def _made(data: Data, budget: str, name: str, seed: int) -> Sampler:
    known, (kind, _, score) = _known(data), name.partition("+")
    task = SamplingTask(known.space, budget_of(data, budget), seed=seed)
    if kind == SCREENS:
        widths = tuple(hole.name for hole in known.space.holes if hole.kind == "solve")
        task = replace(task, quick=of_graph(known.space, score), widths=widths)
    elif score:
        size = trace(known.space, known.points[0].decisions).input[-1]
        task = replace(task, prior=training_free(known.space, size, usual_batch(size), seed))
    return make(choose(kind, known.space)[0], task)


def run(job: Job) -> list[float]:
    """Regret after each evaluation; where a search ends early, its last one goes on."""
    data, bound, name, seed, evaluations = job
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    known, budget = _known(data), budget_of(data, bound)
    values = BARE[name](known, budget, seed, evaluations) if name in BARE else \
        (step.value for step in drive(
            known.space, _sampler(data, bound, name, seed), budget, seed,
            lambda p: known.values[p.identity], evaluations))
    best, regret, lowest_regret = known.best(budget), [], float("inf")
    for value in values:
        lowest_regret = min(lowest_regret, best - value)
        regret.append(lowest_regret)
        if len(regret) == evaluations:
            break
    return regret + [lowest_regret] * (evaluations - len(regret))


def main() -> int:
    """Run the benchmark."""
    options = parser().parse_args()
    console = Console(highlight=False)
    marks = [m for m in MARKS if m <= options.evaluations]
    results: dict[str, list[list[float]]] = {}
    asked: dict[str, list[list[float]]] = {}
    try:
        for earlier in options.earlier:
            results |= json.loads(earlier.read_text(encoding="utf-8"))
        data = Data(options.space, find_tables(options.space, options.table), options.column)
        known = _known(data)
        budgets = options.budget or [
            str(int(np.quantile([p.cost.macs for p in known.points], 0.5)))]
        inside = {b: sum(map(budget_of(data, b).fits, known.points)) for b in budgets}
    except (SearchspaceError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for bound in budgets:
        shown = str(budget_of(data, bound))
        named = bound if bound == NONE or "=" in bound else str(parse_amount(bound))
        table = Table("sampler", *(f"after {m}" for m in marks), "seeds",
                      title=f"regret, {options.space}, {shown} ({inside[bound]} points)")
        curves: dict[str, tuple[Band, ...]] = {}
        for name in options.samplers:
            regrets = results.setdefault(f"{named} {name}", [])
            jobs = [Job(data, bound, name, seed, options.evaluations)
                    for seed in range(len(regrets), options.seeds)]
            if jobs:
                with ProcessPoolExecutor(options.jobs) as pool:
                    regrets.extend(pool.map(run, jobs))
            asked[f"{named} {name}"] = [[round(value, DIGITS) for value in row] for row in regrets]
            if options.json:        # after each row: a benchmark may be interrupted
                options.json.write_text(json.dumps(asked), encoding="utf-8")
            curve = curves[name if name in BARE else f"ours: {name}"] = band(regrets)
            table.add_row(name if name in BARE else f"ours: {name}",
                          *("{1:.3f} [{0:.3f}, {2:.3f}]".format(*curve[m - 1])
                            if m <= len(curve) else "" for m in marks), str(len(regrets)))
            print(f"{bound} {name}: {curve[-1][1]:.3f}", file=sys.stderr)
        console.print(table)
        if options.svg:
            path = options.svg if len(budgets) == 1 else options.svg.with_stem(
                f"{options.svg.stem}-{file_name(bound)}")
            title = f"{options.space} under {shown}"
            path.write_bytes(chart(spec(rows(curves), title)))
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*(name for name in CHOICES if name != SCREENS), *SCORED, *BARE]
    made.add_argument("--space", default="digits", metavar="NAME|PATH")
    made.add_argument("--table", nargs="+", metavar="FILE", default=[],
                        help="the results of all its networks (default: the space's own)")
    made.add_argument("--column", metavar="NAME", default="", help="of the table's values "
                        "(default: its only one)")
    made.add_argument("--budget", nargs="+", metavar="MACS|COLUMN=MOST|none",
                        help="default: the MACs that half of the networks fit")
    made.add_argument("--samplers", nargs="+", choices=names, metavar="NAME",
                        default=[n for n in names if n not in
                                 ("gp", "gp+naswot", "freeze-thaw", "optuna-gp", "nsga3")],
                        help=f"of: {', '.join(names)}")
    made.add_argument("--seeds", type=int, default=20, metavar="N")
    made.add_argument("--evaluations", type=int, default=100, metavar="N")
    made.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    made.add_argument("--svg", type=Path, metavar="FILE")
    made.add_argument("--json", type=Path, metavar="FILE", 
                      help="regrets of all seeds, of the rows that are shown")
    made.add_argument("--earlier", nargs="+", type=Path, default=[], metavar="FILE",
                        help="files of --json of the same space; seeds in them are not run again")
    return made


if __name__ == "__main__":
    raise SystemExit(main())
