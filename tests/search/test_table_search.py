"""Searches in tables: bounds on columns, costs as objectives, partial tables of large spaces."""

import pickle
import random
from dataclasses import replace
from pathlib import Path

import pytest
from distinct_networks import Cell, cells, decisions

from search import search
from search.objectives import named
from search.objectives.table import of_table
from search.study.settings import Settings
from search.study.table_bounds import bounded
from search.tables import read_tables
from searchspace import BudgetError, SearchspaceError, load
from searchspace.space.budget import Budget
from searchspace.space.point import first, point

SOME = random.Random(5).sample(list(cells()), 24)


def name(cell: Cell) -> str:
    """As the benchmark writes it."""
    a, b, c, d, e, f = cell
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """An excerpt of NAS-Bench-201 with made-up values; every fourth network did not run."""
    lines = ["arch,val_acc,fgsm_2,tpu"]
    for i, cell in enumerate(SOME):
        convolutions = sum("conv" in op for op in cell)
        lines.append(f"{name(cell)},{80 + convolutions + i / 100},{40 - convolutions},"
                     f"{-1 if i % 4 == 0 else 1 + convolutions}")
    path = tmp_path / "excerpt.csv"
    path.write_text("\n".join(lines))
    return path


def settings(table: Path, **changes: object) -> Settings:
    given = {"space": "nas-bench-201", "budget": Budget(10**9), "input": 32, "seed": 0,
             "sampler": "auto", "trials": 9, "batch": 4, "objectives": ("table:val_acc",),
             "table": (table,)} | changes
    return Settings(**given)  # type: ignore[arg-type]


@pytest.mark.slow
def test_only_networks_of_the_table_and_inside_its_bound_are_proposed(tmp_path: Path,
                                                                      table: Path) -> None:
    known = {frozenset(decisions(c).items()): i for i, c in enumerate(SOME)}
    found = search("nas-bench-201", "1G", "table:val_acc", table=str(table), table_only=True,
                   table_budget="tpu=2-4", trials=24, input=32, folder=tmp_path / "s",
                   sampler="random")
    rows = [known[frozenset(t.decisions.items())] for t in found.outcome.trials]
    inside = [i for i, c in enumerate(SOME) if i % 4 and 1 <= sum("conv" in op for op in c) <= 3]
    assert set(rows) <= set(inside) and all(t.values for t in found.outcome.trials)
    identities = {t.identity for t in found.outcome.trials}
    assert len(rows) == len(identities) and found.outcome.stopped      # all of them were scored
    assert "networks that fit" in found.outcome.stopped


def test_a_cost_that_was_not_measured_fails_its_trial_with_the_reason(tmp_path: Path,
                                                                      table: Path) -> None:
    found = search("nas-bench-201", "1G", ["table:val_acc", "table-cost:tpu"], table=str(table),
                   table_only=True, trials=12, input=32, folder=tmp_path / "s", sampler="random")
    failed = [t for t in found.outcome.trials if t.values is None]
    assert failed and all("not measured" in (t.error or "") for t in failed)
    assert all(t.values[1] > 0 for t in found.outcome.trials if t.values)
    assert found.front


def test_accuracy_and_robustness_are_a_front(tmp_path: Path, table: Path) -> None:
    found = search("nas-bench-201", "1G", ["table:val_acc", "table:fgsm_2"], table=str(table),
                   table_only=True, trials=8, input=32, folder=tmp_path / "s", sampler="random")
    points = [t.values for t in found.outcome.trials if t.values]
    ahead = {p for p in points if not any(q[0] >= p[0] and q[1] >= p[1] and q != p for q in points)}
    assert len(found.front) == len(ahead)


def test_bounds_travel_to_workers_and_are_part_of_the_settings(table: Path) -> None:
    given = bounded(settings(table), ["tpu=3"])
    again = pickle.loads(pickle.dumps(given))
    at = [point(load("nas-bench-201"), first, decisions(c)) for c in SOME]
    assert [again.budget.fits(p) for p in at] == [given.budget.fits(p) for p in at]
    assert 0 < sum(map(given.budget.fits, at)) < 18
    assert given.lasting()["budget"] == "1000M tpu=3.0"
    assert str(given.budget) == "1.00G MACs and 3 tpu"
    assert replace(given, budget=Budget(10**9)).lasting() != given.lasting()


def test_wishes_that_cannot_be_met_are_one_sentence(tmp_path: Path, table: Path) -> None:
    for texts, only, goal, words in ((["tpu=0.5"], False, "table:val_acc", "costs are known fits"),
                                     (["gpu=1"], False, "table:val_acc", "no column 'gpu'"),
                                     ([], True, "macs", "table-cost")):
        with pytest.raises((BudgetError, SearchspaceError), match=words):
            search("nas-bench-201", "1G", goal, table=str(table), table_budget=texts,
                   table_only=only, trials=1, input=32, folder=tmp_path / "s")
    with pytest.raises(SearchspaceError, match="takes nothing behind a colon"):
        named(["macs:val_acc"])
    assert of_table(["macs", "table-cost:tpu"]) and not of_table(["macs"])


def test_a_large_table_is_not_expanded_to_be_read(tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    """All cells, in which a network is its row; the best one is found without looking at all."""
    path = tmp_path / "all.csv"
    every = list(cells())
    path.write_text("arch,acc\n" + "\n".join(f"{name(c)},{i / 1000}" for i, c in enumerate(every)))
    looked = []
    trace = __import__("search.tables.table", fromlist=["trace"]).trace
    monkeypatch.setattr("search.tables.table.trace",
                        lambda *a, **k: looked.append(a) or trace(*a, **k))
    table = read_tables([path], load("nas-bench-201"))
    assert table.is_complete and not table.is_small and len(looked) <= 3
    values = table.values("acc")
    at = point(table.space, first, decisions(every[77]))
    assert values.of("", at.cost, at.decisions) == 0.077
    assert table.best(values.column, Budget(10**9)) == (len(every) - 1) / 1000
