"""Questions to archives, each asked of SQLite and of PostgreSQL, answered by plain Python beside."""

import csv
import json
import random
import sqlite3
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import pytest
import sqlalchemy as sa
from recording import record

from search.archive import Archive, Bounds, Evaluation, Measure, StorageError
from search.archive.__main__ import main
from search.archive.connection.locations import all_urls, elsewhere, remember
from search.archive.export import COLUMNS
from search.archive.integrity import check, repair
from search.archive.merge import merge
from search.archive.queries import about, best, disagreements
from search.archive.ranking import magnitude
from searchspace import load, to_yaml
from searchspace.identity import identity


def put(archive: Archive, name: str, **given: object) -> Evaluation:
    values = {"genotype": f"name: {name}\n", "name": name, "macs": 100, "params": 10, "memory": 50,
              "input_size": 8, "score": "naswot", "seed": 0, "data": "digits", "value": 1.5,
              "seconds": 0.25, **given}
    return record(archive, identity=name * 8, **values)


@pytest.fixture
def file(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'one.db'}"


def test_magnitudes_are_in_the_order_of_the_macs() -> None:
    numbers = [*range(5000), *(2**k + d for k in range(12, 62) for d in (-1, 0, 1))]
    found = [magnitude(n) for n in sorted(numbers)]
    assert found == sorted(found) and len(set(found)) > 100
    assert magnitude(2**40) - magnitude(2**39) == 4


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))])
def test_the_best_are_those_that_a_walk_through_everything_finds(url: str, seed: int) -> None:
    rng = random.Random(seed)
    kept: dict[tuple[str, int], dict[int, float]] = defaultdict(dict)
    costs: dict[str, tuple[int, int, int]] = {}
    with Archive(url) as archive:
        for _ in range(150):
            name = f"n{rng.randrange(60):02d}"
            costs.setdefault(name, (int(10 ** rng.uniform(0, 9)), rng.randrange(9), rng.randrange(9)))
            macs, params, memory = costs[name]
            key, value = (rng.choice(["", "r"]), rng.choice([0, 5])), rng.choice([1.0, 2.0, 3.5])
            which = rng.randrange(3)
            put(archive, name, macs=macs, params=params, memory=memory, recipe=key[0],
                fidelity=key[1], seed=which, value=value)
            kept[name, *key].setdefault(which, value)     # the first one stays
        for budget in (1, 10**3, 10**6, 10**9, *(m for m, _, _ in list(costs.values())[:5]), None):
            for params, memory, lowest in ((None, None, False), (4, None, True), (6, 6, False)):
                wanted = sorted(
                    ((fmean(v.values()) * (1 if lowest else -1), costs[n][0], n * 8)
                     for (n, recipe, epochs), v in kept.items() if (recipe, epochs) == ("r", 5)
                     and costs[n][0] <= (budget or 1e99) and costs[n][1] <= (params or 9)
                     and costs[n][2] <= (memory or 9)))
                found = archive.best(Measure("naswot", "digits", "r", 5),
                                     Bounds(budget, params, memory), 5, lowest)
                assert [s.identity for s in found] == [name for *_, name in wanted[:5]]
                for s in found:
                    values = kept[s.identity[:3], "r", 5].values()
                    assert (s.mean, s.least, s.greatest, s.count) == pytest.approx(
                        (fmean(values), min(values), max(values), len(values)))
        assert check(archive) == []


def test_merging_takes_everything_once(url: str, file: str) -> None:
    with Archive(url) as ours, Archive(file) as theirs:
        put(ours, "both", seed=1)
        put(ours, "differ", value=1.0)
        put(ours, "failed", value=None, error="no memory", memory=None)
        ours.register("s", "mobile", {"seed": 0})
        put(theirs, "both", seed=1)
        put(theirs, "both", seed=2, value=3.5, study="s", trial=3)
        put(theirs, "differ", value=2.0)
        put(theirs, "failed", value=7.0, memory=99)
        put(theirs, "new", recipe="r", fidelity=9, curve=[1.0, {"a": 2}], study="t")
        theirs.register("s", "mobile", {"seed": 1})
        theirs.register("t", "mobile", {"seed": 0})
        m = merge(theirs, ours)
        assert (m.architectures, m.evaluations, m.renewed, m.known, m.different, m.studies) == \
            (1, 2, 1, 2, 1, 2)
        found = {(e.identity[:3], e.seed): e for e in ours.evaluations()}
        assert len(found) == 5
        assert (found["dif", 0].value, found["fai", 0].value) == (1.0, 7.0)
        assert found["new", 0].curve == [1.0, {"a": 2}] and found["new", 0].fidelity == 9
        assert found["bot", 2].study == "s (2)"         # another study of the same name
        assert about([ours], "failed" * 8).memory == 99
        new = next(e for e in theirs.evaluations() if e.recipe)
        assert found["new", 0] == new                   # to the microsecond
        assert [s.count for s in ours.best(Measure("naswot", "digits"))] == [1, 2, 1]
        again = merge(theirs, ours)
        assert (again.architectures, again.evaluations, again.renewed, again.studies) == (0,) * 4
        assert (again.known, len(ours.evaluations())) == (5, 5)
        assert check(ours) == []


