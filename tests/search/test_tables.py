"""Tables of known results: both formats, identity, the best network, and what they refuse."""

import json
import math
import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from search.errors import StudyError
from search.study.request import Request
from search.tables import (
    BUNDLED,
    Table,
    TableError,
    find_tables,
    fingerprint,
    read_tables,
    table_for,
)
from search.tables.costs import KnownCost, bounds, presence
from searchspace import SearchspaceError, cost, load
from searchspace.identity import identity
from searchspace.space.budget import Budget
from searchspace.space.descent import is_conditional
from searchspace.space.enumeration import every_point
from searchspace.space.point import first, point, sample

MACRO, VARIABLE = "nas-bench-macro", "NAS_BENCH_MACRO"
FILE = os.environ.get(VARIABLE, "")
MACRO_ROWS = {    # the counts are the benchmark's, the accuracies made up
    "00000000": {"mean_acc": 10.0, "params": 387_882, "flops": 7_713_280},
    "11111111": {"mean_acc": 20.0, "params": 1_588_874, "flops": 53_246_464},
    "22222222": {"mean_acc": 30.5, "params": 2_932_586, "flops": 105_660_928, "std": 0.1}}

Rows = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[object], Path]:
    def write(content: object) -> Path:
        path = tmp_path / "table.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path
    return write


def rows(count: int, seed: int = 0) -> list[dict]:
    """Rows of some networks of the space `digits`, with made-up values."""
    space, rng = load("digits"), random.Random(seed)
    drawn = [sample(space, rng) for _ in range(count)]
    return [{"decisions": p.decisions, "macs": p.cost.macs, "params": p.cost.params,
             "values": [90 + rng.random(), 90 + rng.random()]} for p in drawn]


def ours(some: list[dict], **changes: object) -> dict:
    return {"space": "digits", "value": "made up", "command": "none", "rows": some} | changes


def value(table: Table, space: str | Path, decisions: dict) -> float | None:
    genotype = load(space)
    return table.value(table.select(""), identity(genotype, decisions), cost(genotype, decisions),
                       decisions)


def test_every_point_of_a_space_comes_once() -> None:
    space = load("digits")
    found = list(every_point(space))
    assert is_conditional(space)
    # 3 widths, twice early or not, and 2 + 2³ + 2 blocks in each of two stages
    assert len(found) == len({tuple(p.decisions.items()) for p in found}) == 3 * 2 * 12 ** 2
    rng = random.Random(0)
    assert all(sample(space, rng).decisions in [p.decisions for p in found] for _ in range(5))


def test_our_format_gives_the_mean_of_a_network(written: Callable) -> None:
    some = rows(6)
    table = read_tables([written(ours(some))])
    assert table.what == "made up" and table.input == (1, 8, 8)
    for row in some:
        assert value(table, "digits", row["decisions"]) == pytest.approx(sum(row["values"]) / 2)
    other = next(p for p in every_point(load("digits")) if p.decisions not in
                 [r["decisions"] for r in some])
    assert value(table, "digits", other.decisions) is None
    assert not table.is_complete


def test_a_network_is_found_under_another_spelling(written: Callable, tmp_path: Path) -> None:
    text = Path(load("digits").file).read_text(encoding="utf-8")
    other = tmp_path / "other.yaml"
    other.write_text(text.replace("stage1", "front").replace("stage2", "back")
                     .replace("as: stem", "as: first"))
    row = rows(1)[0]
    table = read_tables([written(ours([row]))])
    renamed = {name.replace("stage1", "front").replace("stage2", "back"): v
               for name, v in row["decisions"].items()}
    assert set(renamed) != set(row["decisions"])
    assert value(table, other, renamed) == pytest.approx(sum(row["values"]) / 2)


def test_a_space_may_lie_beside_its_table(written: Callable, tmp_path: Path) -> None:
    text = Path(load("digits").file).read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text)
    row = rows(1)[0]
    table = read_tables([written(ours([row], space="mine.yaml"))])
    assert value(table, "digits", row["decisions"]) == pytest.approx(sum(row["values"]) / 2)


