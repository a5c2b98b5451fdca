"""Several workers on one study: claims, heartbeats, what is done again, what is never done twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
import sqlalchemy as sa
from inside import ran
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.trial import TrialState
from recording import record

from benchmarks.reliability import account, run, study_of, workers_of
from search import run as command
from search.archive import Archive, EvaluationKey, StorageError, schema
from search.archive.claims import Claims, Held, is_gone, new_worker
from search.archive.connection.retry import passes, patient
from search.errors import StudyError
from search.launchers import Resources
from search.launchers.local import LocalLauncher
from search.launchers.worker import WorkerJob
from search.objectives.lookup import Lookup
from search.samplers import finished, history
from search.storage.attributes import WORKER
from search.study import Study
from search.study.worker_recovery import ATTEMPTS, DIED, INTERRUPTED

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, str(ROOT / "search" / "run.py"), "--budget", "400K", "--space", "digits",
       "--objective", "table", "--sampler", "random"]


def told(study: Study) -> list:
    return [(t.decisions, t.identity, t.values) for t in study.trials()]


# Claims and heartbeats

def test_a_claim_has_one_holder(url: str) -> None:
    with Archive(url) as archive:
        one, two = (Claims(archive.database, f"elsewhere/{i}/x") for i in range(2))
        one.beat("s")
        two.beat("s")
        assert (one.claim("it"), two.claim("it"), one.claim("it"), two.claim("other")) == (
            Held.NEW, Held.NOT, Held.BEFORE, Held.NEW)
        two.release("it")                   # not its own
        assert not two.claim("it")
        one.release("it")
        assert two.claim("it") == Held.NEW and not one.claim("it")


def test_a_claim_is_taken_over_from_who_is_gone(url: str) -> None:
    with Archive(url) as archive:
        one, two = (Claims(archive.database, f"elsewhere/{i}/x", grace_s=2.0) for i in range(2))
        one.beat("s")
        two.beat("s")
        assert one.claim("silent") and one.claim("left")
        assert not two.claim("silent")
        time.sleep(2.2)
        two.beat("s")
        assert [(w.id, w.alive) for w in two.workers("s")] == [
            ("elsewhere/0/x", False), ("elsewhere/1/x", True)]
        assert two.claim("silent")
        one.beat("s")                       # it lives after all, but the claim is gone
        assert not one.claim("silent")
        assert not two.claim("left")
        one.leave()
        assert two.claim("left") and [w.id for w in two.workers()] == ["elsewhere/1/x"]


CLAIM = """
import sys
from search.archive import Archive
from search.archive.claims import Claims, new_worker
print("ready", flush=True)
sys.stdin.readline()
with Archive(sys.argv[1]) as archive:
    claims = Claims(archive.database, new_worker())
    claims.beat("s")
    print(*(i for i in range(30) if claims.claim(f"subject {i}")))
    sys.stdout.flush()
    sys.stdin.readline()
