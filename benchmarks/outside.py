"""The time of a search that is not scoring, against Optuna alone with the same decisions.

Both sides keep their trials in an SQLite file and sample with TPE; Optuna is asked every hole of
the space and knows no budget, no identity and no archive.
"""

import tempfile
import time
import warnings
from itertools import pairwise
from pathlib import Path
from statistics import median

import optuna
from measures import Row
from optuna.distributions import CategoricalDistribution
from timing import Seconds, ratio

from search.study import open_study
from search.study.settings import Settings
from searchspace import load
from searchspace.phases import Profile, measured
from searchspace.space.budget import Budget

REACH = 0.03        # of a trial
BATCH = 32
PARTS = 10          # of the trials, each a round


def searched(space: str, trials: int) -> tuple[Seconds, Profile]:
    """Processor seconds of each tenth of a search's trials outside scoring, and its profile. The
    score is a count, so that scoring takes next to nothing."""
    marks: Seconds = []
    settings = Settings(space=space, budget=Budget(300_000_000), input=224, seed=0, sampler="tpe",
                        trials=trials, batch=BATCH, score="params", warm_start=False)
    with tempfile.TemporaryDirectory() as folder, \
            open_study(settings, Path(folder), "s") as study, measured() as profile:
        def mark(done: object) -> None:
            profile.settle()
            marks.append(sum(spent.processor for name, spent in profile.spent.items()
                             if name != "scoring"))

        study.run(mark)
    return _parts(marks), profile


def bare(space: str, trials: int) -> Seconds:
    """Processor seconds of each tenth of the trials of `study.optimize` with nothing to do."""
    holes = {hole.name: CategoricalDistribution(hole.labels) for hole in load(space).holes}
    marks = [time.process_time()]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")         # groups are an experiment of Optuna's
        study = optuna.create_study(storage=f"sqlite:///{folder}/bare.db", direction="maximize",
                                    sampler=optuna.samplers.TPESampler(
                                        seed=0, multivariate=True, group=True))

        def worth(trial: optuna.Trial) -> float:
            for name, of in holes.items():
                trial.suggest_categorical(name, of.choices)
            return float(trial.number % 97)

        study.optimize(worth, n_trials=trials,
                       callbacks=[lambda *_: marks.append(time.process_time())])
    return _parts(marks)


def _parts(marks: Seconds) -> Seconds:
    each = max(1, (len(marks) - 1) // PARTS)
    stops = marks[::each]
    return [(b - a) / each for a, b in pairwise(stops)]


def outside(space: str, trials: int, score: float) -> list[Row]:
    """Rows of a search's time outside scoring: a trial, against Optuna's, and its share beside a
    training-free score that takes ``score`` seconds."""
    ours, profile = searched(space, trials)
    other = bare(space, trials)
    each = median(ours)
    share = each / (each + score)
    whole = sum(s.processor for name, s in profile.spent.items() if name != "scoring")
    rows = [Row(f"{space}: outside scoring, a trial of {trials}", each, median(other),
                "bare study.optimize, SQLite", ratio(ours, other)),
            Row(f"{space}: its share beside NASWOT, {share:.1%}", reach=f"≤ {REACH:.0%}",
                met=share <= REACH)]
    return rows + [Row(f"  of it {name}, {spent.processor / whole:.0%}")
                   for name, spent in sorted(profile.spent.items(), key=lambda s: -s[1].processor)
                   if name != "scoring"]
