"""Whether training the best networks again helps a search with training to choose.

examples:
  python benchmarks/finals.py
  python benchmarks/finals.py --budget 86.8K --seeds 20

Real searches of the space digits, all of whose networks are known (the mean of three trainings
each, on other images). The regret is the distance in points from the best network inside the budget
to the chosen one: by the search's own values; by the means of fresh trainings of its best three;
and, since these take time, by the own values of the same search with further trials of about as
many epochs. Means over seeds with their standard errors.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import fmean, stdev

from rich.console import Console
from rich.table import Table

from search import search
from search.results.outcome import Outcome
from search.results.retraining import SEEDS
from search.tables import find_tables, read_tables
from search.training.options import TrainOptions
from searchspace import Budget, SearchspaceError, load
from searchspace.space.enumeration import every_point

SPACE, FINALS = "digits", 3


def known() -> dict[tuple[tuple[str, object], ...], tuple[int, float]]:
    """Multiply-adds and true accuracy of all networks, by their decisions."""
    space = load(SPACE)
    table = read_tables(find_tables(SPACE, []), space)
    values = table.select("")
    return {tuple(sorted(at.decisions.items())):
            (at.macs, values.mean(table.own(at.decisions)) or 0.0) for at in every_point(space)}


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", default="150K")
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    try:
        budget = Budget(macs=options.budget)
    except SearchspaceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    truth = known()
    [bound] = budget.bounds
    best = max(value for macs, value in truth.values() if macs <= bound.most)
    rows: dict[str, list[float]] = {"own values": [], "trained again": [], "more trials": []}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seeds):
            def run(trials: int, finals: int, seed: int = seed, folder: str = folder) -> Outcome:
                return search(SPACE, budget, "train", trials, seed=seed, warm_start=False,
                              train=TrainOptions(SPACE, device="cpu", finals=finals),
                              folder=Path(folder) / str(seed)).outcome

            first, again = run(options.trials, 0), run(options.trials, FINALS)
            epochs = [trial.epochs or 0 for trial in first.trials]
            further = round(FINALS * SEEDS * max(epochs) / fmean(epochs))
            more = run(options.trials + further, 0)
            for name, found in zip(rows, (first, again, more), strict=True):
                decided = tuple(sorted(found.chosen.decisions.items()))
                rows[name].append(best - truth[decided][1])
            shown = [f"{values[-1]:.2f}" for values in rows.values()]
            print(seed, f"{further} more trials", *shown, file=sys.stderr)
    title = f"{SPACE}, {budget}, {options.trials} trials"
    table = Table("chosen by", "regret, points", title=title)
    for name, values in rows.items():
        spread = stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
        table.add_row(name, f"{fmean(values):.2f} ± {spread:.2f}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
