"""A study that is followed while it runs shows what reading it as a whole shows, and takes work for
what is new alone."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

from benchmarks.multiplied import add_one, grow
from benchmarks.reliability import study_of
from search import read_study, search
from search.errors import StudyError
from search.objectives import Objective
from search.results.follow import LISTED, Reader
from search.results.read import row_of
from search.storage.bulk import Wanted
from search.storage.opening import read_storage
from viz.results import Entry, Progress, Results, TrialRow, undominated


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of six trials."""
    folder = tmp_path_factory.mktemp("small") / "mine"
    with study_of(folder, None, 6) as study:
        study.run(lambda _: None)
    return folder


@pytest.fixture
def mine(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "mine"))


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements of SQL that are executed meanwhile."""
    said: list[str] = []

    def note(connection: object, cursor: object, statement: str, *others: object) -> None:
        said.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def agree(progress: Progress, whole: Results) -> None:
    """What is followed is what is read."""
    assert (progress.done, progress.scored) == (len(whole.rows), len(whole.scored))
    assert progress.front == tuple(row.number for row in whole.front)
    assert progress.best == whole.best
    assert all(row == whole.numbered[row.number] for row in progress.listed)
    wanted = dict.fromkeys([whole.best, *progress.front, *(row.number for row in whole.ranked)])
    assert [row.number for row in progress.listed] == [n for n in wanted if n is not None][:LISTED]
    study = progress.study
    assert (study.goals, study.limits, study.name) == (whole.goals, whole.limits, whole.name)


@pytest.mark.parametrize("objectives", ["table", "macs,params,memory"])
def test_what_is_followed_is_what_is_read(tmp_path: Path, objectives: str) -> None:
    folder = tmp_path / "mine"
    reader, seen = Reader(folder, None), list[Progress]()
    points: dict[int, tuple[float, float]] = {}

    def look(trials: object) -> None:
        found = reader.progress(seen[-1].done if seen else -1)
        if found is not None:
            seen.append(found)
            points.update(found.points)
            agree(found, read_study(folder))

    search("digits", "100K", objectives.split(","), trials=5, input=8, folder=folder, on_trial=look)
    assert [found.done for found in seen] == [0, 1, 2, 3, 4, 5]
    assert all(len(found.points) <= 1 for found in seen)
    whole = read_study(folder)
    assert points == {row.number: whole.plane(row) for row in whole.scored}
    assert reader.progress(5) is None
    one = reader.trial(3)
    assert one is not None and one.rows == (whole.numbered[3],)
    assert reader.trial(99) is None
    with pytest.raises(StudyError):
        Reader(tmp_path, None).progress()


def test_a_training_that_was_stopped_early_leads_nothing(mine: Path) -> None:
    best = read_study(mine).best
    with closing(sqlite3.connect(mine / "study.db")) as database:
        database.execute("UPDATE trials SET state = 'PRUNED' WHERE number = ?", (best,))
        database.commit()
    found = Reader(mine, None).progress()
    assert found is not None and best in found.points
    assert best not in (found.best, *found.front, *(row.number for row in found.listed))
    agree(found, read_study(mine))
    with closing(sqlite3.connect(mine / "study.db")) as database:
        database.execute("UPDATE trials SET state = 'PRUNED'")
        database.commit()
    assert read_study(mine).best == best        # where no training has ended, those count


@pytest.mark.parametrize("goals", [2, 3])
def test_a_front_grows_by_what_is_new(goals: int) -> None:
    rng = random.Random(goals)
    first = [tuple(float(rng.randrange(12)) for _ in range(goals - 1)) for _ in range(300)]
    entries = [((*f, 40 - sum(f) + rng.randrange(8)), n) for n, f in enumerate(first)]
    front: list[Entry] = []
    for start in range(0, 300, 7):
        front = undominated([*front, *entries[start:start + 7]])

    def beaten(losses: tuple[float, ...], number: int) -> bool:
        return any(all(a <= b for a, b in zip(other, losses, strict=True)) and
                   (other != losses or n < number) for other, n in entries)
    assert front == undominated(entries) == sorted(e for e in entries if not beaten(*e))
    assert 5 < len(front) < 100


def test_work_grows_with_nothing_but_what_is_new(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened() -> tuple[int, Reader]:
        reader = Reader(mine, None)
        with statements() as said:
            found = reader.progress()
        assert found is not None
        agree(found, read_study(mine))
        return len(said), reader

    few, _ = opened()
    grow(mine, 600)
    many, reader = opened()
    assert many == few              # also of the rows that are listed
    rows = list[int]()

    def noted(trial: FrozenTrial, goals: tuple[Objective, ...]) -> TrialRow:
        rows.append(trial.number)
        return row_of(trial, goals)

    monkeypatch.setattr("search.results.follow.row_of", noted)
    with statements() as said:
        assert reader.progress(600) is None
    assert len(said) < few
    add_one(mine)
    with statements() as said:
        found = reader.progress(600)
    assert found is not None and (found.done, found.since, set(found.points)) == (601, 600, {600})
    assert len(said) <= few and set(rows) <= {600}
    monkeypatch.undo()
    agree(found, read_study(mine))


def test_another_study_of_the_same_name_is_read_anew(mine: Path, tmp_path: Path) -> None:
    reader = Reader(mine, None)
    first = reader.progress()
    assert first is not None and first.done == 6
    shutil.rmtree(mine)
    with study_of(mine, None, 2) as study:
        study.run(lambda _: None)
    again = reader.progress(6)
    assert again is not None and (again.done, again.since) == (2, 0)


@pytest.mark.parametrize(("change", "said"), [
    ("UPDATE trial_values SET value = 1e200", "finite numbers"),
    ("DELETE FROM trial_values", "complete trial has no values"),
    ("UPDATE trial_user_attributes SET value_json = '-1' WHERE key = 'macs'", "macs is not a whole"),
    ("UPDATE trial_user_attributes SET value_json = '[' WHERE key = 'macs'", "cannot be read")])
def test_what_is_damaged_is_told(mine: Path, change: str, said: str) -> None:
    with closing(sqlite3.connect(mine / "study.db")) as database:
        database.execute(change)
        database.commit()
    with pytest.raises(StudyError, match=said):
        Reader(mine, None).progress()


def test_trials_read_in_bulk_are_those_that_optuna_reads(mine: Path) -> None:
    grow(mine, 24)
    with read_storage(f"sqlite:///{mine / 'study.db'}") as storage:
        for after, among in ((-1, set()), (10, {2, 5}), (3, set(range(1, 3))), (22, set())):
            with statements() as said:
                ours = storage._get_trials(1, None, among, after)
            assert len(said) < 10
            assert ours == RDBStorage._get_trials(storage, 1, None, among, after)
            assert [list(trial.params) for trial in ours] == [
                list(trial.params) for trial in RDBStorage._get_trials(storage, 1, None, among, after)]
        lean = storage.trials(Wanted(1), parameters=False)
        assert [trial.user_attrs for trial in lean] == [
            trial.user_attrs for trial in storage._get_trials(1, None, set(), -1)]
        with pytest.raises(KeyError):
            RDBStorage._get_trials(storage, 7, None, set(), -1)
