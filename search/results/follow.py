"""A study that is read again and again while it runs: only what is new is loaded.

A page that follows a study asks every second. What `read_study` computes over all trials, the
shares of holes and the hypervolumes, is left out.
"""

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from optuna.trial import FrozenTrial

from search.archive import StorageError
from search.archive.connection.locations import database_of
from search.archive.connection.urls import keep
from search.errors import StudyError
from search.pareto import knee
from search.results.read import basis, find_study, row_of
from search.samplers import finished
from search.storage.opening import read_storage
from search.storage.worker_storage import WorkerStorage
from search.study.settings import StoredSettings
from viz.results import Results, TrialRow


@dataclass
class Reader:
    """One study. ``rows`` are its finished trials so far by number, ``running`` the trials that
    were not finished at the last look, ``last`` the newest one, by the database's numbers."""

    folder: Path
    url: str | None
    rows: dict[int, TrialRow] = field(default_factory=dict)
    running: set[int] = field(default_factory=set)
    last: int = -1
    known: tuple[Results, StoredSettings] | None = None

    def results(self, seen: int = -1) -> Results | None:
        """The results so far, without effects and volumes; None if no more than ``seen`` trials
        have finished.

        Raises:
            StudyError: there is no study. SearchspaceError: it cannot be read.
        """
        try:
            with read_storage(keep(self.url or database_of(self.folder))) as storage:
                study = find_study(storage, self.folder)
                if self.known is None:
                    self.known = basis(study, self.folder)
                fresh = self._fresh(storage, study._study_id)
        except StorageError as error:
            raise StudyError(str(error)) from None
        found, settings = self.known
        for trial in fresh:
            self.rows[trial.number] = row_of(trial, settings.objectives)
        if len(self.rows) <= seen:
            return None
        rows = tuple(self.rows[number] for number in sorted(self.rows))
        return _with_best(replace(found, rows=rows, facts=(("trials", f"{len(rows):,}"),)))

    def _fresh(self, storage: WorkerStorage, study: int) -> list[FrozenTrial]:
        """The trials that have finished since the last look."""
        found = storage._get_trials(study, None, self.running, self.last)
        for trial in found:
            self.last = max(self.last, trial._trial_id)
            if trial.state.is_finished():
                self.running.discard(trial._trial_id)
            else:
                self.running.add(trial._trial_id)
        return [trial for trial in found if finished(trial) and trial.state.is_finished()]


def _with_best(found: Results) -> Results:
    """The results with the number of the best row: the knee of several goals' front."""
    if not found.scored:
        return found
    if len(found.goals) > 1:
        front = found.front
        losses = [tuple(g.loss(v) for g, v in zip(found.goals, row.values, strict=True))
                  for row in front]
        return replace(found, best=front[knee(losses)].number)
    goal = found.goals[0]
    best = min(found.scored, key=lambda row: (goal.loss(row.values[0]), row.number))
    return replace(found, best=best.number)


@cache
def reader(folder: Path, url: str | None = None) -> Reader:
    """The reader of a study in this process."""
    return Reader(folder, url)
