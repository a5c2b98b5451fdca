"""A study: Optuna's trials and our archive in one database, run until the trials are done.

The same seed gives the same trials, interrupted or not: the randomness of a trial comes from
(seed, how many trials are finished), the weights of a network from (seed, its identity), and a
trial that was cut off is marked failed and done again.
"""

import json
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import filelock
import optuna
import sqlalchemy
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from search.archive import Archive
from search.evaluate import Lookup, Scorer, training_free
from search.feasibility import check_budget
from search.latency.stopwatch import Stopwatch
from search.nearest import Region, SpaceExhausted
from search.objectives import named
from search.propose import Proposal, settle
from search.samplers import (
    BudgetSampler,
    Score,
    Task,
    choose,
    derive,
    distribution,
    finished,
    make,
)
from search.scores.table import table_for
from search.settings import Settings, StudyError
from search.start import COLD, find_start
from searchspace.free import free
from searchspace.holes import Decisions
from searchspace.space import Point, Propose

optuna.logging.set_verbosity(optuna.logging.WARNING)


@dataclass(frozen=True, slots=True)
class Trial:
    """A finished trial. ``values``, one an objective, are None where the network could not be
    evaluated (``error``).

    From ``changed`` on: how it came about, see `Proposal` and `Distance`.
    """

    number: int
    decisions: Decisions
    identity: str
    macs: int
    params: int
    memory: int               # bytes of peak activations
    values: tuple[float, ...] | None
    seconds: float
    changed: int
    replaced: bool
    error: str | None
    share: float = 0.0
    rank: float = 0.0
    lost: int = 0
    start: str | None = None
    brought: bool = False
    latency: int | None = None        # nanoseconds, foretold where a latency matters

    @property
    def value(self) -> float | None:
        """The value of the first objective."""
        return self.values[0] if self.values else None