"""


def test_processes_that_claim_at_once_share_the_subjects(url: str) -> None:
    workers = [subprocess.Popen([sys.executable, "-c", CLAIM, url], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [w.stdout.readline() for w in workers] == ["ready\n"] * 3
    for w in workers:
        w.stdin.write("go\n")
        w.stdin.flush()
    got = [w.stdout.readline().split() for w in workers]
    assert Counter(s for line in got for s in line) == Counter(map(str, range(30)))
    workers[0].kill()                       # what it claimed is free at once: its process is gone
    workers[0].communicate()
    with Archive(url) as archive:
        claims = Claims(archive.database, new_worker())
        claims.beat("s")
        assert [i for i in map(str, range(30)) if claims.claim(f"subject {i}")] == got[0]
    for w in workers[1:]:
        w.communicate("end\n", timeout=60)


def test_whose_process_is_gone() -> None:
    own = new_worker()
    assert not is_gone(own)
    process = subprocess.Popen([sys.executable, "-c", ""])
    other = own.replace(f"/{os.getpid()}/", f"/{process.pid}/")
    while not is_gone(other):               # ended, though nobody has waited for it yet
        time.sleep(0.05)
    process.wait()
    assert is_gone(other)
    assert not is_gone(other.replace(own.partition("/")[0], "another-machine"))


def test_an_evaluation_is_waited_for_where_another_makes_it(url: str) -> None:
    row = {"identity": "a" * 32, "genotype": "g", "name": "n", "macs": 1, "params": 1,
           "input_size": 8, "score": "s", "data": "d", "seed": 0, "value": 1.0, "seconds": 0.0}
    with Archive(url) as one, Archive(url) as two:
        for archive, name in ((one, "elsewhere/1/x"), (two, "elsewhere/2/x")):
            archive.claims = Claims(archive.database, name)
            archive.claims.beat("s")
        order = []

        def second() -> None:
            with two.alone(EvaluationKey("a" * 32, "s", "d", 0)) as known:
                order.append(known)

        with one.alone(EvaluationKey("a" * 32, "s", "d", 0)) as known:
            assert known is None
            thread = threading.Thread(target=second)
            thread.start()
            time.sleep(0.5)
            assert order == []
            made = record(one, **row)
        thread.join(30)
        assert order == [made]
        with two.engine.connect() as connection:        # nobody holds a claim any more
            assert connection.execute(sa.select(schema.Claim.subject)).all() == []


def test_a_claim_is_given_back_where_the_evaluation_fails(url: str) -> None:
    with Archive(url) as archive:
        archive.claims = Claims(archive.database, "elsewhere/1/x")
        archive.claims.beat("s")
        with pytest.raises(ZeroDivisionError), archive.alone(EvaluationKey("a" * 32, "s", "d", 0)):
            raise ZeroDivisionError
        other = Claims(archive.database, "elsewhere/2/x")
        assert other.claim("\n".join(("a" * 32, "s", "d", "", "0", "0")))


# Patience

def test_what_passes_is_waited_for() -> None:
    tries = []

    def work() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise sa.exc.OperationalError("INSERT", {}, sqlite_error("database is locked"))
        return "done"

    assert patient(work, 60) == "done" and len(tries) == 3
    tries.clear()
    with pytest.raises(sa.exc.OperationalError):
        patient(work, 0)


def sqlite_error(words: str) -> Exception:
    import sqlite3

    return sqlite3.OperationalError(words)


@pytest.mark.parametrize("error, passing", [
    (sa.exc.OperationalError("x", {}, sqlite_error("database is locked")), True),
    (sa.exc.OperationalError("x", {}, sqlite_error("database or disk is full")), False),
    (sa.exc.OperationalError("x", {}, sqlite_error("attempt to write a readonly database")), False),
    (sa.exc.IntegrityError("x", {}, sqlite_error("UNIQUE constraint failed")), False),
    (ValueError("locked"), False),
])
def test_what_does_not_pass_is_told_at_once(error: Exception, passing: bool) -> None:
    assert passes(error) is passing
    wrapped = optuna.exceptions.StorageInternalError("An exception is raised during the commit.")
    wrapped.__cause__ = error
    assert passes(wrapped) is passing


# Studies

def test_trials_know_their_worker_from_the_beginning(tmp_path: Path) -> None:
    with study_of(tmp_path, None, 2) as study:
        study.run(lambda _: None)
        assert {t.user_attrs[WORKER] for t in study.session.study.trials} == {study.session.claims.own}


def test_the_constraint_is_there_before_anything_can_fail(tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Lookup, *_: object, **__: object) -> None:
        raise ZeroDivisionError

    with study_of(tmp_path, None, 2) as study:
        with monkeypatch.context() as patch:
            patch.setattr(Lookup, "__call__", broken)
            with pytest.raises(ZeroDivisionError):
                study.run(lambda _: None)
        [trial] = study.session.study.trials
        assert (trial.state, trial.user_attrs[INTERRUPTED]) == (TrialState.FAIL, "")
        macs = trial.user_attrs["macs"]
        assert trial.constraints == {"most macs": macs - 400_000, "0": macs - 400_000}
        assert trial.system_attrs["constraints"] == [macs - 400_000]     # as the dashboard reads it
        study.run(lambda _: None)
        assert study.session.study.trials[1].user_attrs["identity"] == trial.user_attrs["identity"]


def test_a_trial_is_described_as_a_whole_and_perhaps_twice(url: str, tmp_path: Path) -> None:
    with study_of(tmp_path, url, 2) as study:
        trial = study.session.study.ask()
        given = ({"k": (CategoricalDistribution((3, 5)), 5), "n": (IntDistribution(2, 8, step=2), 4)},
                 {"macs": 7, "params": 3, "memory": 9, "identity": "x", "decisions": {}, "changed": 0,
                  "replaced": False, "lost": 0}, {"constraints:most macs": -1.0})
        with pytest.raises(TypeError, match="JSON"):
            study.session.storage.describe(trial, given[0], {"macs": 7, "identity": object()}, given[2])
        [kept] = study.session.study.trials
        assert kept.params == {} and kept.user_attrs == {WORKER: study.session.claims.own}
        for _ in range(2):              # the answer to the first got lost
            study.session.storage.describe(trial, *given)
            [kept] = study.session.study.trials
            assert kept.params == trial.params == {"k": 5, "n": 4}
            assert kept.distributions == trial.distributions == {n: d for n, (d, _) in given[0].items()}
            assert kept.user_attrs == trial.user_attrs == {WORKER: study.session.claims.own, **given[1]}
            assert kept.constraints == trial.constraints == {"most macs": -1.0}
        study.session.study.tell(trial, state=TrialState.FAIL)
        with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
            study.session.storage.describe(trial, *given)


def test_a_trial_that_was_cut_off_is_done_again_as_it_was(tmp_path: Path) -> None:
    with study_of(tmp_path / "a", None, 6) as study:
        study.run(lambda _: None)
        whole = told(study)
    with study_of(tmp_path / "b", None, 6) as study:
        study.run(lambda _: None, lambda: len(study.trials()) == 3)
        cut = study.begin(study.session.study.ask(), 3).identity    # cut off in the evaluation
    with study_of(tmp_path / "b", None, 6) as study:
        assert study.session.study.trials[3].user_attrs[INTERRUPTED] == DIED
        study.run(lambda _: None)
        assert told(study) == whole
        assert study.session.study.trials[4].user_attrs["identity"] == cut == whole[3][1]


def test_a_network_that_kills_its_workers_is_given_up(tmp_path: Path) -> None:
    cut = []
    for _ in range(ATTEMPTS):
        with study_of(tmp_path, None, 3) as study:
            cut.append(study.begin(study.session.study.ask(), 0).identity)
    with study_of(tmp_path, None, 3) as study:
        study.run(lambda _: None)
        first, *others = study.trials()
    assert set(cut) == {first.identity} and len(others) == 2
    assert first.error == f"{DIED} {ATTEMPTS} times while this network was evaluated"
    assert first.value is None and all(t.value for t in others)


def test_what_others_evaluate_is_neither_proposed_nor_counted_twice(url: str,
                                                                    tmp_path: Path) -> None:
    with study_of(tmp_path / "one", url, 4) as one, study_of(tmp_path / "two", url, 4) as two:
        for study in (one, two):
            study.session.claims.beat(study.session.name)
        running = one.session.study.ask()
        one.begin(running, 0)                   # is being evaluated
        stop = threading.Event()
        thread = threading.Thread(target=lambda: two.run(lambda _: None, stop.is_set))
        thread.start()
        while len(one.trials()) < 3:
            time.sleep(0.1)
        time.sleep(0.5)
        assert len(one.trials()) == 3           # the fourth is one's own
        assert running.user_attrs["identity"] not in {t.identity for t in one.trials()}
        seen = history(optuna.load_study(study_name=one.session.name, storage=one.session.storage))[-1]
        assert seen.identity == running.user_attrs["identity"]
        assert seen.values is not None          # the liar's, of what was found
        one.session.claims.leave()                      # now it is gone, and two does it
        thread.join(60)
        assert not thread.is_alive()
        trials = two.trials()
    assert len(trials) == 4 and len({t.identity for t in trials}) == 4
    assert trials[-1].identity == running.user_attrs["identity"]


def test_who_was_taken_for_dead_loses_the_trial_and_goes_on(url: str, tmp_path: Path) -> None:
    with study_of(tmp_path / "one", url, 4) as one, study_of(tmp_path / "two", url, 4) as two:
        lookup = one.evaluators["table"]

        def slow(*arguments: object) -> object:
            made = lookup(*arguments)
            if len(calls) == 0:
                calls.append(1)
                two.run(lambda _: None)         # all of them, while one is thought dead
            return made

        calls: list[int] = []
        one.evaluators = {"table": slow}
        one.session.claims.beat = lambda _: None        # a frozen machine
        one.run(lambda _: None)
        assert len(one.trials()) == len({t.identity for t in one.trials()}) == 4
        with Archive(url) as archive:
            assert len(archive.evaluations(study=one.session.name)) == 4


# A study in an SQLite file is shared by workers below, by the command.
@pytest.mark.parametrize("url", ["postgresql", pytest.param("sqlite", marks=pytest.mark.slow)], indirect=True)
@pytest.mark.parametrize("workers", [2])
def test_workers_share_a_study(url: str, workers: int, tmp_path: Path,
                               monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    shared = None if url.startswith("sqlite") else url
    killed: list[int] = []

    def murder(_: object, done: object) -> None:
        while not killed:
            time.sleep(0.1)
            if done() >= 4 and (alive := workers_of(os.getpid())):
                os.kill(alive[0], signal.SIGKILL)
                killed.append(alive[0])

    with study_of(tmp_path / "s", shared, 14) as study:
        run(study, workers, 0.1, log, murder)
        books = account(study, log, 14)
        assert killed and books["looked up at once by two"] == books["given up"] == 0
        who = {t.user_attrs[WORKER].split("/")[1] for t in study.session.study.trials if finished(t)}
        assert len(who) >= 2                    # both worked
        assert study.session.claims.workers(study.session.name)[0].id == study.session.claims.own      # others have left


def test_the_command_with_workers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = [*RUN[2:], "--trials", "8", "--studies", str(tmp_path), "--study", "w"]
    done = ran(command.main, *arguments, "--workers", "2")
    assert (done.returncode, done.stderr, capfd.readouterr().err) == (0, "", "")
    assert "8 trials, all inside the budget, 8 scored, 8 distinct" in done.stdout
    again = ran(command.main, *arguments, "--workers", "4")
    assert again.returncode == 0 and "8 trials" in again.stdout
    assert "a PostgreSQL server serves them better" in again.stdout


@pytest.mark.slow
def test_workers_hold_the_limits_of_their_command(tmp_path: Path) -> None:
    space = tmp_path / "long.yaml"
    space.write_text("name: long\ninput: [3, 8, 8]\nnet:\n  - conv: {out: !choice [4, 6, 8], k: 1}\n"
                     "  - act: {repeat: 1200}\n  - gap:\n  - linear: {out: 10}\n")
    line = ["--space", str(space), "--params", "1K", "--objective", "params",
            "--sampler", "random", "--trials", "2", "--workers", "2", "--study", "long",
            "--studies", str(tmp_path)]
    refused = ran(command.main, *line)
    assert refused.returncode == 2 and "0 to 1000, not 1200" in refused.stderr
    done = ran(command.main, *line, "--limit", "repeats=1200")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "long" / "best.yaml").exists()


@pytest.mark.slow
def test_ctrl_c_lets_workers_finish_their_trials(tmp_path: Path) -> None:
    process = subprocess.Popen([*RUN, "--trials", "800", "--studies", str(tmp_path), "--study", "w",
                                "--workers", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, start_new_session=True)
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'w' / 'study.db'}")
    count = sa.text("SELECT count(*) FROM trials WHERE state = 'COMPLETE'")
    for _ in range(900):
        time.sleep(0.1)
        try:
            with engine.connect() as connection:
                if (connection.scalar(count) or 0) >= 3:
                    break
        except sa.exc.OperationalError:
            continue
    os.killpg(process.pid, signal.SIGINT)       # as a terminal does, to all of them
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130 and "Traceback" not in err
    assert "the same command continues" in out
    with engine.connect() as connection:
        left = connection.scalar(sa.text("SELECT count(*) FROM trials WHERE state = 'RUNNING'"))
        assert left == 0
        assert connection.scalar(sa.text("SELECT count(*) FROM trial_user_attributes "
                                         "WHERE key = 'interrupted'")) == 0
    engine.dispose()


def test_workers_that_die_at_once_end_the_search(tmp_path: Path,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    with study_of(tmp_path, None, 3) as study:
        job = WorkerJob(study.plan.settings, study.session.folder, study.session.name, study.session.url)
        launcher = LocalLauncher(Resources(2), "no_such_module_for_workers")
        with pytest.raises(StudyError, match="workers died one after the other"):
            launcher.run(job, lambda: 0, lambda: False)


def test_a_worker_that_cannot_go_on_says_why(tmp_path: Path,
                                             capfd: pytest.CaptureFixture[str]) -> None:
    with study_of(tmp_path, None, 3) as study:
        job = WorkerJob(replace(study.plan.settings, batch=7), study.session.folder, study.session.name, study.session.url)
        with pytest.raises(StudyError, match="could not go on, see above"):
            LocalLauncher(Resources(1)).run(job, lambda: 0, lambda: False)
    assert "error: study 'reliability' was made with batch = 4, not 7" in capfd.readouterr().err


@pytest.mark.parametrize("given, words", [
    (["--launcher", "ray"], "needs a database that all machines reach"),
    (["--slurm", "partition=x"], "need --launcher"),
    (["--launcher", "slurm", "--storage", "sqlite:////tmp/x.db", "--slurm", "x"], "KEY=VALUE"),
    (["--workers", "0"], "no whole number"),
    (["--workers", "2", "--storage", "mysql://me@here/db"], "on SQLite and PostgreSQL"),
])
def test_options_that_do_not_go_together(given: list[str], words: str, tmp_path: Path) -> None:
    done = ran(command.main, *RUN[2:], "--studies", str(tmp_path), *given)
    assert done.returncode == 2 and "Traceback" not in done.stderr and words in done.stderr


def test_a_shared_study_is_entered_by_several_and_a_lone_one_is_not(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    with study_of(tmp_path / "a", url, 2) as one, study_of(tmp_path / "a", url, 2) as two:
        one.run(lambda _: None)
        assert len(two.trials()) == 2
        with one.session.writing():
            pass
    with study_of(tmp_path / "b", None, 2), pytest.raises(StudyError, match="another process"):
        study_of(tmp_path / "b", None, 2).__enter__()


def test_a_database_that_fails_for_good_is_one_sentence(tmp_path: Path) -> None:
    with study_of(tmp_path, None, 9) as study:
        study.run(lambda _: None, lambda: len(study.trials()) >= 2)
        with study.session.storage.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1")
        with pytest.raises(StorageError, match=r"study in .*study\.db cannot be used: .*full"):
            study.session.study.set_user_attr("much", "x" * 200_000)
