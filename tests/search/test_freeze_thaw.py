"""The sampler that decides how long networks are trained."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from scipy import stats
from test_train_search import FEW, run, settings, told

from search.errors import StudyError
from search.gaussian_process import Other, Process
from search.results.learned import Described, describer
from search.results.read import read_study
from search.run import main
from search.samplers.base import taking
from search.samplers.freeze_thaw.trained import Trained, seconds_an_epoch
from search.samplers.freeze_thaw.value import MAXIMA, information, maxima
from search.study import open_study
from search.study.neighbours import Region
from search.study.plan import Plan
from search.study.projection import settle
from search.study.settings import Settings
from search.training.epochs import EpochLog
from search.training.loop import Training
from search.training.options import TrainOptions
from searchspace import load
from searchspace.identity import identity
from searchspace.space.budget import Budget
from searchspace.space.solver import find_inside

THREE = TrainOptions("digits", epochs=3, device="cpu")


def frozen(trials: int = 16, train: TrainOptions = THREE) -> Settings:
    return settings(train, trials, "freeze-thaw")


def test_information_is_the_entropy_that_truncation_takes() -> None:
    mean, deviation = np.array([0.0, 1.0, -2.0]), np.array([1.0, 0.5, 2.0])
    greatest = np.array([1.5])
    for shared in (0.0, 0.3, 1.0):
        found = information(mean, deviation, np.full(3, shared), greatest)
        left = [stats.truncnorm.var(-np.inf, (1.5 - m) / s) for m, s in
                zip(mean, deviation, strict=True)]
        assert found == pytest.approx(-0.5 * np.log(1 - shared * (1 - np.array(left))))
    assert np.isfinite(information(mean - 100, deviation, np.ones(3), greatest)).all()


def test_the_greatest_value_is_distributed_as_in_samples() -> None:
    rng = np.random.default_rng(0)
    mean, deviation = rng.normal(size=60), rng.uniform(0.3, 1, 60)
    drawn = (mean + deviation * rng.normal(size=(20_000, 60))).max(1)
    wanted = np.quantile(drawn, (np.arange(MAXIMA) + 0.5) / MAXIMA)
    assert maxima(mean, deviation) == pytest.approx(wanted, abs=0.12)


def test_what_a_source_shares_is_a_correlation_of_the_joint_normal() -> None:
    rng = np.random.default_rng(1)
    x, at = rng.normal(size=(6, 2)), rng.normal(size=(3, 2))
    source = np.array([0, 0, 1, 1, 2, 2])
    process = Process(np.zeros(2, dtype=np.intp), np.array([1.3]), 0.4, 0.8, 0.05,
                      (Other(0.9, 1.5, 0.1), Other(0.5, 0.7, 0.2)))
    found = process.shared(x, at, source)
    sources, noise = [(1.0, 1.0), (0.9, 1.5), (0.5, 0.7)], [0.05, 0.1, 0.2]

    def covariance(a: int, b: int, k: float) -> float:
        alike = 1.0 if a == b else sources[a][0] * sources[b][0]
        return k * alike * sources[a][1] * sources[b][1]

    for i, point in enumerate(at):
        for s in range(3):
            rows = np.vstack([x, point, point])
            of = [*source, 0, s]
            kernel = process.kernel(rows, rows)
            joint = np.array([[covariance(of[r], of[c], kernel[r, c]) for c in range(8)]
                              for r in range(8)])
            for r in range(6):
                joint[r, r] += noise[of[r]]
            joint[7, 7] += noise[s]
            given = joint[6:, 6:] - joint[6:, :6] @ np.linalg.solve(joint[:6, :6], joint[:6, 6:])
            assert found[s, i] == pytest.approx(given[0, 1] ** 2 / (given[0, 0] * given[1, 1]))


def test_seconds_are_learned_from_trainings() -> None:
    known = [Trained({}, macs, (0.0,) * epochs, epochs * (2 + macs / 1000), True)
             for macs, epochs in ((1000, 1), (3000, 4), (9000, 2))]
    assert seconds_an_epoch(known, np.array([5000.0, 0.0])) == pytest.approx([7, 2])
    nothing = [Trained({}, 1000, (50.0,), 0.0, True)]
    assert seconds_an_epoch(nothing, np.array([1.0, 3.0])) == pytest.approx([0.5, 1.5])


def test_trainings_pause_and_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = [0]
    epoch = Training._train

    def counted(self: Training, step: object) -> object:
        trained[0] += 1
        return epoch(self, step)                # type: ignore[arg-type]

    monkeypatch.setattr(Training, "_train", counted)
    trials = run(tmp_path, frozen())
    assert len(trials) == 16 and {t.epochs for t in trials} <= {1, 2, 3}
    longest: dict[str, int] = {}
    for t in trials:
        assert t.epochs > longest.get(t.identity, 0)        # none is trained twice
        assert t.pruned == (t.epochs < 3) == (t.values is None)
        longest[t.identity] = t.epochs
    assert trained[0] == sum(longest.values())              # each epoch once: none from the start
    assert len(longest) < 16 and sum(e == 3 for e in longest.values()) >= 3
    left = {file.name.partition("-")[0] for file in (tmp_path / "checkpoints").iterdir()}
    assert left == {identity[:24] for identity, epochs in longest.items() if epochs < 3}
    study = optuna.load_study(study_name="s", storage=f"sqlite:///{tmp_path / 'study.db'}")
    assert all(t.user_attrs["until"] == len(t.user_attrs["curve"]) for t in study.trials)
    assert all(max(t.constraints.values()) <= 0 for t in study.trials if hasattr(t, "constraints"))
    # A training in parts is the one in one piece.
    monkeypatch.setattr(Training, "_train", epoch)
    whole = run(tmp_path / "whole", settings(TrainOptions("digits", epochs=3, prune=False, device="cpu"),
                                             6, "freeze-thaw"))
    found = {t.identity: t.values for t in trials if t.values}
    both = [t for t in whole if t.identity in found]
    assert both and all(t.values == found[t.identity] for t in both)


def test_an_interrupted_search_equals_one_that_was_not(tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    # What a piece tells a second depends on the clock: here each epoch takes one.
    monkeypatch.setattr("search.samplers.freeze_thaw.sampler.seconds_an_epoch",
                        lambda known, macs: np.ones(len(macs)))
    whole = run(tmp_path / "whole", frozen(14))
    run(tmp_path / "parts", frozen(14), times=3)
    save, count = Training.save, [0]

    def cut(self: Training, path: Path) -> None:
        save(self, path)
        count[0] += 1
        if count[0] in (7, 11):
            raise KeyboardInterrupt
    monkeypatch.setattr(Training, "save", cut)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "parts", frozen(14))
    assert told(run(tmp_path / "parts", frozen(14))) == told(whole)


def test_the_last_third_of_the_time_is_for_full_trainings(tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, frozen(13))
    monkeypatch.setattr(Plan, "used", property(lambda plan: 0.7))
    trials = run(tmp_path, frozen(17))
    assert {t.epochs for t in trials[13:]} == {3}


@pytest.fixture
def a_second_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes by epochs instead of by the clock: a second each, from when a study is opened."""
    now, train = [0.0], Training._train

    def timed(self: Training, step: object) -> EpochLog:
        now[0] += 1
        return replace(train(self, step), seconds=1.0)      # type: ignore[arg-type]

    monkeypatch.setattr(Training, "_train", timed)
    monkeypatch.setattr(Plan, "seconds", property(
        lambda plan: now[0] - plan.__dict__.setdefault("opened", now[0])))


