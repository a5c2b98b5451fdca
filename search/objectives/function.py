"""A user's own function as an objective: a genotype goes in, a number or several come out."""

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import optuna

from search.archive import Archive, EvaluationKey
from search.errors import ScoreError
from search.objectives.base import (
    ColumnObjective,
    Context,
    Evaluated,
    Evaluator,
    ObjectiveError,
    Progress,
    objective,
)
from search.objectives.cache import attempt, evaluated, measurement, reason
from search.objectives.candidate import Candidate
from searchspace import Genotype, fill
from searchspace.safety.values import REAL

if TYPE_CHECKING:
    from search.study.settings import Settings

METRICS = "metrics"     # the attribute of a trial with all values of a function that has names
Values = float | Mapping[str, float]


@dataclass(frozen=True)
class OpenTrial:
    """The trial in which a user's function is evaluated, its second argument if it takes two.

    ``seed`` depends on the search's seed and the network alone: what is random in the function
    should come from it. ``number`` is Optuna's, and ``trial`` its own trial.
    """

    number: int
    seed: int
    trial: optuna.Trial
    pruner: optuna.pruners.BasePruner
    alone: bool                 # whether there is one objective

    def report(self, value: float, step: int) -> None:
        """Report a value on the way, such as the accuracy after each epoch, counted from 0 or 1.

        Raises:
            ObjectiveError: there are several objectives, for which Optuna takes no reports.
        """
        if not self.alone:
            raise ObjectiveError("values on the way are reported in searches of one objective; "
                                 "this one has several")
        self.trial.report(value, step)

    def should_prune(self) -> bool:
        """Whether the pruner would stop here; then ``raise optuna.TrialPruned``."""
        if not self.alone:
            return False
        study = self.trial.study
        return bool(self.pruner.prune(study, study._storage.get_trial(self.trial._trial_id)))


Function = Callable[[Genotype], Values] | Callable[[Genotype, OpenTrial], Values]


@dataclass(frozen=True)
class Called(Evaluator):
    """Calls the function for each network once in a study; the goals among its values are archived.
    They are not shared with other studies, since the function may differ. ``goals``: the names of
    the values that are objectives, ``column`` the one that is asked for; empty where the function
    gives a number."""

    context: Context
    function: Function
    goals: tuple[str, ...]
    column: str

    @property
    def archive(self) -> Archive:
        """The study's."""
        return self.context.archive

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """Whatever the function raises fails the trial."""
        began = time.perf_counter()
        try:
            with self.archive.alone(self._key(candidate, self.column)) as known:
                if known is not None:
                    return evaluated(known)
                values, error = attempt(lambda: self._values(candidate, progress))
                seconds = time.perf_counter() - began
                for name in self.goals:
                    if name != self.column:
                        self._record(candidate, name, values, error, 0.0)
                return self._record(candidate, self.column, values, error, seconds)
        except optuna.TrialPruned:
            # as the database has it: the trial's own copy lacks the reports
            trial = progress.trial.study._storage.get_trial(progress.trial._trial_id)
            seconds = time.perf_counter() - began
            if (step := trial.last_step) is None:
                return Evaluated(None, seconds, "it was pruned before its first report")
            return Evaluated(trial.intermediate_values[step], seconds, pruned=True)

    def _values(self, candidate: Candidate, progress: Progress) -> Mapping[str, float]:
        """What the function gives, by name.

        Raises:
            ObjectiveError: names and goals do not agree.
        """
        pruner = self.context.settings.pruner or optuna.pruners.MedianPruner()
        trial = OpenTrial(progress.trial.number, candidate.seed, progress.trial, pruner,
                          len(self.context.objectives) == 1)
        network = fill(candidate.genotype, candidate.decisions or {})
        call: Any = self.function
        try:
            found = call(network, trial) if takes_trial(call) else call(network)
        except optuna.TrialPruned:
            raise
        except (Exception, SystemExit) as fault:
            raise ScoreError(reason(fault)) from fault
        if not isinstance(found, Mapping):
            if len(self.goals) > 1:
                raise ObjectiveError(f"the function gives one value, and the goals are "
                                     f"{', '.join(self.goals)}: return them by name")
            return {self.column: float(found)}
        if missing := [name for name in self.goals or ("",) if name not in found]:
            given = ", ".join(map(str, found)) or "nothing"
            if not missing[0]:
                raise ObjectiveError(f"the function gives {given} by name: say which is optimised "
                                     "and how, as goals={NAME: 'maximize'}")
            raise ObjectiveError(f"the function gives no {missing[0]!r}, only {given}")
        numbers = {str(name): float(value) for name, value in found.items()}
        progress.trial.set_user_attr(METRICS, {n: v for n, v in numbers.items()
                                               if REAL.accepts(v)})
        return numbers

    def _record(self, candidate: Candidate, name: str, values: Mapping[str, float] | None,
                error: str | None, seconds: float) -> Evaluated:
        value = values[name] if values is not None else None
        return evaluated(self.archive.record(
            self._key(candidate, name), candidate.record(), measurement(value, seconds, error),
            self.context.name, candidate.trial))

    def _key(self, candidate: Candidate, name: str) -> EvaluationKey:
        return EvaluationKey(candidate.identity, f"function:{name}" if name else "function",
                             f"study {self.context.name}", candidate.seed)


def takes_trial(function: Callable[..., Any]) -> bool:
    """Whether a function takes a second argument, the open trial."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in kinds and p.default is p.empty
               for p in inspect.signature(function).parameters.values()) > 1


@dataclass(frozen=True)
class _OfFunction(ColumnObjective):
    """A value of a user's function. ``column``: its name, where the function gives several."""

    function: Function | None = None
    unit = "the function's"

    @property
    def title(self) -> str:
        """The name that the function gives the value."""
        return self.column or "value"

    def shown(self, value: float) -> str:
        """Five digits."""
        return f"{value:.5g}"

    def configured(self, settings: "Settings", space: Genotype) -> Self:
        """With the function of the search."""
        if settings.function is None:
            raise ObjectiveError(f"the objective {self.kind} is for programs: "
                                 "search(space, budget, objective=my_function)")
        return replace(self, function=settings.function)

    def open(self, context: Context) -> Called:
        """See `Objective`."""
        assert self.function is not None
        goals = tuple(o.column for o in context.objectives if isinstance(o, _OfFunction)
                      and o.column)
        return Called(context, self.function, goals, self.column)


@objective("function")
@dataclass(frozen=True)
class UserFunction(_OfFunction):
    """The value of a user's function of a genotype; maximised."""

    direction = "maximize"


@objective("function-cost")
@dataclass(frozen=True)
class UserCost(_OfFunction):
    """The value of a user's function of a genotype; minimised."""

    direction = "minimize"
