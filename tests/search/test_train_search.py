"""Searches that train: pruned, of several objectives, failing, interrupted, killed."""

import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from search.errors import RecipeError, StudyError, TrainingError
from search.objectives import Candidate
from search.objectives.training_rungs import TRAIN, Trainer
from search.results.conclude import conclude, write_results
from search.results.retraining import SEEDS, retrain
from search.run import main
from search.study import Study, open_study
from search.study.settings import Settings
from search.study.trial import Trial
from search.training.loop import Training
from search.training.options import TrainOptions
from searchspace.space.budget import Budget

ROOT = Path(__file__).parents[2]
FEW = TrainOptions("digits", epochs=4, first=1, reduction=2, device="cpu")


def settings(train: TrainOptions = FEW, trials: int = 6, sampler: str = "random",
             objectives: tuple[str, ...] = (TRAIN,), seed: int = 0) -> Settings:
    return Settings("digits", Budget.read("100K"), 8, seed, sampler, trials, 32, 10, objectives,
                    train=train)


def run(folder: Path, given: Settings, times: int | None = None) -> list[Trial]:
    """Run a study; ``times`` stops it after so many trials."""
    with open_study(given, folder, "s") as study:
        heard: list[int] = []
        study.run(lambda trials: heard.append(1),
                  lambda: times is not None and len(heard) > times)
        return study.trials()


def told(trials: list[Trial]) -> list[tuple[object, ...]]:
    """What must be the same in two runs: everything but the seconds and the numbers."""
    return [(t.identity, t.values, t.epochs, t.pruned, t.error) for t in trials]


@pytest.mark.parametrize("objectives", [
    (TRAIN,), pytest.param((TRAIN, "macs"), marks=pytest.mark.slow), ("params", TRAIN, "macs")])
def test_trainings_are_broken_off_and_the_others_are_not(objectives: tuple[str, ...],
                                                         tmp_path: Path) -> None:
    trials = run(tmp_path, settings(objectives=objectives, trials=7))
    assert len(trials) == 7 and {t.epochs for t in trials} <= {1, 2, 4}
    for t in trials:
        assert t.pruned == (t.epochs < 4) == (t.values is None) and t.error is None
        if t.values:
            assert 0 <= t.values[objectives.index(TRAIN)] <= 100
    assert not trials[0].pruned
    if objectives == (TRAIN,):
        assert any(t.pruned for t in trials)
    assert not list((tmp_path / "checkpoints").iterdir())
    with sqlite3.connect(tmp_path / "study.db") as archive:
        rows = archive.execute("SELECT identity, recipe, fidelity, json_array_length(curve), value,"
                               " data FROM arch_evaluation WHERE score = 'train'").fetchall()
    assert {(r[0], r[2], r[3]) for r in rows} == {(t.identity, t.epochs, t.epochs) for t in trials}
    assert all(r[1].startswith("quick ") and r[1].endswith(", 4 epochs") and "digits 1x8x8" in r[5]
               for r in rows)


@pytest.mark.parametrize("sampler", ["gp", *(pytest.param(s, marks=pytest.mark.slow)
                                            for s in ("evolution", "nsga2", "tpe"))])
def test_every_sampler_goes_on_after_pruned_trials(sampler: str, tmp_path: Path) -> None:
    trials = run(tmp_path, settings(sampler=sampler, trials=9))
    assert len({t.identity for t in trials}) == 9 and any(t.pruned for t in trials)


def test_pruned_trials_are_foretold_to_samplers(tmp_path: Path) -> None:
    from search.samplers import history
    trials = run(tmp_path, settings(trials=8))
    study = optuna.load_study(study_name="s", storage=f"sqlite:///{tmp_path / 'study.db'}")
    best = max(t.values[0] for t in trials if t.values)
    for past, trial in zip(history(study), trials, strict=True):
        assert past.values is not None
        assert past.values == trial.values if trial.values else 0 < past.values[0] <= best
    states = [t.state for t in study.trials]
    assert states.count(optuna.trial.TrialState.PRUNED) == sum(t.pruned for t in trials)


@pytest.mark.parametrize(("objectives", "train"), [
    pytest.param((TRAIN,), FEW, marks=pytest.mark.slow),
    pytest.param((TRAIN, "macs"), FEW, marks=pytest.mark.slow),
    ((TRAIN,), TrainOptions("digits", epochs=4, first=1, reduction=2, brackets=2, among=3, device="cpu")),
], ids=["one", "two", "hyperband-among"])
def test_an_interrupted_search_equals_one_that_was_not(objectives: tuple[str, ...], train: TrainOptions,
                                                       tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    given = settings(train, objectives=objectives)
    whole = run(tmp_path / "whole", given)
    run(tmp_path / "parts", given, times=2)
    save, count = Training.save, [0]

    def cut(self: Training, path: Path) -> None:
        save(self, path)
        count[0] += 1
        if count[0] in (2, 5):
            raise KeyboardInterrupt
    monkeypatch.setattr(Training, "save", cut)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "parts", given)
        assert len(list((tmp_path / "parts" / "checkpoints").iterdir())) == 1
    assert told(run(tmp_path / "parts", given)) == told(whole)