def test_a_table_is_read_again_once_it_or_its_space_changes(written: Callable, tmp_path: Path) -> None:
    text, mine = Path(load("digits").file).read_text(encoding="utf-8"), tmp_path / "mine.yaml"
    mine.write_text(text)
    some = rows(2)
    path = written(ours(some, space="mine.yaml"))
    table = read_tables([path])
    assert read_tables([path]) is table
    mine.write_text(text.replace("input: [1, 8, 8]", "input: [1, 16, 16]"))
    with pytest.raises(TableError, match="row 1: the table has"):
        read_tables([path])
    mine.write_text(text)
    assert len(read_tables([written(ours(some[:1], space="mine.yaml"))]).rows) == 1


def test_the_format_of_nas_bench_macro(written: Callable) -> None:
    table = read_tables([written(MACRO_ROWS)])
    assert table.space.name == MACRO and table.input == (3, 32, 32)
    for name, row in MACRO_ROWS.items():
        decisions = {f"layer{i}.layer.op": int(op) for i, op in enumerate(name, 1)}
        assert value(table, MACRO, decisions) == row["mean_acc"]
    assert table.best(table.select(""), Budget(60_000_000)) == 20.0
    assert table.best(table.select(""), Budget(60_000_000, params=400_000)) == 10.0
    assert table.best(table.select(""), Budget(1)) is None
    assert not table.is_complete


def test_one_network_under_two_names_has_the_mean_of_both(written: Callable) -> None:
    space = load(MACRO)
    content = {}
    for name, accuracy in (("00010000", 90.0), ("00001000", 70.0), ("00000010", 85.0)):
        total = cost(space, {f"layer{i}.layer.op": int(op) for i, op in enumerate(name, 1)})
        content[name] = {"mean_acc": accuracy, "params": total.params, "flops": total.macs}
    table = read_tables([written(content)])
    twin = {f"layer{i}.layer.op": int(i == 4) for i in range(1, 9)}
    assert value(table, MACRO, twin) == 80.0
    assert table.best(table.select(""), Budget(10**9)) == 85.0


def test_the_best_network_inside_a_budget_is_that_of_a_full_look(written: Callable) -> None:
    some = rows(40)
    table = read_tables([written(ours(some))])
    for budget in (Budget(60_000), Budget(150_000), Budget(10**6), Budget(10**6, params=4_000)):
        means = [v for row in table.rows if budget.fits(point(table.space, first, row.decisions))
                 and (v := value(table, "digits", dict(row.decisions))) is not None]
        assert table.best(table.select(""), budget) == max(means, default=None)


def test_a_complete_table_says_so(written: Callable) -> None:
    some = [{"decisions": p.decisions, "macs": p.cost.macs, "params": p.cost.params, "values": [1]}
            for p in every_point(load("digits"))]
    assert read_tables([written(ours(some))]).is_complete
    assert not read_tables([written(ours(some[1:]))]).is_complete


