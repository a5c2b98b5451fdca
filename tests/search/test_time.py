"""`--time`: a search whose budget is wall-clock time."""

from pathlib import Path

import pytest
from optuna.trial import FrozenTrial

from search import search
from search.run import main
from search.samplers import finished
from search.study.plan import Plan
from search.study.session import Session
from searchspace import BudgetError, SearchspaceError
from searchspace.units import parse_duration


@pytest.mark.parametrize(("text", "seconds"), [
    ("90s", 90), ("20min", 1200), ("1.5h", 5400), ("0.5 s", 0.5), ("2H", 7200)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "20", "0s", "-3s", "5m", "20ms", "s", "1e30s"])
def test_no_durations(text: str) -> None:
    with pytest.raises(BudgetError, match="no duration; write it with its unit"):
        parse_duration(text)


@pytest.fixture
def a_second_a_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes by finished trials of this run instead of by the clock."""
    count, recover = {"before": 0, "now": 0}, Session.recover

    def counted(session: Session, everything: bool = False, reason: str = "") -> list[FrozenTrial]:
        trials = recover(session, everything, reason)
        count["now"] = sum(map(finished, trials))
        if everything:              # when the study is opened
            count["before"] = count["now"]
        return trials

    monkeypatch.setattr(Session, "recover", counted)
    monkeypatch.setattr(Plan, "seconds", property(lambda plan: count["now"] - count["before"]))


@pytest.mark.usefixtures("a_second_a_trial")
def test_it_ends_when_the_time_or_the_trials_are_used_up(tmp_path: Path) -> None:
    found = search("digits", "100K", "table", time="3s", folder=tmp_path)
    assert len(found.trials) == 3
    assert found.outcome.stopped == "the time of 3 s is over"
    # Continued, only the time of this call counts; here the trials are used up first.
    found = search("digits", "100K", "table", trials=5, time=4, folder=tmp_path)
    assert len(found.trials) == 5
    assert found.outcome.stopped is None
    whole = search("digits", "100K", "table", trials=5, folder=tmp_path / "whole")
    assert [t["identity"] for t in found.trials] == [t["identity"] for t in whole.trials]


def test_it_is_the_clock_that_counts(tmp_path: Path) -> None:
    with pytest.raises(SearchspaceError, match="nothing could be scored: the time of 0 s is over"):
        search("digits", "100K", "table", time=1e-6, folder=tmp_path)


@pytest.mark.usefixtures("a_second_a_trial")
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--space", "digits", "--budget", "100K", "--objective", "table", "--time", "2s",
               "--studies", str(tmp_path), "--study", "timed"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "2 trials" in said
    assert "the time of 2 s is over" in said


@pytest.mark.parametrize("time", [0, -1.0, float("nan"), float("inf")])
def test_wrong_times(time: float, tmp_path: Path) -> None:
    with pytest.raises(SearchspaceError, match="positive number of seconds"):
        search("digits", "100K", "table", time=time, folder=tmp_path)


def test_a_wrong_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--budget", "100K", "--space", "digits", "--time", "20"]) == 2
    assert "'20' is no duration; write it with its unit, like 90s" in capsys.readouterr().err


@pytest.mark.slow
def test_workers_stop_too(tmp_path: Path) -> None:
    found = search("digits", "100K", "table", trials=100_000, time="12s", workers=2,
                   folder=tmp_path)
    assert 0 < len(found.trials) < 100_000
