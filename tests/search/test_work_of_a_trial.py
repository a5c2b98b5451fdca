"""What a trial of a search takes beside its evaluation does not grow with the trials before it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from optuna.trial import FrozenTrial

from search.study import open_study
from search.study import study as loop
from search.study.settings import Settings
from search.study.trial import Trial, read
from searchspace.phases import measured
from searchspace.space.budget import Budget

TRIALS = 16


@contextmanager
def counted(statements: list[int]) -> Iterator[None]:
    """Count statements of SQL into the last number of a list."""
    def note(*given: object) -> None:
        statements[-1] += 1

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_the_work_of_a_trial_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []

    def noted(trial: FrozenTrial) -> Trial:
        done.append(trial.number)
        return read(trial)

    monkeypatch.setattr(loop, "read", noted)
    settings = Settings(space="digits", budget=Budget(100_000), input=8, seed=0, sampler="random",
                        trials=TRIALS, batch=4, score="params", warm_start=False)
    statements = [0]
    with open_study(settings, tmp_path / "s", "s") as study, measured() as profile, \
            counted(statements):
        study.run(lambda trials: statements.append(0))
        found = study.trials()
    assert sorted(done) == list(range(TRIALS))              # each is read once
    replaced = sum(trial.replaced for trial in found)
    assert profile.spent["identity"].times <= TRIALS + 40 * replaced
    each = statements[2:-1]         # between one trial and the next
    assert len(each) == TRIALS - 1 and max(each) - min(each) <= 2 and max(each) < 60