NINE = replace(THREE, epochs=9)
COMMAND = ["--space", "digits", "--budget", "100K", "--input", "8", "--objective", "train", "--data", "digits",
           "--epochs", "9", "--train-device", "cpu", "--sampler", "freeze-thaw", "--study", "s"]


@pytest.mark.usefixtures("a_second_an_epoch")
@pytest.mark.parametrize(("seconds", "epochs"), [
    (9.5, [1, 9]), (14, [1, 1, 1, 1, 1, 1, 9]), (33, [1] * 8 + [9] * 3)])
def test_the_first_full_training_begins_early_enough(seconds: float, epochs: list[int],
                                                     tmp_path: Path) -> None:
    """A piece takes a second here, the rest of a training eight."""
    trials = run(tmp_path, replace(frozen(train=NINE), trials=None, time=seconds))
    assert [t.epochs for t in trials][:len(epochs)] == epochs
    assert [bool(t.values) for t in trials][:len(epochs)] == [n == 9 for n in epochs]


@pytest.mark.usefixtures("a_second_an_epoch")
def test_where_no_training_ends_the_longest_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nine seconds are longer than all of the time."""
    assert main([*COMMAND, "--time", "3s", "--studies", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "no training has ended: accuracies are those so far" in said
    assert "3 trials, all inside the budget, 0 scored, 3 stopped early" in said
    results = read_study(tmp_path / "s")
    best = max(results.rows, key=lambda row: row.curve[-1])
    assert [len(row.curve) for row in results.rows] == [1, 1, 1] and results.best == best.number
    text = f"{best.curve[-1]:.2f} % after 1 epoch"
    assert text in said and best.shown == (text,)
    assert f"accuracy {text}" in (tmp_path / "s" / "best.yaml").read_text(encoding="utf-8")
    assert text in (tmp_path / "s" / "report.html").read_text(encoding="utf-8")
    # With more time the same command goes on, until a training has ended.
    assert main([*COMMAND, "--time", "10s", "--studies", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "no training has ended" not in said and "1 scored" in said
    assert "epoch" not in read_study(tmp_path / "s").numbered[read_study(tmp_path / "s").best or 0].shown[0]


@pytest.mark.usefixtures("a_second_an_epoch")
def test_the_longest_training_is_chosen_and_then_the_best(tmp_path: Path) -> None:
    given = replace(frozen(train=NINE), trials=3)
    with open_study(given, tmp_path, "s") as study:
        study.run(lambda trials: None)
        [first, second, third] = study.trials()
        assert study.best(3) == sorted(study.best(3), key=lambda t: -(t.value or 0))
        longer = [replace(second, number=3, curve=(*second.curve, 1.0, 2.0)), first, third]
        study.trials = lambda: [second, *longer]            # type: ignore[method-assign]
        assert [(t.number, t.value, t.length) for t in study.best(2)] == [
            (3, 2.0, " after 3 epochs"),
            max((t.number, t.curve[0], " after 1 epoch") for t in [max(
                (first, third), key=lambda t: t.curve[0])])]


def test_no_epoch_in_the_time_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, "--time", "0.000001s", "--studies", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "nothing could be scored: the time of 0 s is over"


def test_a_network_that_fails_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    epoch = Training._train

    def fails(self: Training, step: object) -> object:
        if self.epoch == 1:
            raise RuntimeError("of its own")
        return epoch(self, step)                # type: ignore[arg-type]

    monkeypatch.setattr(Training, "_train", fails)
    trials = run(tmp_path, frozen(11))
    failed = [t.identity for t in trials if t.error]
    assert failed and len(set(failed)) == len(failed)
    after = {t.identity: i for i, t in enumerate(trials) if t.error}
    assert all(t.identity not in failed or i <= after[t.identity] for i, t in enumerate(trials))


def test_a_paused_network_keeps_its_width() -> None:
    space, budget = load("mixed").with_input(16), Budget("3M")
    inside = find_inside(space, budget)
    assert inside is not None
    region, rng = Region(space, budget, inside), random.Random(0)
    name = identity(space, inside.decisions)
    wider = settle(region, taking(inside.decisions, rng), frozenset(), rng)
    assert wider.point.macs > inside.macs           # as a new proposal is
    again = settle(region, taking(inside.decisions, rng), frozenset(), rng, {name})
    assert again.identity == name and again.point.decisions == inside.decisions


@pytest.mark.parametrize(("train", "objectives", "said"), [
    (FEW, ("train",), "--first-epochs has no effect with --sampler freeze-thaw"),
    (TrainOptions("digits", brackets=2), ("train",), "--brackets has no effect"),
    (TrainOptions("digits", among=2), ("train",), "--among has no effect"),
    (THREE, ("train", "macs"), "for --objective train alone, not train and macs"),
    (None, ("score",), "for --objective train alone, not score")])
def test_what_it_cannot_do_is_refused(train: TrainOptions | None, objectives: tuple[str, ...],
                                      said: str, tmp_path: Path) -> None:
    given = settings(train, 3, "freeze-thaw", objectives)       # type: ignore[arg-type]
    with pytest.raises(StudyError, match=said), open_study(given, tmp_path, "s"):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_the_command_with_its_report(workers: tuple[str, ...], tmp_path: Path,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--space", "digits", "--budget", "100K", "--objective", "train", "--data", "digits",
                 "--epochs", "3", "--train-device", "cpu", "--sampler", "freeze-thaw", "--trials",
                 "26", "--studies", str(tmp_path), "--study", "s", *workers]) == 0
    assert "26 trials" in capsys.readouterr().out
    results = read_study(tmp_path / "s")
    [source, *shorter] = Described.of(results, describer(results.space)).sources
    assert len(source.values) == sum(len(row.curve) == 3 for row in results.rows)
    for of in shorter:          # each network once, however many trials its training had
        assert len({tuple(sorted(named.items())) for named in of.networks}) == len(of.values)
    assert (tmp_path / "s" / "report.html").is_file()
