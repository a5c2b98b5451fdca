"""Freeze-thaw Bayesian optimisation: which network is trained next, and for how long.

Trainings may pause and go on later (Swersky, Snoek & Adams 2014, arXiv 1406.3896). A few networks
begin, and the best of them are trained in full; the first of these early enough to end in time,
where that is limited. From then on a model of the final accuracy, learned
from the graphs of all networks and their accuracies wherever a training may pause
(`search.surrogate`), says what another piece of training of each network, new or paused, would tell
about the best accuracy there is. The next trial is the piece that tells most a second, where
seconds are learned from the trainings so far (`trained.seconds_an_epoch`). In the last third of the
time, where that is limited, the networks of best expectation are trained in full.
"""

import random
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import FrozenTrial

from search.gaussian_process import typical
from search.samplers.base import Sampler, SamplingTask, sampler, taking
from search.samplers.freeze_thaw.candidates import Trainable
from search.samplers.freeze_thaw.trained import Trained, seconds_an_epoch, trained
from search.samplers.freeze_thaw.value import information, maxima
from search.samplers.gp.candidates import Candidate
from search.surrogate.columns import Columns
from search.surrogate.features import Named
from search.surrogate.model import PRIOR, Observed, Surrogate, chosen
from searchspace.notation.tree import Atom
from searchspace.space.point import Propose

Array = NDArray[np.float64]

START = 8           # networks that begin,
AMONG = 256         # each the most promising of so many random ones, a quarter of all at most
FULL = 3            # of them that are trained in full before the model decides
LAST = 2 / 3        # share of the time after which trainings are full ones


class Piece(NamedTuple):
    """What to do next: train a network until so many epochs."""

    identity: str
    decisions: Mapping[str, Atom]
    until: int


