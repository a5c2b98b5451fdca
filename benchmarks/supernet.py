"""What shared weights are worth: the rank correlation of their losses with known results, by cost.

examples:
  python benchmarks/supernet.py
  python benchmarks/supernet.py --contexts --epochs 48 192
  python benchmarks/supernet.py --out shared.json
  python benchmarks/learned_predictor.py --one --cheap shared.json

Weights are trained for each number of epochs from the beginning, as a search with --objective
supernet does, and every network of the table is scored with them. Told are processor seconds of the
training and of scoring all networks, and Spearman's and Kendall's rank correlation with the known
values: over all networks, and in the worst of four bands of multiply-adds; of the loss, of the
accuracy, and of MACs alone. No network of the table is trained by itself.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table as Grid

from search.data import open_data
from search.process import keep_memory
from search.supernet.paths import CostPaths, FairPaths, Paths
from search.supernet.scoring import SharedScore, SupernetScorer
from search.supernet.task import SupernetTask
from search.supernet.training import SupernetTraining
from search.surrogate.judged import Judged, quarters
from search.tables import find_tables, read_tables
from search.training.recipe import load_recipe
from searchspace import SearchspaceError, load
from searchspace.expansion import trace
from searchspace.space.budget import Budget
from searchspace.space.descent import lowest
from searchspace.space.point import first, point

CPU = torch.device("cpu")


class DrawnCosts(SupernetTask):
    """Networks at multiply-adds that are drawn, although the budget bounds nothing."""

    def paths(self) -> Paths:
        """See `SupernetTask`."""
        return CostPaths(FairPaths(self.space, self.seed), self.budget, self.cheapest)


def main() -> int:
    """Run the benchmark."""
    options = parser().parse_args()
    console = Console(highlight=False, width=110)
    keep_memory()
    torch.set_num_threads(1)        # processor seconds of one core
    try:
        space = load(options.space)
        table = read_tables(find_tables(options.space, options.table), space)
        column = table.select(options.column)
        rows = [i for i in range(len(table.rows)) if column.values(i)]
        if options.networks and options.networks < len(rows):
            rows = sorted(random.Random("networks").sample(rows, options.networks))
        points = [point(space, first, table.rows[i].decisions) for i in rows]
        data, recipe = open_data(options.data, options.data_dir), load_recipe(options.recipe)
    except SearchspaceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    known = np.array([np.mean(column.values(i)) for i in rows])
    macs = np.array([float(at.macs) for at in points])
    most = Budget(int(macs.max()))
    kind = DrawnCosts if options.drawn_costs else SupernetTask
    cheapest = lowest(space, lambda at: at.macs)
    task = kind(space, most, cheapest, trace(space, points[0].decisions).input, data,
                options.validation, recipe, 1, options.seed, options.sandwich,
                options.contexts)
    grid = Grid("epochs", "training", "scoring", "tensors", "value", "Spearman", "Kendall",
                "worst band", title=f"{options.space}, {len(rows):,} networks, seconds of one core",
                title_justify="left")
    bands = quarters(macs)
    grid.add_row("", "", "", "", "MACs", *_shown(macs, known, bands))
    for epochs in options.epochs:
        wanted = replace(task, epochs=epochs)
        scores, training, scoring, tensors = _measured(wanted, points)
        for name, values in (("loss", [-s.loss for s in scores]),
                             ("accuracy", [s.accuracy for s in scores])):
            grid.add_row(str(epochs), f"{training:.0f}", f"{scoring:.0f}", str(tensors), name,
                         *_shown(np.array(values), known, bands))
        if options.out:
            _write(options.out, options.space, points, scores)
    console.print(grid)
    return 0


def _measured(task: SupernetTask, points: list) -> tuple[list[SharedScore], float, float, int]:
    """The scores of networks, the seconds of training and of scoring, and the tensors shared."""
    with tempfile.TemporaryDirectory() as folder:
        file, began = Path(folder) / "weights.safetensors", time.process_time()
        training = SupernetTraining(task, CPU)
        training.run(task.epochs)
        training.save(file)
        trained = time.process_time()
        scorer = SupernetScorer(task, file, CPU)
        scores = [scorer(at.decisions) for at in points]
        return (scores, trained - began, time.process_time() - trained,
                len(training.weights.tensors))


def _shown(values: np.ndarray, known: np.ndarray, bands: list) -> list[str]:
    return [f"{one:.3f}" for one in Judged.of(values, known, bands)]


def _write(path: Path, space: str, points: list, scores: list[SharedScore]) -> None:
    """Write the losses, negated, as a table of the space."""
    rows = ",\n".join(json.dumps({"decisions": at.decisions, "macs": at.cost.macs,
                                  "params": at.cost.params, "values": [-score.loss]})
                      for at, score in zip(points, scores, strict=True))
    path.write_text(f'{{"space": "{space}", "value": "shared loss, negated",\n'
                    f'"command": "python benchmarks/supernet.py --out",\n"rows": [\n{rows}\n]}}\n',
                    encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--space", default="digits", metavar="NAME|PATH")
    made.add_argument("--table", nargs="+", metavar="FILE", default=[],
                      help="the results of its networks (default: the space's own)")
    made.add_argument("--column", metavar="NAME", default="", help="of the table's values "
                      "(default: its only one)")
    made.add_argument("--networks", type=int, metavar="N", help="of the table, at random "
                      "(default: all)")
    made.add_argument("--data", default="digits", metavar="NAME")
    made.add_argument("--data-dir", metavar="DIR")
    made.add_argument("--validation", type=float, default=0.2, metavar="SHARE")
    made.add_argument("--recipe", default="quick", metavar="NAME")
    made.add_argument("--epochs", nargs="+", type=int, default=[96], metavar="N")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--contexts", action="store_true", help="with weights of their own in the "
                      "second half")
    made.add_argument("--sandwich", action="store_true")
    made.add_argument("--drawn-costs", action="store_true", help="networks at multiply-adds that "
                      "are drawn (default: strictly fair)")
    made.add_argument("--out", type=Path, metavar="FILE", help="write the losses as a table")
    return made


if __name__ == "__main__":
    raise SystemExit(main())
