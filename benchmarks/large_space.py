"""How soon samplers find good networks of a space that no table covers.

examples:
  python benchmarks/large_space.py
  python benchmarks/large_space.py --space mobile --samplers gp evolution tpe --seeds 5
  python benchmarks/large_space.py --objective naswot --input 32 --budget 10M --trials 50

The objective stands in for an accuracy: `top1`, the predicted ImageNet top-1 without its interval,
or any training-free score. The networks have 999 classes, so that the samplers' model does not
expect of them what published accuracies of 1,000 classes tell, which `top1` is. Told is the best
value after 10, 25, 50 and 75 trials, and the processor time of a whole search, both for each seed.
Searches begin without published networks.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from search import search
from search.predictors.artefact import bundled
from search.predictors.features import vector
from search.predictors.layer_statistics import digest
from searchspace import Genotype, load
from searchspace.expansion import trace

MARKS = (10, 25, 50, 75)
PREDICTED = "top1"
CLASSES = 999


def predicted(network: Genotype) -> float:
    """Top-1 in percent, also of networks far from all that is published."""
    x = np.array([vector(digest(trace(network)))])
    return float(100 * -np.expm1(bundled().calibration.log_error(x)[0]))


def best_after(options: argparse.Namespace, sampler: str, seed: int) -> tuple[list[float], float]:
    """The best value after each mark, and seconds of the processor."""
    objective: str | Callable[[Genotype], float] = "score"
    more = {"score": options.objective}
    if options.objective == PREDICTED:
        objective, more = predicted, {}
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        found = search(load(options.space, classes=CLASSES), options.budget, objective,
                       trials=options.trials, seed=seed, sampler=sampler, input=options.input,
                       warm_start=False, folder=Path(folder) / "study", **more)
    reached = np.maximum.accumulate([trial.values[0] if trial.values else -np.inf
                                     for trial in found.outcome.trials])
    return ([float(reached[m - 1]) for m in MARKS if m <= len(reached)],
            time.process_time() - began)


def main() -> int:
    """Run the benchmark."""
    options = _parser().parse_args()
    marks = [m for m in MARKS if m <= options.trials]
    grid = Table("sampler", "seed", *(f"after {m}" for m in marks), "s",
                 title=f"best {options.objective} of {options.space}, {options.budget}")
    for sampler in options.samplers:
        for seed in range(options.seeds):
            reached, seconds = best_after(options, sampler, seed)
            grid.add_row(sampler, str(seed), *(f"{v:.2f}" for v in reached), f"{seconds:.0f}")
    Console(highlight=False).print(grid)
    return 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--space", default="mixed", metavar="NAME|PATH")
    made.add_argument("--budget", default="300M", metavar="MACS")
    made.add_argument("--input", type=int, metavar="PIXELS")
    made.add_argument("--objective", default=PREDICTED, metavar="SCORE")
    made.add_argument("--samplers", nargs="+", default=["gp", "evolution"], metavar="NAME")
    made.add_argument("--seeds", type=int, default=3, metavar="N")
    made.add_argument("--trials", type=int, default=75, metavar="N")
    return made


if __name__ == "__main__":
    raise SystemExit(main())
