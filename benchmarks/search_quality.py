"""How soon each sampler finds the best network of a space whose networks are all known.

examples:
  python benchmarks/search_quality.py
  python benchmarks/search_quality.py --samplers auto random --seeds 5
  python benchmarks/search_quality.py --space nas-bench-macro --table FILE --budget 40M 70M 80M

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
from functools import cache
from pathlib import Path

import numpy as np
import optuna
from bare import BARE
from drive import drive
from known import read
from rich.console import Console
from rich.table import Table

from search.benchmark_table import find_table
from search.objectives.score import training_free
from search.samplers import CHOICES, Sampler, SamplingTask, choose, make
from search.scores.base import usual_batch
from searchspace import SearchspaceError
from searchspace.expansion import trace
from searchspace.space.budget import Budget, parse_amount, show_amount
from viz.plots.regret import Band, band, rows, spec
from viz.plots.render import chart

MARKS = (25, 50, 100)
DIGITS = 6              # of a regret in a file
PRIOR = "+naswot"       # a row of its own: the sampler with the training-free score as prior
Job = tuple[str, Path, int, str, int, int]     # space, table, budget, sampler, seed, evaluations

_known = cache(read)


@cache
def _sampler(space: str, table: Path, budget: int, name: str, seed: int | None) -> Sampler:
    """One for all seeds, as what a sampler keeps follows from the task and the trials; with the
    seed of a prior, one for that."""
    known, prior = _known(space, table), None
    if seed is not None:
        size = trace(known.space, known.points[0].decisions).input[-1]
        prior = training_free(known.space, size, usual_batch(size), seed)
    return make(choose(name, known.space)[0], SamplingTask(known.space, Budget(budget), prior))


def run(job: Job) -> list[float]:
    """Regret after each evaluation; where a search ends early, its last one goes on."""
    space, table, bound, name, seed, evaluations = job
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    known, budget = _known(space, table), Budget(bound)
    values = BARE[name](known, budget, seed, evaluations) if name in BARE else \
        (step.value for step in drive(
            known.space, _sampler(space, table, bound, name.removesuffix(PRIOR),
                                  seed if name.endswith(PRIOR) else None),
            budget, seed, lambda p: known.values[p.identity], evaluations))
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
        file = find_table(options.space, options.table)
        known = _known(options.space, file)
        budgets = [parse_amount(b) for b in options.budget] if options.budget else [
            int(np.quantile([p.cost.macs for p in known.points], 0.5))]
        for bound in budgets:
            if not any(Budget(bound).fits(p) for p in known.points):
                raise SearchspaceError(f"no network of {options.space} fits {show_amount(bound)}")
    except (SearchspaceError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for bound in budgets:
        inside = sum(Budget(bound).fits(p) for p in known.points)
        table = Table("sampler", *(f"after {m}" for m in marks), "seeds",
                      title=f"regret, {options.space}, {show_amount(bound)} MACs "
                            f"({inside} points)")
        curves: dict[str, tuple[Band, ...]] = {}
        for name in options.samplers:
            jobs: list[Job] = [(options.space, file, bound, name, seed,
                                options.evaluations) for seed in range(options.seeds)]
            regrets = results.get(f"{bound} {name}")
            if regrets is None:
                with ProcessPoolExecutor(options.jobs) as pool:
                    regrets = results[f"{bound} {name}"] = list(pool.map(run, jobs))
            asked[f"{bound} {name}"] = [[round(value, DIGITS) for value in row] for row in regrets]
            curve = curves[name if name in BARE else f"ours: {name}"] = band(regrets)
            table.add_row(name if name in BARE else f"ours: {name}",
                          *("{1:.3f} [{0:.3f}, {2:.3f}]".format(*curve[m - 1])
                            if m <= len(curve) else "" for m in marks), str(len(regrets)))
            print(f"{show_amount(bound)} {name}: {curve[-1][1]:.3f}", file=sys.stderr)
        console.print(table)
        if options.svg:
            path = options.svg if len(budgets) == 1 else options.svg.with_stem(
                f"{options.svg.stem}-{show_amount(bound)}")
            title = f"{options.space} under {show_amount(bound)} MACs"
            path.write_bytes(chart(spec(rows(curves), title)))
    if options.json:
        options.json.write_text(json.dumps(asked), encoding="utf-8")
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*CHOICES, *(name + PRIOR for name in ("auto", "gp")), *BARE]
    made.add_argument("--space", default="digits", metavar="NAME|PATH")
    made.add_argument("--table", metavar="FILE", help="the results of all its networks "
                        "(default: the space's own, or $NAS_BENCH_MACRO)")
    made.add_argument("--budget", nargs="+", metavar="MACS",
                        help="default: what half of the networks fit")
    made.add_argument("--samplers", nargs="+", choices=names, metavar="NAME",
                        default=[n for n in names if n not in
                                 ("gp", "gp+naswot", "optuna-gp", "nsga3")],
                        help=f"of: {', '.join(names)}")
    made.add_argument("--seeds", type=int, default=20, metavar="N")
    made.add_argument("--evaluations", type=int, default=100, metavar="N")
    made.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    made.add_argument("--svg", type=Path, metavar="FILE")
    made.add_argument("--json", type=Path, metavar="FILE", 
                      help="regrets of all seeds, of the rows that are shown")
    made.add_argument("--earlier", nargs="+", type=Path, default=[], metavar="FILE",
                        help="files of --json of the same space; rows in them are not run again")
    return made


if __name__ == "__main__":
    raise SystemExit(main())
