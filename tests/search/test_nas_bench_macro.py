"""NAS-Bench-Macro's space: its networks have the benchmark's parameters and MACs."""

import itertools
import json
import os
from pathlib import Path

import pytest

from searchspace import Cost, cost, fill, load

FILE = os.environ.get("NAS_BENCH_MACRO", "")     # nas-bench-macro_cifar10.json of xiusu/NAS-Bench-Macro


def decisions(name: str) -> dict[str, int]:
    """The decisions that a network's name in the benchmark stands for."""
    return {f"layer{i}.layer.op": int(op) for i, op in enumerate(name, 1)}


def test_the_holes_are_the_eight_layers() -> None:
    holes = load("nas-bench-macro").holes
    assert [hole.name for hole in holes] == list(decisions("00000000"))
    assert {hole.labels for hole in holes} == {(0, 1, 2)}


@pytest.mark.parametrize(("name", "params", "macs"), [
    ("00000000", 387_882, 7_713_280), ("11111111", 1_588_874, 53_246_464),
    ("22222222", 2_932_586, 105_660_928), ("02012100", 890_666, 47_327_744),
    ("11111221", 2_181_386, 65_012_224), ("10220212", 2_211_722, 64_287_232)])
def test_networks_have_the_benchmarks_counts(name: str, params: int, macs: int) -> None:
    space = load("nas-bench-macro")
    assert cost(fill(space, decisions(name))) == cost(space, decisions(name)) == Cost(macs, params)


@pytest.mark.skipif(not Path(FILE).is_file(),
                    reason="NAS_BENCH_MACRO names no file nas-bench-macro_cifar10.json")
def test_all_entries_of_the_benchmark() -> None:
    entries = json.loads(Path(FILE).read_text(encoding="utf-8"))
    space = load("nas-bench-macro")
    names = ["".join(ops) for ops in itertools.product("012", repeat=8)]
    assert set(names) == set(entries)
    assert [name for name in names if cost(space, decisions(name)) !=
            Cost(entries[name]["flops"], entries[name]["params"])] == []
