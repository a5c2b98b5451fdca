"""Whatever foreign code gives or raises fails one trial, with its reason, and never wins."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from inside import ran
from optuna.trial import TrialState, create_trial

from search import search, train
from search.data.base import Stored
from search.data.errors import DataError
from search.errors import ScoreError, StorageError, StudyError
from search.objectives.cache import attempt
from search.objectives.training_rungs import _Curve
from search.study.worker_recovery import INTERRUPTED, NEEDLESS, was_cut_off
from search.training.batches import Batches
from search.training.checkpoint import write_checkpoint
from searchspace import Genotype, GenotypeError, ShapeError

BAD: list[tuple[object, str]] = [
    (math.nan, "its value is nan"), (math.inf, "its value is inf"), (-math.inf, "its value is -inf"),
    (1e300, "its value is 1e+300"), (None, "TypeError"), ("text", "ValueError"),
    (KeyError("mine"), "KeyError: 'mine'"), (SystemExit(3), "SystemExit: 3"),
    (OSError(28, "No space left"), "OSError"), (RecursionError(), "RecursionError"),
    (MemoryError(), "MemoryError"), (AssertionError(), "AssertionError"), (10**400, "OverflowError")]


def test_no_value_and_no_error_of_a_function_ends_a_search(tmp_path: Path) -> None:
    given = iter([value for value, _ in BAD])

    def function(network: Genotype) -> Any:
        value = next(given, 1.0)
        if isinstance(value, BaseException):
            raise value
        return value

    found = search("digits", "100K", function, trials=len(BAD) + 2, input=8, folder=tmp_path)
    trials = found.outcome.trials
    failed = trials[:len(BAD)]
    for trial, (value, reason) in zip(failed, BAD, strict=True):
        assert trial.values is None and trial.error and reason in trial.error, value
    assert [t.values for t in trials[len(BAD):]] == [(1.0,), (1.0,)]


@pytest.mark.parametrize("error", [GenotypeError("x"), ShapeError("x"), ScoreError("x"),
                                   ValueError("x"), OSError("x"), SystemExit("x")])
def test_the_network_is_to_blame(error: BaseException) -> None:
    def work() -> None:
        raise error

    value, reason = attempt(work)
    assert value is None and reason is not None and "x" in reason


@pytest.mark.parametrize("error", [DataError("x"), StorageError("x"), StudyError("x"),
                                   KeyboardInterrupt()])
def test_no_network_is_to_blame(error: BaseException) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)):
        attempt(work)


def test_a_disk_that_is_full_is_told_by_the_search(tmp_path: Path) -> None:
    class Full:
        def save(self, path: Path) -> None:
            raise OSError(28, "No space left on device")

    curve = object.__new__(_Curve)
    curve.checkpoint = tmp_path / "c.pt"
    with pytest.raises(StudyError, match=r"c\.pt cannot be written: No space left on device"):
        curve._save(Full())  # type: ignore[arg-type]


def test_torch_says_why_it_could_not_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def save(state: object, file: Any) -> None:
        try:
            raise OSError(28, "No space left on device")
        except OSError:
            raise RuntimeError("unexpected pos 704 vs 598")  # noqa: B904 - as torch does

    monkeypatch.setattr(torch, "save", save)
    with pytest.raises(OSError, match="No space left") as told:
        write_checkpoint(tmp_path / "c.pt", {})
    assert told.value.filename == str(tmp_path / "c.pt") and list(tmp_path.iterdir()) == []


def batches(count: int) -> Batches:
    images = Stored(np.zeros((count, 1, 2, 2), np.uint8), np.zeros(count, np.int64))
    return Batches(images, (1, 2, 2), torch.device("cpu"), ((0.0,), (1.0,)))


@pytest.mark.parametrize(("count", "batch", "sizes"), [
    (9, 4, [4, 5]), (8, 4, [4, 4]), (10, 4, [4, 4, 2]), (1, 4, [1]), (3, 1, [1, 1, 1])])
def test_one_image_is_no_batch_of_its_own(count: int, batch: int, sizes: list[int]) -> None:
    made = list(batches(count)(range(count), batch))
    assert [len(x) for x, _ in made] == [len(y) for _, y in made] == sizes


def test_a_trial_without_work_was_not_cut_off() -> None:
    def ended(reason: str) -> Any:
        return create_trial(state=TrialState.FAIL, user_attrs={INTERRUPTED: reason})

    assert was_cut_off(ended("Ctrl-C")) and not was_cut_off(ended(f"{NEEDLESS}: enough"))


def test_a_training_that_torch_refuses_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(
        "name: n\ninput: [1, 8, 8]\nargs: {classes: 10}\nnet:\n  - gap:\n"
        "  - conv: {out: 4, k: 1}\n  - linear: {out: =classes}\n", encoding="utf-8")
    (tmp_path / "one.yaml").write_text(
        "name: one\nepochs: 1\nbatch: 1\noptimiser: {sgd: {rate: 0.05}}\nschedule: {constant: {}}\n",
        encoding="utf-8")
    done = ran(train.main, str(tmp_path / "net.yaml"), "--data", "digits", "--recipe",
               str(tmp_path / "one.yaml"), "--out", str(tmp_path / "out"))
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("the training failed: ValueError: Expected more than 1 value")
