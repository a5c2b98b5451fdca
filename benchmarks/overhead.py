"""Time of a sampler for one trial, beside bare Optuna, and the share of new proposals.

examples:
  python benchmarks/overhead.py
  python benchmarks/overhead.py --space mixed --budget 300M --trials 150 --samplers auto

The objective is made up and costs nothing: a random share for each decision. `auto` and other
samplers of ours search from the first trial on; printed are medians in milliseconds over all
trials and over the last tenth, of the sampler alone, and of what brings its proposal to the budget
and finds it new. Optuna's own samplers without this project get --trials random networks, and
are then asked 10 times. By default the space has thirty holes (benchmarks/thirty.yaml).
"""

import argparse
import random
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import optuna
from drive import drive
from optuna.samplers import BaseSampler, GPSampler, TPESampler
from rich.console import Console
from rich.table import Table

from search.samplers import CHOICES, SamplingTask, choose, distribution, make
from search.seeds import derive
from search.study.projection import Proposal
from searchspace import Genotype, SearchspaceError, load
from searchspace.notation.holes import Decisions
from searchspace.space.budget import Budget
from searchspace.space.point import sample
from searchspace.units import parse_amount

THIRTY = Path(__file__).resolve().parent / "thirty.yaml"
ASKED = 10
BARE: dict[str, Callable[[], BaseSampler]] = {
    "TPE": lambda: TPESampler(seed=0),
    "TPE, multivariate, groups": lambda: TPESampler(seed=0, multivariate=True, group=True),
    "GP": lambda: GPSampler(seed=0, deterministic_objective=True, warn_independent_sampling=False),
}


def made_up(decisions: Decisions) -> float:
    """A normal share of each decision."""
    return sum(random.Random(derive(name, label)).gauss(0, 1)
               for name, label in decisions.items())


def bare(space: Genotype, sampler: BaseSampler, trials: int) -> list[float]:
    """Seconds of each of 10 proposals after so many random networks: every hole is asked for."""
    study, rng = optuna.create_study(sampler=sampler, direction="maximize"), random.Random(0)
    for _ in range(trials):
        at = sample(space, rng)
        study.add_trial(optuna.trial.create_trial(
            params=dict(at.sampled), value=made_up(at.sampled),
            distributions={name: distribution(at.holes[name]) for name in at.sampled}))
    seconds = []
    for _ in range(ASKED):
        at, begin = sample(space, rng), time.process_time()
        trial = study.ask({name: distribution(at.holes[name]) for name in at.sampled})
        seconds.append(time.process_time() - begin)
        study.tell(trial, made_up(trial.params))
    return seconds


def main() -> int:
    """Run the benchmark."""
    options = _parser().parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    try:
        space, budget = load(str(options.space)), Budget(parse_amount(options.budget))
    except SearchspaceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    table = Table("sampler", "ms a trial", f"last {max(1, options.trials // 10)}", "to the budget",
                  "replaced", title=f"{len(space.holes)} holes, {options.trials} trials, {budget}")
    for name in options.samplers:
        sampler = make(choose(name, space)[0], SamplingTask(space, budget))
        steps = list(drive(space, sampler, budget, 0, _value, options.trials))
        last = steps[-max(1, options.trials // 10):]
        table.add_row(f"ours: {name}", _ms(s.sampler for s in steps),
                      _ms(s.sampler for s in last), _ms(s.budget for s in steps),
                      f"{sum(s.proposal.replaced for s in steps) / len(steps):.1%}")
    for name in options.bare:
        table.add_row(name, "", _ms(bare(space, BARE[name](), options.trials)), "", "")
    Console(highlight=False).print(table)
    return 0


def _value(proposal: Proposal) -> float:
    return made_up(proposal.point.sampled)


def _ms(seconds: Iterable[float]) -> str:
    return f"{1000 * statistics.median(seconds):.1f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--space", default=THIRTY, metavar="NAME|PATH")
    parser.add_argument("--budget", default="20M", metavar="MACS")
    parser.add_argument("--trials", type=int, default=500, metavar="N")
    parser.add_argument("--samplers", nargs="*", choices=CHOICES, default=["auto", "tpe"],
                        metavar="NAME", help=f"of: {', '.join(CHOICES)}")
    parser.add_argument("--bare", nargs="*", choices=list(BARE), default=list(BARE),
                        metavar="NAME", help=f"of: {', '.join(BARE)}")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
