"""Trials: written to Optuna's attributes and read back as records.

The network of a trial is recorded before anything in it can fail, so that an interrupted trial can
be repeated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from search.errors import StudyError
from search.samplers import distribution
from search.samplers.base import UNTIL, option
from search.storage.attributes import Attributes
from search.storage.worker_storage import WorkerStorage
from search.study.evaluation import EvaluationResult
from search.study.projection import Proposal
from search.study.settings import Settings
from searchspace import Cost, Genotype
from searchspace.notation.holes import Decisions, check_names
from searchspace.safety.values import LARGEST
from searchspace.space.budget import Budget, Costs
from searchspace.text import counted

if TYPE_CHECKING:
    from search.study.session import Session

# The attribute of a trial that Optuna keeps a constraint in, and the one where all of them were
# before 5.0: optuna-dashboard 0.21 reads them there only.
_KEY, _OLD_KEY = "constraints:{}", "constraints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial(Attributes):
    """A finished trial. ``values``, one per objective, are None if the network could not be
    evaluated (``error``) or its training was stopped early (``pruned``)."""

    number: int
    values: tuple[float, ...] | None
    pruned: bool = False

    @property
    def value(self) -> float | None:
        """The value of the first objective."""
        return self.values[0] if self.values else None

    @property
    def length(self) -> str:
        """What to say behind its accuracy, if its training did not end: `` after 3 epochs``."""
        return f" after {counted(self.epochs, 'epoch')}" if self.pruned and self.curve else ""


def begin(trial: optuna.Trial, storage: WorkerStorage, proposal: Proposal, settings: Settings,
          others: Mapping[str, Any]) -> None:
    """Record the network of a trial in one transaction; ``others`` are further attributes.

    Raises:
        StudyError: one of its costs is larger than a database can hold.
    """
    point = proposal.point
    for name, count in (("MACs", point.cost.macs), ("parameters", point.cost.params),
                        ("bytes of activations", point.memory)):
        if count > LARGEST:
            raise StudyError(f"a network of the space has {count:,} {name}, and the database holds "
                             f"numbers up to {LARGEST:,}: give a budget for them")
    storage.describe(trial, {name: (distribution(point.holes[name]), label)
                             for name, label in point.sampled.items()}, {
        "decisions": point.decisions, "macs": point.cost.macs, "params": point.cost.params,
        "memory": point.memory,
        "latency": settings.predictor.nanoseconds(point.expansion) if settings.predictor else None,
        "own": {b.name: b.measure(point) for b in settings.budget.own},
        "replaced": proposal.replaced, "lost": proposal.lost, "start": proposal.start,
        "brought": proposal.brought, "proposed_macs": proposal.proposed_macs,
        **({} if proposal.until is None else {UNTIL: proposal.until}),
        **proposal.moved._asdict(), **others, "identity": proposal.identity},
        _as_attributes(settings.budget, point))


def end(session: "Session", trial: optuna.Trial, result: EvaluationResult) -> None:
    """Record the result of a trial, and pass it to the sampler.

    Raises:
        UpdateFinishedTrialError: another worker has marked it failed.
    """
    trial.set_user_attr("seconds", result.seconds)
    if result.pruned:           # Optuna gives it the last accuracy that it reported
        session.study.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)
        return
    if result.error is not None:
        trial.set_user_attr("error", result.error)
    state = TrialState.FAIL if result.values is None else TrialState.COMPLETE
    values = None if result.values is None else list(result.values)
    # As Optuna's `tell`, which would read the trial twice from the database.
    session.sampler.after_trial(session.study, trial._cached_frozen_trial, state, values)
    session.storage.set_trial_state_values(trial._trial_id, state, values)


def check_count(trial: Trial, counted: Cost) -> None:
    """Raise StudyError if the costs of a trial's network have changed since: its operations were
    changed by something of which a study keeps no copy, such as another version of this project."""
    if (counted.macs, counted.params) != (trial.macs, trial.params):
        raise StudyError(
            f"the network of trial {trial.number} had {trial.macs:,} MACs and {trial.params:,} "
            f"parameters when it was evaluated, and has {counted.macs:,} and {counted.params:,} "
            "here: the study was made with other versions of its operations")


def read(trial: FrozenTrial) -> Trial:
    """A finished trial."""
    pruned = trial.state == TrialState.PRUNED       # Optuna gives such a trial its last report
    values = tuple(trial.values) if trial.values is not None and not pruned else None
    return Trial.of(trial.user_attrs, number=trial.number, values=values, pruned=pruned)


def check_options(decided: Iterable[tuple[int, Decisions]], space: Genotype) -> None:
    """Raise SearchspaceError if a trial, given by its number and decisions, decides a hole that the
    space does not have, or takes an option that the hole does not have."""
    holes = {hole.name: {option(label) for label in hole.labels} for hole in space.holes}
    for number, decisions in decided:
        check_names(decisions, space.holes)
        for name, label in decisions.items():
            options = holes.get(name) or holes[name.rpartition(".")[0]]     # once a repeat
            if option(label) not in options:
                raise StudyError(f"trial {number} takes {label!r} for {name!r}, which is no option "
                                 "of the space")


def constraints(budget: Budget, costs: Costs) -> dict[str, float]:
    """The constraints by name, in the units of the costs; a band has one for each end."""
    found: dict[str, float] = {}
    for bound in budget.bounds:
        cost = bound.measure(costs)
        found[f"most {bound.name}"] = float(cost - bound.most)
        if bound.least is not None:
            found[f"least {bound.name}"] = float(bound.least - cost)
    return found


def _as_attributes(budget: Budget, costs: Costs) -> dict[str, Any]:
    """The constraints as Optuna keeps them. To be written before anything in a trial can fail: one
    without constraints counts as feasible."""
    found = constraints(budget, costs)
    return {**{_KEY.format(name): value for name, value in found.items()},
            _OLD_KEY: list(found.values())}