class Study:
    """A study in a folder; a context manager that holds it for one process."""

    def __init__(self, settings: Settings, folder: Path, name: str) -> None:
        self.settings, self.folder, self.name = settings, folder, name
        predictor = settings.predictor
        self.objectives = named(settings.objectives, predictor.nanoseconds if predictor else None)
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
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.lock = filelock.FileLock(self.folder / "lock")
            self.lock.acquire(timeout=0)
        except filelock.Timeout:
            raise StudyError(f"study {self.name!r} is being run by another process") from None
        except OSError as error:
            raise StudyError(f"cannot write to {self.folder}: {error.strerror or error}") from None
        try:
            self._open()
        except BaseException:
            self.lock.release()
            raise
        return self

    def _open(self) -> None:
        url = f"sqlite:///{self.folder / 'study.db'}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                self.storage = optuna.storages.RDBStorage(url)
            _keep_journal(self.storage.engine)
            self.sampler = BudgetSampler(
                make(self.sampler_name, Task(self.open, self.settings.budget, self._prior())),
                self.settings.seed, self._bring)
            self.optuna = optuna.create_study(study_name=self.name, storage=self.storage,
                                              sampler=self.sampler, load_if_exists=True,
                                              directions=[o.direction for o in self.objectives])
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise StudyError(f"{self.folder / 'study.db'} cannot be used: "
                             f"{' '.join(str(error.args[0]).split())}") from None
        stored = self.optuna.user_attrs.get("settings")
        if stored is None:
            self.optuna.set_user_attr("settings", json.loads(json.dumps(self.settings.lasting())))
        else:
            self.settings.check_same(stored, self.name)
        for trial in self.optuna.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self.optuna.tell(trial.number, state=TrialState.FAIL)  # cut off; done again
        self.archive = Archive(url)
        self.archive.register(self.name, self.settings.space, self.optuna.user_attrs["settings"])
        self.scorer = Scorer(self.archive, self.name, self.settings.batch, self.settings.seed)
        self.evaluators: dict[str, Scorer | Lookup | Stopwatch] = {"score": self.scorer}
        if self.table is not None:
            self.evaluators["table"] = Lookup(self.archive, self.name, self.table)
        if self.settings.device is not None:
            self.evaluators["measured-latency"] = Stopwatch(self.archive, self.name,
                                                            self.settings.device)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.archive.close()
        self.storage.engine.dispose()
        self.lock.release()

    def trials(self) -> list[Trial]:
        """The finished trials, in order."""
        return [_trial(t) for t in self.optuna.get_trials(deepcopy=False) if finished(t)]

    def best(self, count: int) -> list[Trial]:
        """The best trials by the first objective, best first."""
        loss = self.objectives[0].loss
        scored = [(loss(t.values[0]), t.number, t) for t in self.trials() if t.values]
        return [t for *_, t in sorted(scored, key=lambda rank: rank[:2])[:count]]

    def run(self, tell: Callable[[list[Trial]], None],
            stop: Callable[[], bool] = lambda: False) -> str | None:
        """Run trials until there are enough, or ``stop`` says so; ``tell`` hears of each. Gives
        the reason why there could be no more, or None."""
        done = self.trials()
        tell(done)
        while len(done) < self.settings.trials and not stop():
            self.ordinal, self.seen = len(done), frozenset(t.identity for t in done)
            try:
                trial = self.optuna.ask()
            except SpaceExhausted as error:
                return str(error)
            try:
                done = [*done, self._score(trial, self.proposal)]
            except KeyboardInterrupt:
                self.optuna.tell(trial, state=TrialState.FAIL)
                raise
            tell(done)
        return None

    def _prior(self) -> Score | None:
        """The training-free score of networks that were not evaluated, where it is asked for."""
        settings = self.settings
        if settings.prior is None:
            return None
        if self.sampler_name != "gp":
            raise StudyError(f"--prior guides the sampler gp, not {self.sampler_name}")
        return training_free(self.space, settings.input, settings.batch, settings.seed)

    def _bring(self, propose: Propose) -> Point:
        """What the sampler calls back: its proposal, brought to the budget; instead of it, as long
        as there are any, the networks that the search starts with."""
        rng = random.Random(derive(self.settings.seed, "bring", self.ordinal))
        known = (p for p in self.start.proposals if p.identity not in self.seen)
        self.proposal: Proposal = next(known, None) or settle(self.region, propose, self.seen, rng)
        return self.proposal.point

    def _score(self, trial: optuna.Trial, proposal: Proposal) -> Trial:
        point, settings = proposal.point, self.settings
        for name in point.sampled:
            _suggest(trial, name, point)
        attributes: dict[str, Any] = {
            "decisions": point.decisions, "identity": proposal.identity, "macs": point.cost.macs,
            "params": point.cost.params, "memory": point.memory,
            "latency": settings.predictor.nanoseconds(point.expansion)
            if settings.predictor else None,
            "replaced": proposal.replaced, "lost": proposal.lost, "start": proposal.start,
            "brought": proposal.brought, **proposal.moved._asdict()}
        seconds = 0.0
        values: list[float] = []
        for objective in self.objectives:
            if objective.measure is not None:
                values.append(objective.measure(point.expansion))
                continue
            evaluation = self.evaluators[objective.name](
                self.space, settings.input, derive(settings.seed, "weights", proposal.identity),
                point.decisions, f"{self.name} trial {trial.number}", trial.number)
            seconds += evaluation.seconds
            if evaluation.value is None:
                attributes["error"] = evaluation.error
                break
            values.append(evaluation.value)
        for key, value in {**attributes, "seconds": seconds}.items():
            trial.set_user_attr(key, value)
        if "error" in attributes:
            return _trial(self.optuna.tell(trial, state=TrialState.FAIL))
        return _trial(self.optuna.tell(trial, values))


def _suggest(trial: optuna.Trial, name: str, point: Point) -> None:
    wanted = distribution(point.holes[name])
    if isinstance(wanted, IntDistribution):
        trial.suggest_int(name, wanted.low, wanted.high, step=wanted.step)
    elif isinstance(wanted, FloatDistribution):
        trial.suggest_float(name, wanted.low, wanted.high, step=wanted.step)
    else:
        trial.suggest_categorical(name, point.holes[name].labels)


def _trial(trial: FrozenTrial) -> Trial:
    a = trial.user_attrs
    values = tuple(trial.values) if trial.values is not None else None
    return Trial(trial.number, a["decisions"], a["identity"], a["macs"], a["params"],
                 a["memory"], values,
                 a.get("seconds", 0.0), a["changed"], a["replaced"], a.get("error"),
                 a["share"], a["rank"], a["lost"], a["start"], a["brought"],
                 a.get("latency"))


def _keep_journal(engine: sqlalchemy.Engine) -> None:
    """Write-ahead logging: commits that survive a crash of the process cost no disk sync each."""
    @sqlalchemy.event.listens_for(engine, "connect")
    def pragmas(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA busy_timeout=30000")

    engine.dispose()  # connections opened before the listener
