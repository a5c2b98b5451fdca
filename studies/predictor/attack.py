"""Search against the predicted accuracy, for as long as is wanted, and keep what was found.

examples:
  python studies/predictor/attack.py
  python studies/predictor/attack.py --space mobile --budget 300M --seed 0 --seconds 60
  python studies/predictor/attack.py --page

It is the search of `python search/run.py --budget …`: regularised evolution against the lower end
of the prediction, looking at as many networks as the time allows. Each attack is a line of
attacks.jsonl here, in place of an older one of its space, budget and seed. Without options it takes
ten minutes for each space, budget and seed: half a day. --page draws the page from what is kept.
"""

import json
import sys
import time
from argparse import Namespace
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from page import write_page
from shape import Shape, faults, near, published, shape

from search.objectives.usual import PREDICTED, predicted, usual_score
from search.samplers.base import SamplingTask
from search.samplers.screening import Screening
from search.score_report.published import EDGE
from search.scores.base import usual_batch
from search.study.plan import Plan
from search.study.settings import Settings
from searchspace import load, spaces
from searchspace.cli import Parser, remark, run, whole
from searchspace.expansion import trace
from searchspace.genotype import to_yaml
from searchspace.safety.files import write_file
from searchspace.space.budget import Budget
from searchspace.space.fill import fill
from searchspace.units import show_amount

HERE = Path(__file__).parent
KEPT = HERE / "attacks.jsonl"
BUDGETS = ("150M", "300M", "600M")
SEEDS = (0, 1, 2)
FIRST = 500         # networks by which the time is measured


@dataclass(frozen=True, slots=True)
class Attack:
    """What one search ended with; top-1 in percent."""

    space: str
    budget: str
    seed: int
    looked: int
    seconds: float
    value: float
    spread: float
    lower: float
    distance: float
    nearest: str
    shape: Shape
    faults: tuple[str, ...]


def attack(space: str, budget: str, seed: int, seconds: float) -> Attack | None:
    """Search one space under one budget, and keep the network as YAML; None if all networks are
    refused as too far from all that is published."""
    task = _task(space, budget, seed)
    start = time.process_time()
    first = Screening(task, FIRST)
    best = first.ranking[0]
    each = (time.process_time() - start) / FIRST
    looked = int(seconds / each)
    if looked > FIRST:
        best = Screening(task, looked).ranking[0]
    network = fill(load(space), best.decisions)
    expansion = trace(network)
    if (said := predicted(expansion)) is None:
        return None
    folder = HERE / "found"
    folder.mkdir(exist_ok=True)
    write_file(folder / f"{space}-{budget}-{seed}.yaml", to_yaml(network).encode())
    mine = shape(expansion)
    return Attack(space, budget, seed, max(looked, FIRST), round(time.process_time() - start, 1),
                  round(said.value, 2), round(said.spread, 2), round(said.lower, 2),
                  round(said.distance, 3), said.nearest[0].network, mine,
                  faults(mine, near(published(), mine.macs)))


def _task(space: str, budget: str, seed: int) -> SamplingTask:
    """What the sampler of `run.py` is given."""
    return Plan.of(Settings(space=space, budget=Budget.read(budget), input=EDGE, seed=seed,
                            sampler="screening", trials=1, batch=usual_batch(EDGE),
                            score=PREDICTED)).task


def kept() -> list[dict[str, Any]]:
    """The attacks that are kept."""
    return [json.loads(line) for line in KEPT.read_text().splitlines()] if KEPT.exists() else []


def _keep(made: Attack) -> None:
    key = (made.space, made.budget, made.seed)
    others = [one for one in kept() if (one["space"], one["budget"], one["seed"]) != key]
    rows = sorted([*others, asdict(made)], key=lambda one: (
        one["space"], BUDGETS.index(one["budget"]), one["seed"]))
    write_file(KEPT, "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows).encode())


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 if something was found that nobody would publish."""
    given = _parser().parse_args(arguments)
    return run(lambda: write_page(kept(), HERE) if given.page else _campaign(given))


def _campaign(given: Namespace) -> int:
    wrong = 0
    for space in given.space or [name for name in spaces() if _predicted(name)]:
        for budget in given.budget:
            for seed in given.seed:
                made = attack(space, budget, seed, given.seconds)
                if made is None:
                    remark(f"{space} {budget} seed {seed}: all networks are refused")
                    continue
                _keep(made)
                wrong += bool(made.faults)
                remark(f"{space} {budget} seed {seed}: {made.value:.1f} ± {made.spread:.1f} %, "
                       f"{show_amount(made.shape.macs)} MACs, {show_amount(made.shape.params)} "
                       f"params, {made.looked:,} looked at in {made.seconds:.0f} s; "
                       f"{'; '.join(made.faults) or 'nothing unusual'}")
    return int(wrong > 0)


def _predicted(space: str) -> bool:
    return usual_score(load(space))[0] == PREDICTED


def _parser() -> Parser:
    parser = Parser("python studies/predictor/attack.py", __doc__)
    parser.add_argument("--space", nargs="+", metavar="NAME",
                        help="default: every bundled space whose accuracy is predicted")
    parser.add_argument("--budget", nargs="+", default=list(BUDGETS), choices=BUDGETS)
    parser.add_argument("--seed", nargs="+", type=int, default=list(SEEDS), metavar="N")
    parser.add_argument("--seconds", type=whole(1, 86_400), default=600, metavar="S",
                        help="processor time of each (default: 600)")
    parser.add_argument("--page", action="store_true", help="draw README.md from what is kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