class FreezeThaw(Sampler):
    """See the module; what it keeps are caches."""

    def __init__(self, task: SamplingTask) -> None:
        self.task, self.candidates = task, Trainable(task)
        self.stops = (*sorted(task.pauses), task.epochs)
        self.next: tuple[int, Piece | None] = -1, None
        self.matrix: tuple[Columns, dict[str, Array]] | None = None

    def propose(self, study: optuna.Study, trial: FrozenTrial, seed: int) -> Propose:
        rng = random.Random(seed)
        self.next = trial.number, self._next(trained(study), rng)
        found = self.next[1]
        return taking(found.decisions if found else {}, rng)

    def until(self, study: optuna.Study, trial: FrozenTrial, seed: int, identity: str) -> int:
        number, piece = self.next
        if piece is not None and number == trial.number and piece.identity == identity:
            return piece.until
        known = trained(study).get(identity)        # a published network, or one near a proposal
        return self._after(known)

    def _after(self, network: Trained | None) -> int:
        """The next stop of a network."""
        done = len(network.curve) if network else 0
        return next((stop for stop in self.stops if stop > done), self.task.epochs)

    def _next(self, known: dict[str, Trained], rng: random.Random) -> Piece | None:
        """None if no network is left that may be trained."""
        best = sorted(((name, n) for name, n in known.items() if n.curve),
                      key=lambda pair: -pair[1].curve[-1])
        pool = self.candidates.some({name: n.decisions for name, n in best})
        fresh = {name: one for name, one in pool.items() if name not in known}
        paused = {name: one for name, one in known.items() if one.paused and one.curve}
        full = sum(len(one.curve) >= self.task.epochs for one in known.values())
        if full >= FULL:
            return self._best(known, paused, fresh)
        name = max(paused, key=lambda name: (paused[name].curve[self.stops[0] - 1], name),
                   default=None)
        if name is None or (len(known) < START and (full or not self._is_due(paused[name]))):
            return self._first(known, fresh, rng)
        return Piece(name, paused[name].decisions, self.task.epochs)

    def _is_due(self, one: Trained) -> bool:
        """Whether after another piece too little time would be left for the rest of a training,
        unless that takes longer than all of the time."""
        each = one.seconds / len(one.curve)
        rest = each * (self.task.epochs - len(one.curve))
        left = self.task.time * (1 - self.task.used())
        return left < rest + each * self.stops[0] and rest <= self.task.time

    def _first(self, known: Mapping[str, Trained], fresh: Mapping[str, Candidate],
               rng: random.Random) -> Piece | None:
        """Of some random networks one that its costs let expect much of, and that is little
        known."""
        some = rng.sample(sorted(fresh), min(AMONG, -(-len(fresh) // 4)))
        if not some:
            return None
        columns, rows = self._rows({
            **{name: one.features for name, one in fresh.items()},
            **{name: self.candidates.observed(name, one.decisions)
               for name, one in known.items()}})
        at = np.stack([rows[name] for name in some])
        seen = np.stack([rows[name] for name in known]) if known else at[:0]
        _, variance = typical([0] * at.shape[1], PRIOR).posterior(seen, np.zeros(len(seen)), at)
        best = int(np.argmax(columns.prior_mean(at) + 0.5 * np.sqrt(variance)))
        return Piece(some[best], fresh[some[best]].at.decisions, self.stops[0])

    def _best(self, known: Mapping[str, Trained], paused: Mapping[str, Trained],
              fresh: Mapping[str, Candidate]) -> Piece | None:
        """What tells most a second; at the end what is expected to be best."""
        able = [*((name, one.decisions, one.macs, len(one.curve)) for name, one in paused.items()),
                *((name, one.at.decisions, one.at.macs, 0) for name, one in fresh.items())]
        if not able:
            return None
        features = {name: self.candidates.observed(name, one.decisions)
                    for name, one in known.items()}
        columns, rows = self._rows({**{name: one.features for name, one in fresh.items()},
                                    **features})
        model, stops = self._model(columns, known, features)
        at = np.stack([rows[name] for name, *_ in able])
        mean, deviation = model.believed(at)
        if self.task.used() >= LAST:
            name, decisions, *_ = able[int(np.argmax(mean))]
            return Piece(name, decisions, self.task.epochs)
        ended = [rows[name] for name, one in known.items()
                 if len(one.curve) >= self.task.epochs and not one.paused]
        others = model.believed(np.stack(ended)) if ended else (mean[:0], deviation[:0])
        greatest = maxima(np.concatenate([mean, others[0]]),
                          np.concatenate([deviation, others[1]]))
        each = seconds_an_epoch(list(known.values()),
                                np.array([float(macs) for *_, macs, _ in able]))
        done = np.array([epochs for *_, epochs in able])
        worth = np.array([np.where(done < stop, information(mean, deviation, shared, greatest)
                                   / (each * np.maximum(stop - done, 1)), -1.0)
                          for stop, shared in zip(stops, model.shared(at), strict=True)])
        row, column = np.unravel_index(int(np.argmax(worth)), worth.shape)
        name, decisions, *_ = able[int(column)]
        return Piece(name, decisions, stops[int(row)])

    def _model(self, columns: Columns, known: Mapping[str, Trained],
               features: Mapping[str, Named]) -> tuple[Surrogate, list[int]]:
        """The model, and the epochs of its sources: first those of a full training."""
        sources, stops = [], []
        for stop in reversed(self.stops):
            there = [name for name, one in known.items() if len(one.curve) >= stop]
            values = np.array([known[name].curve[stop - 1] for name in there])
            some = chosen(values, True)
            sources.append(Observed([features[there[i]] for i in some], values[some]))
            stops.append(stop)
        return Surrogate.fit(columns, sources, least=FULL), stops

    def _rows(self, networks: Mapping[str, Named]) -> tuple[Columns, Mapping[str, Array]]:
        """The columns for these networks, and the row of each in their matrix."""
        if self.matrix is not None and networks.keys() <= self.matrix[1].keys():
            return self.matrix          # of a small space, whose networks stay the same
        columns = Columns.of(list(networks.values()))
        rows = dict(zip(networks, columns(list(networks.values())), strict=True))
        if self.candidates.is_whole:
            self.matrix = columns, rows
        return columns, rows


@sampler("freeze-thaw", trains=True)
def make(task: SamplingTask) -> Sampler:
    """The model decides how long each network is trained."""
    return FreezeThaw(task)
