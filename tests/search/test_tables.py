"""Tables of known results: both formats, identity, the best network, and what they refuse."""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from search.benchmark_table import (
    BUNDLED,
    MACRO,
    VARIABLE,
    BenchmarkError,
    BenchmarkTable,
    find_table,
    fingerprint,
    read_table,
    table_for,
)
from searchspace import SearchspaceError, cost, load
from searchspace.identity import identity
from searchspace.space.budget import Budget
from searchspace.space.counting import every_point
from searchspace.space.descent import is_conditional
from searchspace.space.point import first, point, sample

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


def value(table: BenchmarkTable, space: str | Path, decisions: dict) -> float | None:
    genotype = load(space)
    return table.value(identity(genotype, decisions), cost(genotype, decisions))


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
    table = read_table(written(ours(some)))
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
    table = read_table(written(ours([row])))
    renamed = {name.replace("stage1", "front").replace("stage2", "back"): v
               for name, v in row["decisions"].items()}
    assert set(renamed) != set(row["decisions"])
    assert value(table, other, renamed) == pytest.approx(sum(row["values"]) / 2)


def test_a_space_may_lie_beside_its_table(written: Callable, tmp_path: Path) -> None:
    text = Path(load("digits").file).read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text)
    row = rows(1)[0]
    table = read_table(written(ours([row], space="mine.yaml")))
    assert value(table, "digits", row["decisions"]) == pytest.approx(sum(row["values"]) / 2)


def test_a_table_is_read_again_once_it_or_its_space_changes(written: Callable, tmp_path: Path) -> None:
    text, mine = Path(load("digits").file).read_text(encoding="utf-8"), tmp_path / "mine.yaml"
    mine.write_text(text)
    some = rows(2)
    path = written(ours(some, space="mine.yaml"))
    table = read_table(path)
    assert read_table(path) is table
    mine.write_text(text.replace("input: [1, 8, 8]", "input: [1, 16, 16]"))
    with pytest.raises(BenchmarkError, match="row 1: the table has"):
        read_table(path)
    mine.write_text(text)
    assert len(read_table(written(ours(some[:1], space="mine.yaml"))).rows) == 1


def test_the_format_of_nas_bench_macro(written: Callable) -> None:
    table = read_table(written(MACRO_ROWS))
    assert table.space.name == MACRO and table.input == (3, 32, 32)
    for name, row in MACRO_ROWS.items():
        decisions = {f"layer{i}.layer.op": int(op) for i, op in enumerate(name, 1)}
        assert value(table, MACRO, decisions) == row["mean_acc"]
    assert table.best(Budget(60_000_000)) == 20.0
    assert table.best(Budget(60_000_000, params=400_000)) == 10.0
    assert table.best(Budget(1)) is None
    assert not table.is_complete


def test_one_network_under_two_names_has_the_mean_of_both(written: Callable) -> None:
    space = load(MACRO)
    content = {}
    for name, accuracy in (("00010000", 90.0), ("00001000", 70.0), ("00000010", 85.0)):
        total = cost(space, {f"layer{i}.layer.op": int(op) for i, op in enumerate(name, 1)})
        content[name] = {"mean_acc": accuracy, "params": total.params, "flops": total.macs}
    table = read_table(written(content))
    twin = {f"layer{i}.layer.op": int(i == 4) for i in range(1, 9)}
    assert value(table, MACRO, twin) == 80.0
    assert table.best(Budget(10**9)) == 85.0


def test_the_best_network_inside_a_budget_is_that_of_a_full_look(written: Callable) -> None:
    some = rows(40)
    table = read_table(written(ours(some)))
    for budget in (Budget(60_000), Budget(150_000), Budget(10**6), Budget(10**6, params=4_000)):
        means = [v for row in table.rows if budget.fits(point(table.space, first, row.decisions))
                 and (v := value(table, "digits", dict(row.decisions))) is not None]
        assert table.best(budget) == max(means, default=None)


def test_a_complete_table_says_so(written: Callable) -> None:
    some = [{"decisions": p.decisions, "macs": p.cost.macs, "params": p.cost.params, "values": [1]}
            for p in every_point(load("digits"))]
    assert read_table(written(ours(some))).is_complete
    assert not read_table(written(ours(some[1:]))).is_complete


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
    ({"0201210": {}}, ["'0201210'", "8 digits"]),
    ({"02012103": {}}, ["'02012103'", "8 digits"]),
    ({"02012100": {"params": 1}}, ["02012100", "'flops'"]),
    ({"02012100": 3}, ["02012100", "'flops'"]),
    (MACRO_ROWS | {"00000000": {"mean_acc": 1, "params": 387_882, "flops": 7_713_281}},
     ["00000000", "7713281", "7713280"]),
])
def test_what_is_no_table_is_refused_in_one_sentence(content: object, words: list[str],
                                                     written: Callable) -> None:
    with pytest.raises(SearchspaceError) as raised:
        read_table(written(content))
    assert "\n" not in str(raised.value)
    for word in words:
        assert word in str(raised.value)


def test_a_missing_file_and_other_images_are_refused(written: Callable, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"cannot read .*none\.json"):
        read_table(tmp_path / "none.json")
    with pytest.raises(BenchmarkError, match=r"images of 1×8×8, those of this search 1×16×16"):
        table_for(load("digits").with_input(16), written(ours(rows(1))))
    with pytest.raises(BenchmarkError, match="--table"):
        table_for(load("digits"), None)


def test_where_a_table_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find_table("digits", None).parts[-3:] == ("studies", "digits", "table.json")
    assert find_table("digits", "mine.json") == Path("mine.json")
    with pytest.raises(BenchmarkError, match=VARIABLE):
        find_table(MACRO, None)
    with pytest.raises(BenchmarkError, match="--table FILE; spaces with a table of their own: digits"):
        find_table("mobile", None)
    monkeypatch.setenv(VARIABLE, "somewhere.json")
    assert find_table(MACRO, None) == Path("somewhere.json")
    assert find_table(MACRO, "mine.json") == Path("mine.json")


@pytest.mark.skipif(not Path(FILE).is_file(),
                    reason=f"{VARIABLE} names no file nas-bench-macro_cifar10.json")
def test_the_published_benchmark_is_read_whole() -> None:
    table = read_table(Path(FILE))
    count, whole = len(table.rows), table.is_complete   # compared alone: a failure shows no rows
    assert (count, whole) == (3 ** 8, True)


@pytest.mark.skipif(not BUNDLED["digits"].is_file(), reason="studies/digits/table.json is not made")
def test_the_table_of_digits_has_every_network_with_its_costs() -> None:
    table = read_table(BUNDLED["digits"])
    assert len(table.rows) == 864
    assert table.is_complete
