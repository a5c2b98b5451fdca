"""A study: Optuna's trials and our archive in one database, run until the trials are done.

The same seed gives the same trials, interrupted or not: the randomness of a trial comes from
(seed, how many trials are finished), the weights of a network from (seed, its identity), and a
trial that was cut off is marked failed and done again. Several workers may run a study at the same
time: a network is evaluated by the one that has the claim to it (`search.archive.claims`).
"""

import json
import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import filelock
import optuna
import sqlalchemy
from optuna.trial import FrozenTrial, TrialState

from search.archive import Archive, StorageError
from search.archive.claims import Claims, Held, new_worker
from search.archive.database import sentence
from search.archive.places import remember
from search.dashboard import name_objectives
from search.evaluate import Lookup, Scorer, training_free
from search.feasibility import check_budget
from search.heartbeat import Heartbeat
from search.interrupted import (
    CHECKPOINT,
    DIED,
    NOT_BEGUN,
    cut_off,
    cut_off_dead,
    is_settled,
    running,
    to_retry,
)
from search.latency.stopwatch import Stopwatch
from search.nearest import Region, SpaceExhausted
from search.objectives import named
from search.propose import Proposal, most_promising, several
from search.reference import reference
from search.samplers import (
    BudgetSampler,
    Score,
    Task,
    choose,
    derive,
    finished,
    make,
    snapshot,
)
from search.scores.table import table_for
from search.settings import Settings, StudyError
from search.start import COLD, find_start
from search.storage import open_storage
from search.trained import TRAIN
from search.trainings import open_trainings
from search.trial import Trial, begin, read
from searchspace.free import free
from searchspace.holes import Decisions
from searchspace.space import Point, Propose

optuna.logging.set_verbosity(optuna.logging.WARNING)

PATIENCE_S = 3600.0     # how long a worker waits for a database that has gone away
POLL_S = 0.2            # between looks at what the other workers do


class _Enough(Exception):
    """As many trials as were asked for are finished, or being evaluated by others."""