def test_many_rows_are_merged_page_by_page(tmp_path: Path, file: str,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.archive.merge.CHUNK", 7)
    with Archive(file) as theirs, Archive(f"sqlite:///{tmp_path / 'two.db'}") as ours:
        for i in range(50):
            put(theirs, f"n{i % 20:02d}", seed=i)
        assert merge(theirs, ours).evaluations == 50
        assert ours.evaluations() == theirs.evaluations()


def test_what_disagrees(tmp_path: Path, file: str) -> None:
    with Archive(file) as one, Archive(f"sqlite:///{tmp_path / 'two.db'}") as two:
        for seed, value in enumerate((1.0, 1.1, 0.9)):
            put(one, "wide", seed=seed, value=value)
        put(one, "same", seed=0, value=2.0)
        put(one, "same", seed=1, value=2.0)
        put(two, "same", seed=0, value=2.5)
        assert [(d.identity, d.seed, d.values) for d in disagreements([one], 9)] == [
            ("wide" * 8, None, (1.0, 1.1, 0.9))]
        both = disagreements([one, two], 9)
        assert [(d.identity[:4], d.seed, d.values) for d in both] == [
            ("same", 0, (2.0, 2.5)), ("wide", None, (1.0, 1.1, 0.9))]
        assert both[0].spread == pytest.approx(0.5 / 2.25)


def test_the_best_of_two_archives_are_one_ranking(tmp_path: Path, file: str) -> None:
    with Archive(file) as one, Archive(f"sqlite:///{tmp_path / 'two.db'}") as two:
        put(one, "a", value=5.0)
        put(one, "b", value=4.0)
        put(two, "a", value=9.0)                # the same evaluation: the first archive's counts
        put(two, "a", seed=1, value=1.0)
        put(two, "c", value=4.5)
        found = best([one, two], Measure("naswot", "digits"), Bounds(), 9)
        assert [(s.name, s.mean, s.count) for s in found] == [("c", 4.5, 1), ("b", 4.0, 1),
                                                              ("a", 3.0, 2)]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    return (status, *capsys.readouterr())


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = load("mobilenet-v2").with_input(32)
    name = identity(network)
    for study in "xy":
        (tmp_path / "studies" / study).mkdir(parents=True)
        with Archive(f"sqlite:///{tmp_path / 'studies' / study / 'study.db'}") as archive:
            record(archive, identity=name, genotype=to_yaml(network), name=f"{study} trial 7",
                   macs=6_000_000, params=3_500_000, memory=12_345, input_size=32,
                   score="naswot", data="digits", seed=0, seconds=0.5, study=study, trial=7,
                   value={"x": 100.0, "y": 101.5}[study])
            put(archive, study, macs=300, value=50.0)
    given = ["--studies", str(tmp_path / "studies")]
    status, out, err = told(capsys, *given, "best", "--budget", "6M")
    assert (status, err) == (0, "") and out.index("x trial 7") < out.index("│ x  ")
    assert "trial 7" not in told(capsys, *given, "best", "--budget", "5M")[1]
    assert "│ y  " not in told(capsys, *given, "best", "x")[1]
    (tmp_path / "net.yaml").write_text(to_yaml(network))
    for what in (str(tmp_path / "net.yaml"), name[:8]):
        status, out, _ = told(capsys, *given, "show", what)
        assert status == 0 and "3,500,000 parameters, 12.3 KB" in out and "101.5" in out
    assert "100" in told(capsys, *given, "show", "mobilenet-v2", "--input", "32")[1]
    assert "never evaluated" in told(capsys, *given, "show", "mobilenet-v2")[1]
    assert "in several archives" in told(capsys, *given, "disagree")[1]
    into = str(tmp_path / "all.db")
    assert "1 of them with another value" in told(capsys, *given, "import", "--into", into)[1]
    assert told(capsys, *given, "check", into)[:2] == (0, f"{into}: whole\n")
    copy = tmp_path / "copy.db"
    assert told(capsys, "backup", str(copy), into)[0] == 0
    with Archive(f"sqlite:///{copy}") as ours, Archive(f"sqlite:///{into}") as theirs:
        assert ours.evaluations() == theirs.evaluations() != ()


@pytest.mark.parametrize("arguments, words", [
    (["best", "nowhere"], "'nowhere' is no database, no study's folder and no study in"),
    (["best", "--budget", "many"], "'many'"),
    (["best", "--score", "naswott"], "no such evaluations; there are naswot"),
    (["best", "--budget", "1M-2M"], "no bands"),
    (["show", "mobilenet-v3000"], "mobilenet-v3000"),
    (["show", "mobile"], "is a space"),
    (["export", "all.txt"], "write .csv, .json or .parquet"),
    (["export", "/nowhere/all.csv"], "/nowhere/all.csv cannot be written"),
    (["backup", "{file}"], "is there already"),
    (["import", "--into", "{file}"], "into itself"),
])
def test_a_users_mistake_is_one_sentence(arguments: list[str], words: str, file: str,
                                         capsys: pytest.CaptureFixture[str],
                                         tmp_path: Path) -> None:
    with Archive(file) as archive:
        put(archive, "a")
    path = file.removeprefix("sqlite:///")
    given = [a.format(file=path) for a in arguments]
    if "nowhere" not in given:
        given.append(path)
    status, out, err = told(capsys, "--studies", str(tmp_path), *given)
    assert (status, out) == (2, "") and err.count("\n") == 1 and words in err


def test_without_studies_there_is_nothing_to_ask(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no study in"):
        all_urls([], tmp_path)
    for name, url in (("a", "postgresql+psycopg://me:secret@host/db"), ("b", None)):
        (tmp_path / name).mkdir()
        if url:
            remember(tmp_path / name, url)
        else:
            (tmp_path / name / "study.db").touch()
    assert all_urls([], tmp_path) == [f"sqlite:///{tmp_path / 'b' / 'study.db'}"]
    assert elsewhere(tmp_path) == [tmp_path / "a"]
    with pytest.raises(StorageError, match=r"a is kept in another database: "
                       r"'postgresql\+psycopg://me@host/db'; no file chooses what is opened"):
        all_urls(["a"], tmp_path)


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet"])
def test_exports_hold_every_digit(suffix: str, tmp_path: Path, file: str,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    if suffix == "parquet":
        pq = pytest.importorskip("pyarrow.parquet")
    with Archive(file) as archive:
        put(archive, "a", value=0.1 + 0.2, curve=[0.1, 0.2], recipe="r", fidelity=2, study="s, t")
        put(archive, "b", value=None, error='not "finite"\nat all', memory=None, macs=2**40)
        kept = archive.evaluations()
    out = tmp_path / f"all.{suffix}"
    assert main(["export", str(out), file]) == 0
    assert "2 evaluations" in capsys.readouterr().out
    if suffix == "csv":
        with out.open(newline="", encoding="utf-8") as lines:
            rows = [{k: v or None for k, v in row.items()} for row in csv.DictReader(lines)]
    elif suffix == "json":
        rows = json.loads(out.read_text(encoding="utf-8"))
    else:
        rows = pq.read_table(out).to_pylist()
    assert [tuple(row) for row in rows] == [COLUMNS] * 2
    for row, e in zip(rows, kept, strict=True):
        assert (float(row["value"]) if row["value"] else None) == e.value
        assert (row["error"], row["study"], row["identity"]) == (e.error, e.study, e.identity)
        assert row["created"] == e.created.isoformat()
        curve = row["curve"] if suffix == "json" or not row["curve"] else json.loads(row["curve"])
        assert curve == e.curve
    assert int(rows[1]["macs"]) == 2**40 and rows[1]["memory"] is None


@pytest.mark.parametrize("spoil, words", [
    ("DELETE FROM arch_architecture WHERE identity LIKE 'a%'", "evaluations without a network"),
    ("UPDATE arch_evaluation SET value = NULL WHERE seed = 1", "neither a value nor an error"),
    ("UPDATE arch_evaluation SET value = 9.5 WHERE seed = 1", "differ from their evaluations"),
    ("UPDATE arch_architecture SET macs = -1", "negative cost"),
    ("UPDATE arch_architecture SET magnitude = 1", "another magnitude"),
    ("DELETE FROM arch_standing", "0 standings, and evaluations for 1"),
])
def test_the_check_finds_what_is_wrong(file: str, spoil: str, words: str,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    path = file.removeprefix("sqlite:///")
    with Archive(file) as archive:
        put(archive, "a")
        put(archive, "a", seed=1, value=2.5)
        assert check(archive) == []
    with sqlite3.connect(path) as connection:
        connection.execute(spoil)
    connection.close()
    assert main(["check", path]) == 1
    assert words in capsys.readouterr().out


def test_what_follows_from_other_rows_can_be_worked_out_anew(url: str) -> None:
    with Archive(url) as archive:
        for i in range(9):
            put(archive, f"n{i % 4}", seed=i, value=float(i), macs=100 * (i % 4))
        before = archive.best(Measure("naswot", "digits"))
        with archive.engine.begin() as connection:
            connection.execute(sa.text("UPDATE arch_standing SET mean = 7"))
            connection.execute(sa.text("UPDATE arch_architecture SET magnitude = 3"))
        assert len(check(archive)) == 2
        repair(archive)
        assert check(archive) == [] and archive.best(Measure("naswot", "digits")) == before


def test_a_damaged_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.db"
    with Archive(f"sqlite:///{path}") as archive:
        for i in range(300):
            put(archive, f"n{i:03d}", seed=i)
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2:len(whole) // 2 + 9000] = b"\xff" * 9000
    path.write_bytes(whole)
    status = main(["check", str(path)])
    out, err = capsys.readouterr()
    assert (status == 1 and "SQLite: " in out) or (status == 2 and "malformed" in err)
