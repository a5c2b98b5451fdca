"""Searches that train, on recorded trainings: what they find in how much time.

examples:
  python studies/digits/train.py --curves 2 --most 150000 --out curves.jsonl
  python benchmarks/trained_search.py curves.jsonl
  python benchmarks/trained_search.py curves.jsonl --ways random freeze-thaw --seeds 20

The trainings of the space ``digits`` are replayed with the seconds that they took, which pass
on a clock of their own; proposals take no time. A search sees the accuracies on few images of one
training of each network, drawn for each seed among those recorded. Its choice is the best full
training, and is judged by the mean of the three trainings in the space's table. Told is the regret
in points, the distance from the best network with a recorded training: means over seeds, and their
standard errors. The time is in mean full trainings. Ways are samplers; "+halving" stops trainings
as a search does by default.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import optuna
from optuna.trial import TrialState
from rich.console import Console
from rich.table import Table as Grid

from search.samplers import PassiveSampler, SamplingTask, make, proposals
from search.samplers.freeze_thaw.sampler import FreezeThaw
from search.seeds import derive
from search.study.neighbours import Region, SpaceExhausted
from search.study.projection import settle
from search.tables import find_tables, read_tables
from search.training.hyperband import Rungs, predicted
from search.training.options import TrainOptions
from searchspace import Genotype, load
from searchspace.identity import digest
from searchspace.space.budget import Budget, parse_amount
from searchspace.space.descent import lowest
from searchspace.space.enumeration import every_point
from searchspace.space.point import first, point

WAYS = ("random", "random+halving", "gp", "gp+halving", "freeze-thaw")
TIMES = (5.0, 10.0, 20.0, 40.0)
HALVING = "+halving"


class Recorded(NamedTuple):
    """A network: its recorded curves, the seconds of one of their epochs, its true accuracy."""

    curves: list[list[float]]
    seconds: float
    truth: float


@dataclass(frozen=True)
class Recordings:
    """The recorded networks of a space by identity."""

    space: Genotype
    budget: Budget
    networks: dict[str, Recorded]

    @classmethod
    def read(cls, file: Path, most: int | None) -> "Recordings":
        """What `studies/digits/train.py --curves` has written of networks of at most so many
        multiply-adds, by default all."""
        space = load("digits")
        table = read_tables(find_tables("digits", ()), space)
        values = table.select("")
        found: dict[str, Recorded] = {}
        dearest = 0
        for line in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            at = point(space, first, line["decisions"])
            if most is not None and at.macs > most:
                continue
            truth = values.mean(table.own(at.decisions))
            assert truth is not None
            here = found.setdefault(digest(at.expansion), Recorded([], line["seconds"], truth))
            here.curves.append(line["values"])
            dearest = max(dearest, at.macs)
        budget = Budget(macs=dearest)
        lacking = [at for at in every_point(space)
                   if budget.fits(at) and digest(at.expansion) not in found]
        if lacking:
            raise SystemExit(f"error: {file} lacks {len(lacking)} networks up to {dearest:,} MACs")
        return cls(space, budget, found)

    @property
    def epochs(self) -> int:
        """Of a full training."""
        return len(next(iter(self.networks.values())).curves[0])

    @property
    def unit(self) -> float:
        """The mean seconds of a full training."""
        return float(np.mean([n.seconds for n in self.networks.values()])) * self.epochs


class Step(NamedTuple):
    """The state after a trial: the time, and the identity of the best full training so far."""

    clock: float
    chosen: str | None


class Simulation:
    """One search; see the module."""

    def __init__(self, recordings: Recordings, way: str, seed: int, time: float) -> None:
        self.of, self.seed, self.time = recordings, seed, time
        self.halving = way.endswith(HALVING)
        rng = random.Random(derive(seed, "curves"))
        self.curves = {name: rng.choice(one.curves) for name, one in recordings.networks.items()}
        self.clock = 0.0
        task = SamplingTask(recordings.space, recordings.budget, seed=seed,
                            epochs=recordings.epochs,
                            pauses=TrainOptions("digits").pauses(recordings.epochs),
                            used=lambda: self.clock / time)
        self.sampler = make(way.removesuffix(HALVING), task)
        self.rungs = Rungs(recordings.epochs, 1, 3)
        self.reached: dict[str, int] = {}
        self.trainings: list[list[float]] = []
        self.study = optuna.create_study(sampler=PassiveSampler(self.sampler),
                                         direction="maximize")

    def steps(self) -> Iterator[Step]:
        """Trials until the time is over."""
        region = Region(self.of.space, self.of.budget,
                        lowest(self.of.space, self.of.budget.excess))
        best: tuple[float, str | None] = (-1.0, None)
        for number in range(10_000):
            if self.clock >= self.time:
                return
            trial = self.study.ask()
            frozen = self.study._storage.get_trial(trial._trial_id)
            seen = {name for name, done in self.reached.items()
                    if done == self.of.epochs or not isinstance(self.sampler, FreezeThaw)}
            try:
                made = settle(region, proposals(self.sampler, self.study, frozen, self.seed,
                                                number)(0),
                              frozenset(seen), random.Random(derive(self.seed, "bring", number)),
                              self.reached.keys() - seen)
            except SpaceExhausted:
                return
            name, before = made.identity, self.reached.get(made.identity, 0)
            until = self.sampler.until(self.study, frozen, self.seed, name)
            done = self._stopped(name) if until is None else until
            self.reached[name] = done
            spent = self.of.networks[name].seconds * max(done - before, 0)
            self.clock += spent
            curve = self.curves[name][:done]
            attributes = {"decisions": made.point.decisions, "identity": name,
                          "macs": made.point.cost.macs, "params": made.point.cost.params,
                          "curve": curve, "known": {}, "bracket": 0, "seconds": spent}
            if until is not None:
                attributes["until"] = until
            if done < self.of.epochs:
                full = [t for t in self.trainings if len(t) == self.of.epochs]
                if (value := predicted(curve[-1], done, full)) is not None:
                    attributes["foretold"] = [value]
            self.trainings.append(curve)
            for attribute, content in attributes.items():
                trial.set_user_attr(attribute, content)
            if done < self.of.epochs:
                self.study.tell(trial, state=TrialState.PRUNED)
            else:
                self.study.tell(trial, curve[-1])
                best = max(best, (curve[-1], name), key=lambda pair: pair[0])
            yield Step(self.clock, best[1])

    def _stopped(self, name: str) -> int:
        """The epochs after which successive halving stops a training."""
        for rung in self.rungs.levels(0) if self.halving else ():
            others = [(-curve[rung - 1],) for curve in self.trainings if len(curve) >= rung]
            if not self.rungs.goes_on((-self.curves[name][rung - 1],), others):
                return rung
        return self.of.epochs


def regrets(recordings: Recordings, way: str, seed: int, times: Sequence[float]) -> list[float]:
    """The regret after each of these times; a search whose decisions depend on the time that it has
    is repeated for each of them."""
    best = max(one.truth for one in recordings.networks.values())
    worst = min(one.truth for one in recordings.networks.values())
    found = []
    runs = {time: list(Simulation(recordings, way, seed, time * recordings.unit).steps())
            for time in (times if way.startswith("freeze-thaw") else times[-1:])}
    for time in times:
        steps = [step for step in runs.get(time, runs[times[-1]])
                 if step.clock <= time * recordings.unit or time in runs]
        chosen = steps[-1].chosen if steps else None
        found.append(best - (recordings.networks[chosen].truth if chosen else worst))
    return found


def main() -> int:
    """Run the benchmark."""
    options = parser().parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    recordings = Recordings.read(options.file, options.budget)
    console = Console(highlight=False, width=110)
    times = sorted(options.time)
    table = Grid("way", *(f"{time:g} trainings" for time in times), title_justify="left",
                 title=f"{len(recordings.networks)} networks, regret in points, means of "
                 f"{options.seeds} seeds; a full training takes {recordings.unit:.2f} s")
    kept = {}
    for way in options.ways:
        kept[way] = [regrets(recordings, way, seed, times) for seed in range(options.seeds)]
        found = np.array(kept[way])
        errors = found.std(0, ddof=1) / len(found) ** 0.5 if len(found) > 1 else found[0] * 0
        table.add_row(way, *(f"{mean:.3f} ± {error:.3f}" for mean, error in
                             zip(found.mean(0), errors, strict=True)))
        print(way, end=" ", file=sys.stderr, flush=True)
    console.print(table)
    if options.json:
        options.json.write_text(json.dumps({"times": times, "regrets": kept}), encoding="utf-8")
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("file", type=Path, metavar="FILE", help="recorded trainings")
    made.add_argument("--budget", type=parse_amount, metavar="MACS",
                      help="only networks inside it (default: all that were recorded)")
    made.add_argument("--ways", nargs="+", default=WAYS, metavar="NAME")
    made.add_argument("--time", nargs="+", type=float, default=TIMES, metavar="N",
                      help="of so many mean full trainings")
    made.add_argument("--seeds", type=int, default=10, metavar="N")
    made.add_argument("--json", type=Path, metavar="FILE", help="every seed's regrets")
    return made


if __name__ == "__main__":
    raise SystemExit(main())