def test_of_several_proposals_the_best_at_first_sight_is_trained(tmp_path: Path) -> None:
    given = settings(TrainOptions("digits", epochs=1, among=3, device="cpu"), trials=3)
    trials = run(tmp_path, given)
    with sqlite3.connect(tmp_path / "study.db") as archive:
        scored = archive.execute("SELECT identity, value FROM arch_evaluation WHERE score = 'naswot' "
                                 "ORDER BY id").fetchall()
    assert len({i for i, _ in scored}) > 3
    first = dict(scored[:3])
    assert len(first) == 3 and trials[0].identity == max(first, key=lambda i: first[i])


def test_a_failure_is_told_and_the_search_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    once, whole = [0], Training.run

    def fails(self: Training, *rest: object) -> None:
        once[0] += 1
        if once[0] == 2:
            raise TrainingError("the training diverged: the loss is nan in epoch 1")
        whole(self, *rest)      # type: ignore[arg-type]
    monkeypatch.setattr(Training, "run", fails)
    trials = run(tmp_path, settings(TrainOptions("digits", epochs=1, prune=False, device="cpu"), 4))
    assert [t.error is None for t in trials] == [True, False, True, True]
    assert "nan in epoch 1" in str(trials[1].error)


def test_a_training_that_gets_on_may_be_killed_as_often_as_you_like(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that kills its worker again and again at the same epoch fails for good."""
    import search.study.worker_recovery
    train, trials = TrainOptions("digits", epochs=9, prune=False, device="cpu"), 1
    save, left = Training.save, [7]

    class Killed(BaseException):
        pass

    def dies(self: Training, path: Path) -> None:
        if left[0] > 7:
            raise Killed            # before anything is kept
        save(self, path)
        if left[0]:
            left[0] -= 1
            raise Killed
    monkeypatch.setattr(Training, "save", dies)
    monkeypatch.setattr("search.study.study.cut_off", lambda study, trial, reason="":
                        search.study.worker_recovery.cut_off(study, trial))
    for _ in range(7):
        with pytest.raises(Killed):
            run(tmp_path / "a", settings(train, trials))
    done, = run(tmp_path / "a", settings(train, trials))
    assert done.epochs == 9 and done.error is None
    left[0] = 99
    for _ in range(search.study.worker_recovery.ATTEMPTS):
        with pytest.raises(Killed):
            run(tmp_path / "b", settings(train, trials))
    done, = run(tmp_path / "b", settings(train, trials))
    assert "died 5 times" in str(done.error)


def test_what_was_trained_in_full_is_not_trained_again(tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    given = settings(TrainOptions("digits", epochs=1, device="cpu"), trials=3)
    with open_study(given, tmp_path, "s") as study:
        study.run(lambda trials: None)
        first = study.trials()[0]
        monkeypatch.setattr(Trainer, "resumed", None)
        again = study.evaluators["train"].trainer.evaluation(
            Candidate(study.plan.space, first.decisions, 8, _seed(first)))
        assert again.value == first.value and again.trial == first.number
    with pytest.raises(StudyError, match=r"epochs = 1, not 2"):
        run(tmp_path, settings(TrainOptions("digits", epochs=2, device="cpu"), trials=3))
    with pytest.raises(StudyError, match=r"validation = 0.2, not 0.3"):
        run(tmp_path, settings(TrainOptions("digits", epochs=1, validation=0.3), trials=3))


def _seed(trial: Trial) -> int:
    from search.seeds import derive
    return derive(0, "weights", trial.identity)


COMMAND = ["--budget", "100K", "--space", "digits", "--objective", "train", "--data", "digits",
           "--epochs", "2", "--trials", "3", "--sampler", "random", "--train-device", "cpu"]


def test_the_best_are_trained_again_before_one_is_chosen(tmp_path: Path) -> None:
    train = TrainOptions("digits", epochs=3, prune=False, device="cpu", finals=2)
    told: list[str] = []
    with open_study(settings(train, trials=4), tmp_path, "s") as study:
        study.run(lambda trials: None)
        ended = conclude(study, note=told.append)
        write_results(study, ended)
        again = conclude(study)                 # from the archive
        stopped = conclude(study, should_stop=lambda: True)
        none = retrain(study_without_finals(study), told.append, lambda: False)
    best = sorted(ended.trials, key=lambda t: -(t.value or 0))[:2]
    assert [r.trial.number for r in ended.retrained] == [t.number for t in best]
    assert [len(r.accuracies) for r in ended.retrained] == [SEEDS, SEEDS]
    assert len({a for r in ended.retrained for a in r.accuracies}) > 2
    assert ended.chosen is max(ended.retrained, key=lambda r: r.mean).trial
    assert [r.accuracies for r in again.retrained] == [r.accuracies for r in ended.retrained]
    assert stopped.retrained == [] == none and stopped.chosen.number == best[0].number
    assert len(told) == 2 * SEEDS and told[-1].startswith("training again 2/2")
    with (tmp_path / "retrained.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["mean"]) for row in rows] == [r.mean for r in ended.retrained]
    assert f"accuracy {ended.again.shown()} over 3 fresh" in (tmp_path / "best.yaml").read_text()


def study_without_finals(study: Study) -> Study:
    """The same study, of which nothing is to be trained again."""
    kept = study.plan.settings
    study.plan = replace(study.plan, settings=replace(kept, train=replace(kept.train, finals=0)))
    return study


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [*COMMAND, "--studies", str(tmp_path)]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "recipe quick, 2 epochs of 717 images of digits, rated on 180 others" in out
    assert "rungs after epoch 1: 1 of 3 trainings continues" in out and "stopped early" in out
    folder, = tmp_path.iterdir()
    assert "accuracy" in (folder / "best.yaml").read_text()
    assert ("Trained again, 3 times each" in out) == (folder / "retrained.csv").exists()
    with (folder / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [r["epochs"] for r in rows] and all((r["train"] == "") == (r["pruned"] == "1") for r in rows)


@pytest.mark.parametrize(("more", "message"), [
    (["--objective", "train"], "needs --data: digits, cifar10"),
    (["--data", "digits"], "--data is for --objective train or supernet only"),
    (["--train-device", "cpu"], "--train-device is for --objective train or supernet only"),
    (["--objective", "train", "--data", "digit"], "did you mean 'digits'"),
    (["--objective", "train", "--data", "digits", "--recipe", "quik"], "did you mean 'quick'"),
    (["--objective", "train", "--data", "cifar10", "--data-dir", "/nowhere"], "download https"),
    (["--objective", "train", "--data", "digits", "--epochs", "2", "--brackets", "5"], "5 brackets need"),
])
def test_mistakes_are_one_sentence(more: list[str], message: str, tmp_path: Path,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--budget", "100K", "--space", "digits", "--studies", str(tmp_path), *more]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1


def test_more_brackets_than_rungs() -> None:
    with pytest.raises(RecipeError, match="brackets need longer trainings"):
        TrainOptions("digits", brackets=4, first=1).rungs(9)
    assert TrainOptions("digits", brackets=3, first=1).rungs(9).levels(2) == ()


@pytest.mark.slow
@pytest.mark.parametrize("objectives", [["train"], ["train", "macs"]], ids=["one", "two"])
def test_killed_at_up_to_ten_random_moments_nothing_is_lost_and_nothing_done_twice(
        objectives: list[str], tmp_path: Path) -> None:
    def start(studies: str) -> subprocess.Popen[str]:
        goals = [x for o in objectives for x in ("--objective", o)]
        process = subprocess.Popen(
            [sys.executable, "-u", "search/run.py", "--budget", "150K", "--space", "digits", *goals,
             "--data", "digits", "--epochs", "27", "--trials", "14", "--train-device", "cpu",
             "--study", "s", "--studies", str(tmp_path / studies), "--sampler", "random"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"})
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("start:"):       # the trials begin
                break
        return process

    def end(process: subprocess.Popen[str]) -> None:
        out, _ = process.communicate()
        assert process.returncode == 0, out

    def rows(studies: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(tmp_path / studies / "s" / "study.db") as archive:
            return archive.execute("SELECT identity, fidelity, value, curve FROM arch_evaluation "
                                   "WHERE score = 'train' ORDER BY identity, fidelity").fetchall()

    process = start("whole")
    began = time.monotonic()
    end(process)
    took = time.monotonic() - began
    rng, killed = random.Random(0), 0
    while killed < 10:
        process = start("killed")
        time.sleep(rng.uniform(0, took / 8))
        if process.poll() is not None:      # the machine was busier while the whole was timed
            break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += 1
    assert killed >= 4
    end(start("killed"))
    assert rows("killed") == rows("whole")
    found = []
    for studies in ("whole", "killed"):
        with Finished(tmp_path / studies / "s") as trials:
            found.append(trials)
    assert found[0] == found[1] and len(found[0]) == 14 == len({t[0] for t in found[0]})
    assert not list((tmp_path / "killed" / "s" / "checkpoints").iterdir())


class Finished:
    """The finished trials of a study in a folder, in order, without their seconds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> list[tuple[object, ...]]:
        study = optuna.load_study(study_name="s", storage=f"sqlite:///{self.folder / 'study.db'}")
        states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
        return [(t.user_attrs["identity"], t.state, t.values, tuple(t.user_attrs["curve"]))
                for t in study.get_trials(states=states)]

    def __exit__(self, *_: object) -> None:
        return None