class Study:
    """A study in a folder, or in a database that many share; a context manager.

    ``url``: the database, by default ``study.db`` in the folder. ``alone``: whether nobody else
    may run the study meanwhile; the folder is held then, and every trial that is not finished was
    cut off.
    """

    def __init__(self, settings: Settings, folder: Path, name: str, url: str | None = None,
                 alone: bool = True) -> None:
        self.settings, self.folder, self.name, self.alone = settings, folder, name, alone
        self.url = url or f"sqlite:///{folder / 'study.db'}"
        predictor = settings.predictor
        self.objectives = named(settings.objectives, settings.score,
                                predictor.nanoseconds if predictor else None)
        self.space = settings.genotype()
        # Where a cost is to be small, the solver must not fill the budget up.
        self.open = free(self.space) if any(o.measure for o in self.objectives) else self.space
        self.table = table_for(self.space, settings.table) if "table" in settings.objectives \
            else None
        self.cheapest = check_budget(self.space, settings)
        self.sampler_name, self.reason = choose(settings.sampler, self.open,
                                                len(self.objectives))
        self.region = Region(self.open, settings.budget, self.cheapest)
        self.start = find_start(self.open, settings.budget, settings.seed, self.cheapest) \
            if settings.warm_start else COLD

    def __enter__(self) -> Self:
        self.exits = ExitStack()
        with self.exits:        # closes what was opened where the rest fails
            self._hold()
            self._open()
            self.exits = self.exits.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.exits.close()

    def _hold(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.alone:
                lock = filelock.FileLock(self.folder / "lock")
                lock.acquire(timeout=0)
                self.exits.callback(lock.release)
        except filelock.Timeout:
            raise StudyError(f"study {self.name!r} is being run by another process") from None
        except OSError as error:
            raise StudyError(f"cannot write to {self.folder}: {error.strerror or error}") from None

    def _open(self) -> None:
        worker = new_worker()
        try:
            self.storage = open_storage(self.url, worker, PATIENCE_S)
            self.exits.callback(self.storage.engine.dispose)
            self.sampler = BudgetSampler(
                make(self.sampler_name, Task(self.open, self.settings.budget, self._prior())),
                self.settings.seed, self._bring)
            self.optuna = optuna.create_study(study_name=self.name, storage=self.storage,
                                              sampler=self.sampler, load_if_exists=True,
                                              directions=[o.direction for o in self.objectives])
        except ImportError:
            raise StudyError(f"{self._database()}: a study is kept in SQLite or in PostgreSQL, "
                             "postgresql+psycopg://…, with the package psycopg") from None
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise StudyError(f"{self._database()} cannot be used: {sentence(error)}") from None
        stored = self.optuna.user_attrs.get("settings")
        if stored is None:
            name_objectives(self.optuna, [o.title for o in self.objectives])
            self.optuna.set_user_attr("settings", json.loads(json.dumps(self.settings.lasting())))
        else:
            self.settings.check_same(stored, self.name)
        self.archive = self.exits.enter_context(Archive(self.url, PATIENCE_S))
        if not self.url.startswith(f"sqlite:///{self.folder}"):
            remember(self.folder, self.url)
        self.archive.register(self.name, self.settings.space, self.optuna.user_attrs["settings"])
        self.claims = Claims(self.archive.database, worker)
        self.working = False
        self._clear(everything=self.alone)
        self.archive.claims = self.claims
        self.scorer = Scorer(self.archive, self.name, self.settings.batch, self.settings.seed,
                             self.settings.score, self.space, self._reference)
        self.evaluators: dict[str, Scorer | Lookup | Stopwatch] = {"score": self.scorer}
        self.trainings = open_trainings(self.settings, self.objectives, self.optuna, self.archive,
                                        self.folder, self._place)
        if self.table is not None:
            self.evaluators["table"] = Lookup(self.archive, self.name, self.table)
        if self.settings.device is not None:
            self.evaluators["measured-latency"] = Stopwatch(self.archive, self.name,
                                                            self.settings.device)

    def _database(self) -> str:
        try:
            url = sqlalchemy.make_url(self.url)
        except sqlalchemy.exc.ArgumentError:
            return self.url
        return (url.database or "") if url.get_backend_name() == "sqlite" else \
            url.render_as_string(hide_password=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Within it nobody else writes the study's files; those who run it too wait."""
        if self.alone:
            yield
            return
        try:
            with filelock.FileLock(self.folder / "lock", timeout=PATIENCE_S):
                yield
        except filelock.Timeout:
            raise StudyError(f"another process has held {self.folder} for "
                             f"{PATIENCE_S / 60:.0f} minutes") from None

    def trials(self) -> list[Trial]:
        """The finished trials, in order."""
        return [read(t) for t in self.optuna.get_trials(deepcopy=False) if finished(t)]

    def best(self, count: int) -> list[Trial]:
        """The best trials by the first objective, best first."""
        loss = self.objectives[0].loss
        scored = [(loss(t.values[0]), t.number, t) for t in self.trials() if t.values]
        return [t for *_, t in sorted(scored, key=lambda rank: rank[:2])[:count]]

    def run(self, tell: Callable[[list[Trial]], None],
            stop: Callable[[], bool] = lambda: False) -> str | None:
        """Run trials until there are enough, or ``stop`` says so; ``tell`` hears of each. Gives
        the reason why there could be no more, or None."""
        self.optuna.set_user_attr("trials", self.settings.trials)      # for who watches
        if not self.working:            # and until the study is closed
            self.exits.enter_context(Heartbeat(self.claims, self.name))
            self.working = True
        while True:
            trials = self._clear()
            done = [read(t) for t in trials if finished(t)]
            tell(done)
            if len(done) >= self.settings.trials or stop():
                break
            try:
                if len(done) + len(running(trials)) >= self.settings.trials:
                    raise _Enough
                self._run_one()
            except (SpaceExhausted, _Enough) as reason:
                if isinstance(reason, SpaceExhausted) and \
                        not running(self.optuna.get_trials(deepcopy=False)):
                    return str(reason)
                time.sleep(POLL_S)      # what others evaluate may yet be cut off, and done again
        for worker in self.claims.workers(self.name):
            if not worker.alive:
                self.claims.leave(worker.id)
        return None

    def _run_one(self) -> None:
        """Ask for a trial and evaluate it."""
        try:
            trial = self.optuna.ask()
            self._score(trial, self.proposal)
        except optuna.exceptions.UpdateFinishedTrialError:
            pass                        # others took this worker for dead, and the trial over
        except StorageError:
            raise                       # nothing can be written any more
        except BaseException as error:
            asked = self.sampler.asked
            if asked is not None:
                reason = "Ctrl-C" if isinstance(error, KeyboardInterrupt) else str(error)
                cut_off(self.optuna, self.storage.get_trial(asked._trial_id), reason)
            raise

    def _place(self) -> int:
        """Which of the study's workers this one is, from 0."""
        living = [w.id for w in self.claims.workers(self.name) if w.alive]
        return living.index(self.claims.own) if self.claims.own in living else 0

    def abandon(self, reason: str) -> None:
        """Cut off the trials whose worker was ended on purpose."""
        self._clear(reason=reason)

    def _clear(self, everything: bool = False, reason: str = DIED) -> list[FrozenTrial]:
        """Cut off the trials whose worker is gone, so that they are done again; gives all trials.
        """
        return cut_off_dead(self.optuna, self.claims, self.name, everything, reason)

    def _prior(self) -> Score | None:
        """The training-free score of networks that were not evaluated, where it is asked for."""
        settings = self.settings
        if settings.prior is None:
            return None
        if self.sampler_name != "gp":
            raise StudyError(f"--prior guides the sampler gp, not {self.sampler_name}")
        return training_free(self.space, settings.input, settings.batch, settings.seed,
                             settings.prior, self._reference)

    def _reference(self) -> dict[str, Decisions]:
        """The networks among which a combined score ranks."""
        return reference(self.space, self.settings.budget)

    def _bring(self, proposal: Callable[[int], Propose]) -> Point:
        """What the sampler calls back: its proposal, brought to the budget; instead of it, as long
        as there are any, the networks that the search starts with."""
        if self.sampler.ordinal >= self.settings.trials:
            raise _Enough("others evaluate the last trials")
        rng = random.Random(derive(self.settings.seed, "bring", self.sampler.ordinal))
        trials = snapshot(self.optuna)
        taken = {t.user_attrs["identity"] for t in trials
                 if is_settled(t) and (finished(t) or t.state == TrialState.RUNNING)}
        while True:
            seen = frozenset(taken)
            known = (p for p in self.start.proposals if p.identity not in seen)
            self.proposal = next(to_retry(trials, self.open, seen), None) or next(known, None) \
                or self._promising(proposal, seen, rng)
            name = self.proposal.identity
            held = self.claims.claim(f"{self.name} {name}")
            if held == Held.NEW or (held and not self._is_finished(name)):
                return self.proposal.point
            taken.add(name)             # another worker was faster

    def _is_finished(self, identity: str) -> bool:
        """Whether a network was evaluated, perhaps by the worker that had the claim to it."""
        return any(finished(t) and t.user_attrs["identity"] == identity
                   for t in self.optuna.get_trials(deepcopy=False))

    def _promising(self, proposal: Callable[[int], Propose], seen: frozenset[str],
                   rng: random.Random) -> Proposal:
        """The sampler's proposal; where several networks are asked for, the best of them at first
        sight: the rung before the first epoch."""
        among = self.settings.train.among if self.settings.train else 1
        return most_promising(several(self.region, proposal, among, seen, rng),
                              self._at_first_sight)

    def _at_first_sight(self, proposal: Proposal) -> tuple[float, ...]:
        """A network's losses before it is trained: the score in place of the accuracy, and the
        costs that are objectives."""
        point = proposal.point
        seen = self.scorer(self.space, self.settings.input,
                           derive(self.settings.seed, "weights", proposal.identity),
                           point.decisions, f"{self.name}, proposed")
        score = -math.inf if seen.value is None else seen.value
        return (-score, *(float(o.measure(point.expansion)) for o in self.objectives if o.measure))

    def _score(self, trial: optuna.Trial, proposal: Proposal) -> None:
        point, settings = proposal.point, self.settings
        begin(trial, self.storage, proposal, settings,
              {CHECKPOINT: NOT_BEGUN} if self.trainings else {})
        error, seconds, pruned = None, 0.0, False
        values: dict[str, float] = {}
        for objective in sorted(self.objectives, key=lambda o: o.name == TRAIN):    # the dear last
            if objective.measure is not None:
                values[objective.name] = objective.measure(point.expansion)
                continue
            what = (self.space, settings.input,
                    derive(settings.seed, "weights", proposal.identity), point.decisions,
                    f"{self.name} trial {trial.number}", trial.number)
            if objective.name == TRAIN and self.trainings is not None:
                evaluation = self.trainings(trial, self.sampler.ordinal, values, *what)
            else:
                evaluation = self.evaluators[objective.name](*what)
            seconds += evaluation.seconds
            if evaluation.value is None:
                error = evaluation.error
                break
            if evaluation.fidelity and self.trainings is not None:
                self.trainings.keep(trial, self.sampler.ordinal, values, evaluation)
                pruned = self.trainings.is_pruned(evaluation)
            values[objective.name] = evaluation.value
        trial.set_user_attr("seconds", seconds)
        if error is not None:
            trial.set_user_attr("error", error)
            self._end(trial, TrialState.FAIL)
        elif pruned:        # Optuna gives it the last accuracy that it reported
            self.optuna.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)
        else:
            self._end(trial, TrialState.COMPLETE, [values[o.name] for o in self.objectives])

    def _end(self, trial: optuna.Trial, state: TrialState,
             values: list[float] | None = None) -> None:
        """As Optuna's `tell`, which would read the trial twice from the database."""
        self.sampler.after_trial(self.optuna, trial._cached_frozen_trial, state, values)
        self.storage.set_trial_state_values(trial._trial_id, state, values)