def test_the_fingerprint_is_the_files_sha256(written: Callable) -> None:
    path = written("abc")
    assert fingerprint(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def changed(**changes: object) -> dict:
    return ours([rows(1)[0] | changes])


@pytest.mark.parametrize("content, words", [
    ("{", ["no JSON"]),
    ("[" * 100_000, ["no JSON"]),
    ("[]", ["no table", "rows"]),
    ("{}", ["no table", "rows"]),
    (ours([]), ["no rows"]),
    (ours([], space=3), ["space", "value", "rows"]),
    (ours([{"decisions": {}}], space="diggits"), ["diggits", "digits"]),
    (ours([5]), ["row 1", "decisions"]),
    (changed(decisions=[1]), ["row 1", "decisions"]),
    (changed(decisions={"x": 1}), ["row 1", "no hole", "'x'"]),
    (changed(macs=5), ["row 1", "5 MACs", "digits has"]),
    (changed(params=7), ["row 1", "7 params"]),
    (changed(values=[]), ["row 1", "finite numbers"]),
    (changed(values=["90"]), ["row 1", "finite numbers"]),
    (changed(values=[float("nan")]), ["row 1", "finite numbers"]),
    ({"0201210": {}}, ["'0201210'", "{layer8.layer.op}"]),
    ({"02012103": {}}, ["'02012103'", "{layer8.layer.op}"]),
    ({"02012100": {"params": 1}}, ["02012100", "'flops'"]),
    ({"02012100": 3}, ["02012100", "'flops'"]),
    (MACRO_ROWS | {"00000000": {"mean_acc": 1, "params": 387_882, "flops": 7_713_281}},
     ["00000000", "7713281", "7713280"]),
])
def test_what_is_no_table_is_refused_in_one_sentence(content: object, words: list[str],
                                                     written: Callable) -> None:
    with pytest.raises(SearchspaceError) as raised:
        read_tables([written(content)])
    assert "\n" not in str(raised.value)
    for word in words:
        assert word in str(raised.value)


def test_a_missing_file_and_other_images_are_refused(written: Callable, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"cannot read .*none\.json"):
        read_tables([tmp_path / "none.json"])
    with pytest.raises(TableError, match=r"images of 1×8×8, those of this search 1×16×16"):
        table_for(load("digits").with_input(16), [written(ours(rows(1)))])
    with pytest.raises(TableError, match="--table"):
        table_for(load("digits"), ())


def test_where_a_table_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find_tables("digits", [])[0].parts[-3:] == ("search", "tables", "digits.json")
    assert find_tables("digits", ["mine.json"]) == (Path("mine.json"),)
    with pytest.raises(TableError, match=VARIABLE):
        find_tables(MACRO, [])
    with pytest.raises(TableError, match="--table FILE; spaces with a table of their own: digits"):
        find_tables("mobile", [])
    monkeypatch.setenv(VARIABLE, "somewhere.json")
    assert find_tables(MACRO, []) == (Path("somewhere.json"),)
    assert find_tables(MACRO, ["mine.json"]) == (Path("mine.json"),)


@pytest.mark.skipif(not Path(FILE).is_file(),
                    reason=f"{VARIABLE} names no file nas-bench-macro_cifar10.json")
def test_the_published_benchmark_is_read_whole() -> None:
    table = read_tables([Path(FILE)])
    count, whole = len(table.rows), table.is_complete   # compared alone: a failure shows no rows
    assert (count, whole) == (3 ** 8, True)


@pytest.mark.skipif(not BUNDLED["digits"].is_file(), reason="search/tables/digits.json is not made")
def test_the_table_of_digits_has_every_network_with_its_costs() -> None:
    table = read_tables([BUNDLED["digits"]])
    assert len(table.rows) == 864
    assert table.is_complete


# --- CSV and Parquet ---------------------------------------------------------------------------

OWN = """
name: own
table: {net: "{kind}-{blocks.dw.k}x{blocks.dw.repeat}"}
args: {kind: !choice [thin, wide]}
input: [3, 8, 8]
net:
  - conv: {out: "=8 if kind == 'thin' else 16", as: stem}
  - dw: {k: !choice [3, 5], repeat: !int [1, 3], as: blocks}
  - gap:
  - linear: {out: 10}
"""


def sheet(path: Path, count: int = 30, seed: int = 1) -> Path:
    """A CSV of some networks of `digits`, a column a decision, with made-up values and costs."""
    space, rng = load("digits"), random.Random(seed)
    points = list({frozenset(p.decisions.items()): p for p in
                   (sample(space, rng) for _ in range(count))}.values())
    holes = [h.name for h in space.holes]
    lines = [",".join([*holes, "macs", "params", "accuracy", "energy", "note"])]
    for i, p in enumerate(points):
        cells = [str(p.decisions.get(h, "")).lower() for h in holes]
        energy = "" if i % 5 == 3 else -1 if i % 5 == 4 else p.cost.macs / 1000
        lines.append(",".join([*cells, str(p.cost.macs), str(p.cost.params),
                               str(90 + i / 10), str(energy), f"row {i}"]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A space of one's own, whose genotype says how tables name its networks."""
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    return path


def test_a_column_a_decision_and_empty_cells_where_a_hole_is_not_there(tmp_path: Path) -> None:
    path = sheet(tmp_path / "t.csv")
    table = read_tables([path], load("digits"))
    rng = random.Random(1)
    at = sample(load("digits"), rng)
    assert table.values("accuracy").of(identity(load("digits"), at.decisions), at.cost,
                                       at.decisions) == 90
    assert table.rows[0].decisions == at.decisions
    assert table.own(at.decisions) == [0] and not table.is_complete
    with pytest.raises(TableError, match="accuracy, energy, note"):
        table.select("")
    with pytest.raises(TableError, match=r"t\.csv, line 2: the column 'note' holds 'row 0', which is no number"):
        table.values("note").of("", at.cost, at.decisions) or table.select("note").values(0)


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    import pyarrow.csv as pc
    import pyarrow.parquet as pq
    path = sheet(tmp_path / "t.csv")
    pq.write_table(pc.read_csv(path), tmp_path / "t.parquet")
    one, other = (read_tables([p], load("digits")) for p in (path, tmp_path / "t.parquet"))
    assert [r.decisions for r in one.rows] == [r.decisions for r in other.rows]
    for column in ("accuracy", "energy"):
        assert [one.select(column).values(i) for i in range(len(one.rows))] == \
            [other.select(column).values(i) for i in range(len(one.rows))]
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(TableError, match="is no Parquet file"):
        read_tables([tmp_path / "bad.parquet"], load("digits"))


def test_the_genotype_says_how_networks_are_named(tmp_path: Path, own: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("net,acc;seed=1,acc;seed=2,acc;seed=1;epoch=4\nthin-3x1,70,80,50\nwide-5x3,90,,60\n")
    table = read_tables([path], load(own))
    assert [dict(r.decisions) for r in table.rows] == [
        {"kind": "thin", "blocks.dw.k": 3, "blocks.dw.repeat": 1},
        {"kind": "wide", "blocks.dw.k": 5, "blocks.dw.repeat": 3}]
    # the most epochs count, here those of which there is an epoch; without, all seeds do
    assert table.select("acc").values(0) == [50]
    path.write_text("net,acc;seed=1,acc;seed=2\nthin-3x1,70,80\nwide-5x3,90,\n")
    table = read_tables([path], load(own))
    assert [table.select("").mean([i]) for i in (0, 1)] == [75, 90]
    assert table.select("acc;seed=2").mean([0]) == 80 and table.select("acc;seed=2").mean([1]) is None
    with pytest.raises(TableError, match="not with this seed"):
        table.select("acc;seed=3")
    with pytest.raises(TableError, match="did you mean 'acc'"):
        table.select("ac")


def test_other_images_than_the_table_is_about_are_refused(tmp_path: Path, own: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("net,acc\nthin-3x1,70\n")
    asked = Request(space=str(own), objectives=("table:acc",), tables=(str(path),), trials=2,
                    budget=Budget("10M"))
    theirs = asked.settings().input
    assert replace(asked, input=theirs).settings().input == theirs
    with pytest.raises(StudyError, match=r"t\.csv take images of .*, those of this search 48×48"):
        replace(asked, input=48).settings()


def test_several_files_are_joined_by_network(tmp_path: Path, own: Path) -> None:
    (tmp_path / "a.csv").write_text("net,acc\nthin-3x1,70\nwide-5x3,90\n")
    (tmp_path / "b.csv").write_text("net,ms\nwide-5x3,4\nthin-5x1,2\n")
    table = read_tables([tmp_path / "a.csv", tmp_path / "b.csv"], load(own))
    assert len(table.rows) == 3
    assert [table.select("acc").mean([i]) for i in range(3)] == [70, 90, None]
    assert [table.select("ms").mean([i]) for i in range(3)] == [None, 4, 2]
    with pytest.raises(TableError, match="the column 'acc' too"):
        read_tables([tmp_path / "a.csv", tmp_path / "a.csv"], load(own))
    (tmp_path / "b.csv").write_text("net,ms\nwide-5x3,4\nwide-5x3,2\n")
    with pytest.raises(TableError, match="a network twice"):
        read_tables([tmp_path / "a.csv", tmp_path / "b.csv"], load(own))


@pytest.mark.parametrize(("text", "words"), [
    ("net,acc\nthin-3x9,70\n", ["line 2", "'thin-3x9'", "{kind}-{blocks.dw.k}x"]),
    ("net,acc\nthin-3x1,70,80\n", ["line 2", "3 cells under 2"]),
    ("net,net\nthin-3x1,70\n", ["'net' stands there twice"]),
    ("acc\n70\n", ["nothing names the networks", "'net'", "kind"]),
    ("kind,blocks.dw.k,acc\nthin,3,1\n", ["line 2", "'blocks.dw.repeat' is open"]),
    ("kind,blocks.dw.k,blocks.dw.repeat,acc\nthin,4,1,1\n", ["line 2", "no option '4'"]),
    ("net,macs,params,acc\nthin-3x1,5,6,1\n", ["line 2", "5 MACs"]),
    ("net,params,acc\nthin-3x1,6,1\n", ["line 2", "6 params"]),
    ("# one\n# two\nnet,acc\n\nthin-3x1,1\nthin-3x9,70\n", ["line 6", "'thin-3x9'"]),
    ('net,note,acc\nthin-3x1,"a\nb",1\nthin-3x9,c,70\n', ["line 4", "'thin-3x9'"]),
    ("net,acc;sed=1\nthin-3x1,70\n", ["'acc;sed=1'", "NAME;seed"]),
    ("net,acc\n", ["no rows"]),
    ("", ["nothing names"]),
    ('net,acc\n"thin-3x1,70\n', ["is no CSV"]),
    ("net,acc\nthin-3x1,\xff\n".encode("latin-1"), ["UTF-8"]),
])
def test_a_sheet_that_is_no_table_is_refused_with_its_line(
        text: str | bytes, words: list[str], tmp_path: Path, own: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SearchspaceError) as raised:
        read_tables([path], load(own))
    assert "\n" not in str(raised.value)
    for word in words:
        assert word in str(raised.value)


def test_a_decision_that_another_excludes_is_refused(tmp_path: Path) -> None:
    path = sheet(tmp_path / "t.csv")
    lines = path.read_text().splitlines()
    head, row = lines[0].split(","), lines[1].split(",")
    kind = row[head.index("stage1")]
    other = next(h for h in head if h.startswith("stage1.") and kind not in h.split("."))
    row[head.index(other)] = row[head.index(other)] or "3"
    path.write_text("\n".join([lines[0], ",".join(row)]))
    with pytest.raises(TableError, match=f"line 2: .*'{other}'.*only where 'stage1' is"):
        read_tables([path], load("digits"))


def test_what_has_no_cost_is_infeasible_and_never_the_cheapest(tmp_path: Path) -> None:
    table = read_tables([sheet(tmp_path / "t.csv")], load("digits"))
    [bound] = bounds(table, ["energy=20-60"])
    measure = bound.measure
    assert isinstance(measure, KnownCost)
    found = [dict(d) for d in measure.cheapest_first()]
    energies = [table.select("energy").values(table.own(d)[0])[0] for d in found]
    assert energies == sorted(energies) and min(energies) > 0
    at = [point(table.space, first, row.decisions) for row in table.rows]
    for i, p in enumerate(at):
        missing = i % 5 in (3, 4)
        assert (measure(p) == math.inf) == missing
        reason = measure.feasible([i])[1]
        assert ("has no energy" in reason) == (i % 5 == 3)
        assert ("-1 for the energy" in reason) == (i % 5 == 4)
        assert Budget(known=(bound,)).fits(p) == (not missing and 20 <= p.cost.macs / 1000 <= 60)
    lacking = next(p for p in every_point(table.space) if not table.own(p.decisions))
    assert measure(lacking) == math.inf and not Budget(known=(bound,)).fits(lacking)
    only = presence(table, "energy")
    assert [only.measure(p) < 1 for p in at] == [i % 5 != 3 for i in range(len(at))]
    for wrong in ("energy", "energy=", "energy=x", "energy=-1", "energy=9-3", "energi=3"):
        with pytest.raises(SearchspaceError):
            bounds(table, [wrong])


def test_a_cost_is_found_under_another_spelling(tmp_path: Path) -> None:
    table = read_tables([sheet(tmp_path / "t.csv")], load("digits"))
    [bound] = bounds(table, ["energy=20"])
    text = Path(load("digits").file).read_text(encoding="utf-8")
    (tmp_path / "other.yaml").write_text(text.replace("stage1", "front"))
    renamed = {n.replace("stage1", "front"): v for n, v in table.rows[0].decisions.items()}
    at = point(load(tmp_path / "other.yaml"), first, renamed)
    assert bound.measure(at) == at.cost.macs / 1000
