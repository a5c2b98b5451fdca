"""Recovery of trials whose worker died: marked failed with the reason, and repeated.

Any other worker detects a dead one. A trial keeps all that is known about its network, which is
proposed again from it; after `ATTEMPTS` deaths the network itself is assumed to be the cause, and
fails for good, so that one network cannot kill a search repeatedly. In training, only deaths
without a completed epoch between them count.
"""

from collections.abc import Iterator, Sequence

import optuna
from optuna.trial import FrozenTrial, TrialState

from search.archive.claims import Claims
from search.objectives.training import CHECKPOINT, NOT_BEGUN
from search.samplers import finished
from search.samplers.base import UNTIL
from search.storage.attributes import WORKER
from search.study.distance import Distance
from search.study.projection import Proposal
from searchspace import Genotype
from searchspace.space.point import first, point

INTERRUPTED = "interrupted"     # the attribute that says why a trial was cut off
DIED = "its worker died"
NEEDLESS = "nothing was left to do"     # the beginning of the reason where no network was begun
ATTEMPTS = 5


def is_settled(trial: FrozenTrial) -> bool:
    """Whether the network of a trial is recorded."""
    return "identity" in trial.user_attrs


def was_cut_off(trial: FrozenTrial) -> bool:
    """Whether a trial ended before its time; not one that was asked for and found nothing to do."""
    return INTERRUPTED in trial.user_attrs and not finished(trial) and \
        not str(trial.user_attrs[INTERRUPTED]).startswith(NEEDLESS)


def running(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """The trials that are being evaluated."""
    return [t for t in trials if t.state == TrialState.RUNNING]


def cut_off(study: optuna.Study, trial: FrozenTrial, reason: str = DIED) -> None:
    """Mark a running trial as failed; for good where it killed its workers `ATTEMPTS` times."""
    storage, number = study._storage, trial._trial_id
    try:
        reached = trial.user_attrs.get(CHECKPOINT)
        if is_settled(trial) and reason == DIED and reached != NOT_BEGUN:
            identity = trial.user_attrs["identity"]
            deaths = 1 + sum(t.user_attrs.get(INTERRUPTED) == DIED
                             and t.user_attrs.get("identity") == identity
                             and t.user_attrs.get(CHECKPOINT) == reached
                             for t in study.get_trials(deepcopy=False) if t.number != trial.number)
            if deaths >= ATTEMPTS:
                storage.set_trial_user_attr(
                    number, "error", f"{DIED} {deaths} times while this network was evaluated")
        storage.set_trial_user_attr(number, INTERRUPTED, reason)
        storage.set_trial_state_values(number, TrialState.FAIL)
    except optuna.exceptions.UpdateFinishedTrialError:
        pass        # another worker found it too, or it ended after all


def cut_off_dead(study: optuna.Study, claims: Claims, name: str, everything: bool = False,
                 reason: str = DIED) -> list[FrozenTrial]:
    """Cut off the running trials whose worker is gone, or with ``everything`` all running ones;
    returns all trials of the study afterwards."""
    trials = study.get_trials(deepcopy=False)   # before the workers: each of them joined before
    found = running(trials)                     # it asked
    if not found:
        return trials
    living = {w.id for w in claims.workers(name) if w.alive and not everything}
    gone = [t for t in found if t.user_attrs.get(WORKER) not in living - {claims.own}]
    for trial in gone:
        worker = trial.user_attrs.get(WORKER)
        if worker == claims.own:
            cut_off(study, trial, "its beginning was not confirmed")
        else:
            cut_off(study, trial, reason)
            if worker is not None:
                claims.leave(worker)
    return study.get_trials(deepcopy=False) if gone else trials


def may_go_on(tried: Sequence[FrozenTrial]) -> set[str]:
    """The networks whose training has paused, so that a trial may go on with it; ``tried`` are the
    trials that are finished or running, in order."""
    latest = {t.user_attrs["identity"]: t for t in tried}
    return {identity for identity, t in latest.items()
            if t.state == TrialState.PRUNED and UNTIL in t.user_attrs}


def to_retry(trials: Sequence[FrozenTrial], space: Genotype,
             taken: frozenset[str]) -> Iterator[Proposal]:
    """The networks of trials that were cut off, except those in ``taken`` and those that were
    evaluated since; oldest first."""
    tried: set[str] = set(taken)
    latest = {t.user_attrs["identity"]: t.number for t in trials
              if is_settled(t) and (finished(t) or t.state == TrialState.RUNNING)}
    for trial in trials:
        if INTERRUPTED in trial.user_attrs and is_settled(trial) and not finished(trial) \
                and trial.user_attrs["identity"] not in tried \
                and latest.get(trial.user_attrs["identity"], -1) < trial.number:
            tried.add(trial.user_attrs["identity"])
            yield _again(trial, space)


def _again(trial: FrozenTrial, space: Genotype) -> Proposal:
    a = trial.user_attrs
    return Proposal(point(space, first, a["decisions"]), a["identity"],
                    Distance(a["changed"], a["share"], a["rank"]), a["replaced"], a["lost"],
                    a["start"], a["brought"], a.get("proposed_macs"), a.get(UNTIL))
