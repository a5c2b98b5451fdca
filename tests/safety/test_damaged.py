"""Databases from anybody with wrong values: every command ends with one sentence, or works.

The places are found, not listed: each column of each table, each attribute, and each part of an
attribute; the wrong values are of every type.
"""

import importlib
import json
import math
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from test_reading import NAME, READING

from benchmarks.reliability import study_of
from searchspace import cli

JSON_COLUMNS = {"value_json", "distribution_json", "curve", "versions", "settings"}
VALUES = [None, "abc", b"\xff\xfe\x00", math.inf, -1, 2**63 - 1, 1e308, "NaN", "[1, null]",
          "\x1b[31m<b>\u202e", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999",
          "2024-01-01 00:00:00+00:00"]
PARTS = [None, "text", "\ud800", "", [], [1, None], {}, {"a": 1}, {"w": [1, None]}, math.nan,
         -math.inf, -1, 1.5, 1e308, 10**30, True, [[[[]]]]]
DEEP = ["[" * depth + "]" * depth for depth in (300, 900, 100_000)]


class Cell(NamedTuple):
    """A place in a database, and what is there."""

    table: str
    column: str
    row: int
    value: object


def cells(file: Path) -> Iterator[Cell]:
    """The first and the last row of each table; of attributes all rows of the study and of its
    first and last trial."""
    with closing(sqlite3.connect(file)) as connection:
        tables = [name for name, in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in sorted(tables):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            rows = connection.execute(f"SELECT rowid, * FROM {table}").fetchall()
            some = rows if "attributes" in table else rows[:1] + rows[1:][-1:]
            if "trial_id" in columns and "attributes" in table:
                at = columns.index("trial_id") + 1
                ends = {min(row[at] for row in rows), max(row[at] for row in rows)} if rows else {}
                some = [row for row in rows if row[at] in ends]
            for row in some:
                for column, value in zip(columns, row[1:], strict=True):
                    yield Cell(table, column, row[0], value)


def wrong(cell: Cell) -> Iterator[object]:
    """Values for a cell, of every type that it should not have."""
    yield from VALUES
    if cell.column in JSON_COLUMNS and isinstance(cell.value, str):
        for part in changed(json.loads(cell.value)):
            yield json.dumps(part)
        yield from DEEP


def changed(value: Any) -> Iterator[object]:
    """JSON values in place of one, and in place of each of its parts."""
    yield from PARTS
    if isinstance(value, dict):
        for key, part in value.items():
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: other} for other in changed(part))
        yield {**value, "\ud800": 1}


def damage(file: Path, cell: Cell, value: object) -> bool:
    """Write a value into a cell, whatever the schema says; whether SQLite takes it at all."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA writable_schema=1")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') "
                           "WHERE name = ?", [cell.table])
        connection.commit()
    try:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(f'UPDATE {cell.table} SET "{cell.column}" = ? WHERE rowid = ?',
                               [value, cell.row])
            connection.commit()
    except sqlite3.IntegrityError:
        return False
    return True


def goes_on(sampler: str, study: Path, out: Path) -> int:
    """Continue a study."""
    def work() -> None:
        with study_of(study, None, 22 if sampler != "random" else 5, sampler=sampler) as opened:
            opened.run(lambda _: None)
    return cli.run(work)


COMMANDS: dict[str, Callable[[Path, Path], int]] = {
    **{name: command for name, command in READING.items()
       if name not in ("archive backup", "report --plots")},
    "run": partial(goes_on, "random")}


@pytest.fixture(autouse=True)
def few_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """To compare with every bundled network takes seconds, and is no matter here."""
    page: ModuleType = importlib.import_module("viz.pages.study")
    monkeypatch.setattr(page, "published_at", lambda _: ())
    monkeypatch.setattr(page, "nearest", lambda _: None)


def ended_well(status: int, capsys: pytest.CaptureFixture[str], what: object) -> None:
    """A command ended with an answer (1: a check found faults), or with one sentence."""
    told = capsys.readouterr().err
    assert status in (0, 1) or (status == 2 and told.startswith("error: ")
                                and told.count("\n") == 1), (what, told)


PARTS_OF_ALL = 12       # as many processes may run them at once
EVERYDAY = 2


@pytest.mark.parametrize("part", [
    pytest.param(part, marks=() if part < EVERYDAY else pytest.mark.slow)
    for part in range(PARTS_OF_ALL)])
def test_a_wrong_value_is_one_sentence(part: int, finished: Path, tmp_path: Path,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    """Every cell once, with one of its wrong values, for two of the commands; a sixth of the cells
    every day."""
    rng, folder, out = random.Random(part), tmp_path / NAME, tmp_path / "out"
    places = list(cells(finished / "study.db"))[part::PARTS_OF_ALL]
    for cell in places:
        value = rng.choice(list(wrong(cell)))
        for name in rng.sample(sorted(COMMANDS), 2):
            for path in (folder, out):
                shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(finished, folder)
            out.mkdir()
            if not damage(folder / "study.db", cell, value):
                break
            ended_well(COMMANDS[name](folder, out), capsys, (name, cell, value))
