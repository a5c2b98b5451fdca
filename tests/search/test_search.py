"""The search end to end, small: budgets, repeats, continuing, interrupting, and what it leaves."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
import sqlalchemy
from inside import ran

from search import run
from search.errors import StudyError
from search.results.final_comparison import Entry, FinalResult, verdict
from search.samplers import SAMPLERS, choose, screening
from search.seeds import derive
from search.study import Plan, open_study
from search.study.settings import Settings
from searchspace import BudgetError, Cost, cost, load, spaces
from searchspace.building.verify import verify
from searchspace.identity import identity
from searchspace.space.budget import Budget

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, str(ROOT / "search" / "run.py")]
TINY = ["--budget", "7M", "--space", "mobile", "--input", "32", "--batch", "4"]
SMALL = ["--budget", "400K", "--space", "digits", "--input", "8", "--batch", "4"]


def settings(**changes: object) -> Settings:
    values = {"space": "mobile", "budget": Budget(2_000_000), "input": 32, "seed": 0,
              "sampler": "tpe", "trials": 4, "batch": 4} | changes
    return Settings(**values)  # type: ignore[arg-type]


def run_study(folder: Path, given: Settings, name: str = "s") -> list:
    with open_study(given, folder, name) as study:
        study.run(lambda _: None)
        return study.trials()


def told(trials: list) -> list:
    return [(t.decisions, t.identity, t.macs, t.params, t.value) for t in trials]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess]:
    """The folder of studies in which the command has made one, and what it said."""
    folder = tmp_path_factory.mktemp("searched")
    return folder, ran(run.main, *TINY, "--trials", "5", "--study", "t", "--studies", str(folder))


def test_the_command_leaves_a_network_that_keeps_the_budget(
        searched: tuple[Path, subprocess.CompletedProcess]) -> None:
    studies, done = searched
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "5 trials, all inside the budget" in done.stdout
    assert "0 of 3 known networks fit; brought to the budget: mobilenet-v2-1.0, eff" in \
        " ".join(done.stdout.split())
    assert "2 proposals, 100.0% scored" in done.stdout
    assert "no accuracy" in done.stdout
    folder = studies / "t"
    best = load(folder / "best.yaml")
    assert not best.is_space
    assert all(check.agrees for check in verify(best))      # fvcore counts as we do
    assert cost(best).macs <= 7_000_000
    assert (folder / "best.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")
    with (folder / "trials.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    assert all(int(row["macs"]) <= 7_000_000 for row in rows)
    assert len({row["identity"] for row in rows}) == 5
    assert [row["start"] for row in rows] == ["mobilenet-v2-1.0", "efficientnet-b0",
                                              "mobilenet-v3-like", "", ""]
    assert all(0 <= float(row["share_changed"]) <= 1 for row in rows)
    assert identity(best) in {row["identity"] for row in rows}
    with (folder / "finals.csv").open(encoding="utf-8", newline="") as file:
        finals = list(csv.DictReader(file))
    assert {row["kind"] for row in finals} == {"found", "published"}
    assert all(len(row["scores"].split()) >= 3 for row in finals)
    again = ran(run.main, *TINY, "--trials", "5", "--study", "t", "--studies", str(studies))
    assert again.returncode == 0
    with (folder / "trials.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == rows  # nothing was scored a second time


@pytest.mark.slow
def test_the_main_job_keeps_300_million(tmp_path: Path) -> None:
    done = ran(run.main, "--budget", "300M", "--trials", "10", "--study", "t", "--studies",
               str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    checks = verify(load(tmp_path / "t" / "best.yaml"))
    assert all(check.agrees for check in checks)
    assert all(check.theirs <= 300_000_000 for check in checks if check.what == "MACs")


@pytest.mark.parametrize("arguments, words", [
    (["--budget", "1000"], ["mobile", "reaches from", "MACs"]),
    (["--budget", "2M", "--params", "10"], ["reaches from", "params"]),
    (["--budget", "two"], ["'two'", "300M"]),
    (["--budget", "2M", "--space", "moblie"], ["moblie", "mobile"]),
    (["--budget", "2M", "--space", "henet"], ["no", "holes"]),
    (["--budget", "2M", "--study", "../x"], ["--study"]),
])
def test_a_users_mistake_is_one_sentence(arguments: list[str], words: list[str],
                                         tmp_path: Path) -> None:
    rest = [] if "--space" in arguments else ["--space", "mobile"]
    done = ran(run.main, *arguments, *rest, "--input", "32", "--studies", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.slow if name in ("nsga3", "optuna-gp") else ())
    for name, entry in SAMPLERS.items() if not entry.trains])
def test_every_sampler_keeps_the_budget_and_repeats_itself(name: str, tmp_path: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "LOOKED", 400)
    tiny = {"sampler": name, "space": "digits", "input": 8, "budget": Budget(150_000),
            "screen": "depth" if SAMPLERS[name].screens else None}
    count = 18 if name == "nsga2" else 10       # its first generation is full after 16
    given = settings(**tiny, trials=count)
    first = run_study(tmp_path / "a", given)
    assert len(first) == count
    assert all(t.macs <= 150_000 for t in first)
    assert len({t.identity for t in first}) == count
    # Stopped twice, once in the middle of a trial, then continued.
    folder = tmp_path / "b"
    run_study(folder, settings(**tiny, trials=4))
    with open_study(given, folder, "s") as study:
        calls = []

        def stop(trials: list) -> None:
            calls.append(len(trials))
            if len(calls) == count - 5:
                raise KeyboardInterrupt
        with pytest.raises(KeyboardInterrupt):
            study.run(stop)
        study.session.study.ask()  # a trial that is cut off before its end
    assert told(run_study(folder, given)) == told(first)


def test_another_seed_gives_other_trials(tmp_path: Path) -> None:
    one, two = (run_study(tmp_path / str(s), settings(seed=s, trials=2)) for s in (0, 1))
    assert told(one) != told(two)


@pytest.mark.parametrize("space", [
    pytest.param(name, marks=() if name in ("he", "si", "randwire") else pytest.mark.slow)
    for name in spaces()])
def test_every_space_is_searched(space: str, tmp_path: Path) -> None:
    found = run_study(tmp_path, settings(space=space, budget=Budget(16_000_000), trials=2))
    assert [t.error for t in found] == [None, None]
    assert all(t.macs <= 16_000_000 for t in found)


def test_a_kill_loses_no_finished_trial(tmp_path: Path) -> None:
    arguments = [*SMALL, "--trials", "400", "--study", "k", "--studies", str(tmp_path)]
    process = subprocess.Popen([*RUN, *arguments], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    database = tmp_path / "k" / "study.db"
    try:
        for _ in range(600):
            time.sleep(0.1)
            if database.exists() and _scored(database) >= 3:
                break
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = _scored(database)
    assert before >= 3
    given = settings(space="digits", input=8, trials=before + 2, sampler="auto", budget=Budget(400_000))
    with open_study(given, tmp_path / "k", "k") as study:
        assert len(study.trials()) == before
        study.run(lambda _: None)
        assert len(study.trials()) == before + 2
    with optuna.storages.RDBStorage(f"sqlite:///{database}").engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("PRAGMA integrity_check")).scalar() == "ok"


def _scored(database: Path) -> int:
    engine = sqlalchemy.create_engine(f"sqlite:///{database}")
    try:
        with engine.connect() as connection:
            query = "SELECT COUNT(*) FROM trials WHERE state = 'COMPLETE'"
            return connection.execute(sqlalchemy.text(query)).scalar() or 0
    except sqlalchemy.exc.OperationalError:
        return 0  # the tables are not there yet
    finally:
        engine.dispose()


def test_ctrl_c_ends_with_what_was_found(tmp_path: Path) -> None:
    arguments = [*SMALL, "--objective", "table", "--sampler", "random", "--trials", "800", "--study", "c",
                 "--studies", str(tmp_path)]
    process = subprocess.Popen([*RUN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    database = tmp_path / "c" / "study.db"
    for _ in range(600):
        time.sleep(0.1)
        if database.exists() and _scored(database) >= 2:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "the same command continues" in out
    assert cost(load(tmp_path / "c" / "best.yaml")).macs <= 400_000


def test_a_study_is_not_continued_with_other_settings(tmp_path: Path) -> None:
    run_study(tmp_path, settings(trials=1))
    with pytest.raises(StudyError, match="made with batch = 4, not 5"):
        open_study(settings(batch=5), tmp_path, "s").__enter__()


def test_a_study_is_run_by_one_process_at_a_time(tmp_path: Path) -> None:
    with open_study(settings(), tmp_path, "s"), pytest.raises(StudyError, match="another process"):
        open_study(settings(), tmp_path, "s").__enter__()


def test_a_broken_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_text("this is no database, but a text file" * 50)
    with pytest.raises(StudyError, match=r"study\.db"):
        open_study(settings(), tmp_path, "s").__enter__()


def test_an_impossible_budget_names_the_range() -> None:
    with pytest.raises(BudgetError, match=r"reaches from .* to .* MACs"):
        Plan.of(settings(budget=Budget(10)))


def test_a_used_up_space_stops_the_search(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text("name: small\ninput: [3, 32, 32]\nnet:\n"
                    "  - conv: {out: !choice [4, 8, 12], stride: 2, as: a}\n"
                    "  - gap:\n  - linear: {out: 10}\n")
    given = settings(space=str(path), budget=Budget(60_000), trials=20, sampler="random")
    with open_study(given, tmp_path / "s", "s") as study:
        reason = study.run(lambda _: None)
        assert reason is not None and "2 were tried" in reason
        assert sorted(t.decisions["a.conv.out"] for t in study.trials()) == [4, 8]


def test_the_archive_holds_every_evaluation(tmp_path: Path) -> None:
    found = run_study(tmp_path, settings(trials=3))
    from search.archive import Archive

    with Archive(f"sqlite:///{tmp_path / 'study.db'}") as archive:
        kept = archive.evaluations(study="s")
    assert {e.identity: e.value for e in kept} == {t.identity: t.value for t in found}


def test_auto_explains_its_choice() -> None:
    for name in spaces():
        chosen, reason = choose("auto", load(name))
        assert chosen in SAMPLERS and reason


def test_samplers_of_one_seed_agree() -> None:
    assert derive(0, "a", 1) == derive(0, "a", 1) != derive(0, "a", 2)


def test_a_win_is_claimed_only_outside_the_spread() -> None:
    given = settings()

    def result(trial: int | None, *scores: float) -> FinalResult:
        network = load("mobilenet-v2")
        name = f"trial {trial}" if trial is not None else "mobilenet-v2@1.0"
        return FinalResult(Entry(name, network, None, Cost(1, 1), trial, False), scores)

    known = result(None, 10.0, 11.0, 12.0)
    assert "cannot be ranked" in verdict([known, result(3, 11.0, 12.0, 13.0)], given)
    won = [known, result(3, 20.0, 20.5, 21.0)]
    assert "above the best published network inside the budget" in verdict(won, given)
    band = settings(budget=Budget("250M-300M"))
    assert "above the best published network of no greater cost" in verdict(won, band)
    assert "above everything found" in verdict([known, result(3, 1.0, 1.5, 2.0)], given)
