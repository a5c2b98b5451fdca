"""A study that is read again and again while it runs: only what is new is loaded.

A page that follows a study needs a point a trial, and rows of the best ones alone. So a look takes
a constant number of queries, which read the trials that have finished since the last one; rows are
read where a trial is listed for the first time. What `read_study` computes over all trials, the
shares of holes and the hypervolumes, is left out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from heapq import nsmallest
from pathlib import Path

from optuna.trial import TrialState

from search.archive import StorageError
from search.archive.connection.locations import database_of
from search.archive.connection.urls import called, keep
from search.errors import StudyError, damaged
from search.pareto import knee
from search.results.read import basis, row_of
from search.samplers import finished
from search.storage.bulk import Outcome, Wanted
from search.storage.opening import named_study, open_to_read
from search.storage.worker_storage import WorkerStorage
from search.study.settings import StoredSettings
from searchspace.safety.values import WHOLE
from viz.results import Entry, Progress, Results, TrialRow, undominated

LISTED = 30         # rows of the best trials


@dataclass
class Followed:
    """A study and what is known of its trials.

    ``points``: of the scored ones by number, on the goals of the front, ``ids``: their numbers in
    the database; ``rows``: of those that are listed. ``running``: those that had not finished at
    the last look, ``last``: the newest, by the database's numbers, which began at ``began``.
    ``done``: how many have finished, ``told``: how many had when `Reader.progress` last answered,
    ``fresh``: the scored ones since. ``top``: the best by the first goal; trainings that were
    stopped early are neither among these nor on the ``front``."""

    study: int
    basis: Results
    settings: StoredSettings
    points: dict[int, tuple[float, ...]] = field(default_factory=dict)
    ids: dict[int, int] = field(default_factory=dict)
    rows: dict[int, TrialRow] = field(default_factory=dict)
    running: set[int] = field(default_factory=set)
    last: int = -1
    began: datetime | None = None
    done: int = 0
    told: int = 0
    front: list[Entry] = field(default_factory=list)
    top: list[Entry] = field(default_factory=list)
    fresh: list[int] = field(default_factory=list)

    def look(self, storage: WorkerStorage) -> bool:
        """Read what has finished since the last look; false if this is another study by now, of the
        same name."""
        # with one goal, the second axis is an attribute
        cost = self.basis.axes[1].name if len(self.basis.goals) == 1 else None
        names = ["error", *([cost] if cost else [])]
        entries, last = [], self.last
        found = storage.outcomes(Wanted(self.study, last, {*self.running, last}), names)
        if last >= 0 and not any(one.id == last and one.began == self.began for one in found):
            return False
        for one in found:
            if one.id == last and last not in self.running:
                continue
            if one.id > self.last:
                self.last, self.began = one.id, one.began
            if not one.state.is_finished():
                self.running.add(one.id)
                continue
            self.running.discard(one.id)
            if one.state is TrialState.FAIL and "error" not in one.attributes:
                continue                # it was cut off
            self.done += 1
            if one.values:
                point = self.points[one.number] = _point(one, cost)
                self.ids[one.number] = one.id
                self.fresh.append(one.number)
                if one.state is TrialState.COMPLETE:    # no training that was stopped early
                    entries.append((self.basis.losses(point), one.number))
        self.front = undominated([*self.front, *entries])
        self.top = nsmallest(LISTED, [*self.top, *((losses[:1], number)
                                                  for losses, number in entries)])
        return True

    @property
    def best(self) -> int | None:
        """The number of the best trial: the knee of several goals' front."""
        if not self.front:
            return None
        if len(self.basis.goals) > 1:
            return self.front[knee([losses for losses, _ in self.front])][1]
        return self.top[0][1]

    def listed(self, storage: WorkerStorage) -> tuple[TrialRow, ...]:
        """The rows of the best trials; those that were not listed before are read."""
        numbers = list(dict.fromkeys([
            *([self.best] if self.best is not None else []), *(number for _, number in self.front),
            *(number for _, number in self.top)]))[:LISTED]
        wanted = [self.ids[number] for number in numbers if number not in self.rows]
        if wanted:
            for trial in storage.trials(Wanted.only(self.study, wanted), parameters=False):
                self.rows[trial.number] = row_of(trial, self.settings.objectives)
        self.rows = {number: self.rows[number] for number in numbers}
        return tuple(self.rows.values())


def _point(found: Outcome, cost: str | None) -> tuple[float, ...]:
    """A scored trial on the goals of the front; ``cost`` is the attribute of the second one."""
    assert found.values is not None
    if cost is None:
        return found.values
    return found.values[0], float(WHOLE.of(found.attributes, cost))


@dataclass
class Reader:
    """One study, whose database is kept open between looks."""

    folder: Path
    url: str | None
    storage: WorkerStorage | None = None
    followed: Followed | None = None

    def progress(self, seen: int = -1) -> Progress | None:
        """The study so far; None if no more than ``seen`` trials have finished.

        Raises:
            StudyError: there is no study. SearchspaceError: it cannot be read.
        """
        with self._opened() as (storage, found):
            with damaged(f"the study in {called(storage.url)}"):
                if not found.look(storage):
                    found = self.followed = self._begun(storage)
                    found.look(storage)
            if found.done <= seen and seen == found.told:
                return None
            begun = seen != found.told or seen <= 0
            numbers = found.points if begun else found.fresh
            made = Progress(found.basis, found.done, len(found.points), 0 if begun else seen,
                            {number: (found.points[number][0], found.points[number][1])
                             for number in numbers},
                            tuple(number for _, number in found.front), found.best,
                            found.listed(storage))
            found.told, found.fresh = found.done, []
            return made

    def trial(self, number: int) -> Results | None:
        """The study with the row of this trial alone; None if there is none.

        Raises:
            As `progress`.
        """
        with self._opened() as (storage, found):
            try:
                wanted = storage.get_trial_id_from_study_id_trial_number(found.study, number)
            except KeyError:
                return None
            trials = storage.trials(Wanted.only(found.study, [wanted]), parameters=False)
            rows = tuple(row_of(trial, found.settings.objectives) for trial in trials
                         if finished(trial))
            return replace(found.basis, rows=rows) if rows else None

    @contextmanager
    def _opened(self) -> Iterator[tuple[WorkerStorage, Followed]]:
        try:
            if self.storage is None:
                self.storage = open_to_read(keep(self.url or database_of(self.folder)))
            if self.followed is None:
                self.followed = self._begun(self.storage)
            yield self.storage, self.followed
        except StorageError as error:
            self._close()
            raise StudyError(str(error)) from None

    def _close(self) -> None:
        if self.storage is not None:
            self.storage.engine.dispose()
        self.storage = self.followed = None

    def _begun(self, storage: WorkerStorage) -> Followed:
        study = named_study(storage, self.folder.resolve().name)
        return Followed(study._study_id, *basis(study, self.folder))


@cache
def reader(folder: Path, url: str | None = None) -> Reader:
    """The reader of a study in this process."""
    return Reader(folder, url)
