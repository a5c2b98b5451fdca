"""Latency: a device's table, what is foretold from it, and searches that it bounds."""

import json
import math
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from search.latency import Device, LatencyTable, Predictor
from search.latency import measure as measuring
from search.latency.__main__ import main
from search.latency.device import DeviceError
from search.latency.layers import Columns, Layer, as_json, features, from_json, layers
from search.latency.measure import (
    Effort,
    TimedNetwork,
    choose_layers,
    corrected,
    error,
    learn,
    make_table,
)
from search.latency.table import LatencyError
from search.run import main as run
from searchspace import BudgetError, cost, load, published, spaces
from searchspace.expansion import trace
from searchspace.ops import OPS
from searchspace.space.budget import Budget
from searchspace.space.descent import lowest
from searchspace.space.point import sample
from searchspace.space.solver import bring

HERE = Device("cpu", 1, 1, "made up")


def pretended(layer: Layer) -> float:
    """Seconds that a layer might take: its work, its elements, and a start."""
    work = layer.op.cost(*layer.inputs).macs
    elements = sum(map(math.prod, layer.inputs)) + math.prod(layer.op.shape(*layer.inputs))
    return 2e-6 + work * 5e-11 + elements * 4e-10


def all_of(network: Any) -> float:
    return 1.3 * sum(map(pretended, layers(network))) + 4e-6 * len(network.nodes)


@pytest.fixture(scope="module")
def table() -> LatencyTable:
    """Of a made-up device, from the layers of random networks."""
    space, rng = load("mobile").with_input(64), random.Random(0)
    chosen = choose_layers((layers(sample(space, rng).expansion) for _ in range(40)), 150, rng)
    made = learn(HERE, {layer: pretended(layer) for layer in chosen})
    networks = [TimedNetwork(space, sample(space, rng).decisions) for _ in range(24)]
    times = [all_of(n.expansion) for n in networks]
    made = corrected(made, networks[:12], times[:12])
    return made.with_error(error(made, networks[12:], times[12:], "mobile at 64 pixels"))


@pytest.fixture
def file(table: LatencyTable, tmp_path: Path) -> Path:
    table.write(tmp_path / "table.json")
    return tmp_path / "table.json"


# --- layers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OPS)
def test_every_operation_is_known_by_its_fields(kind: str) -> None:
    for params, shapes in OPS[kind].examples:
        layer = Layer(OPS[kind](**params), shapes)
        found = features(layer)
        assert found[f"op={kind}"] == 1.0
        assert all(math.isfinite(v) for v in found.values())
        assert from_json(json.loads(json.dumps(as_json(layer)))) == layer


def test_columns_are_scaled_over_the_layers_that_they_were_made_of() -> None:
    known = list(layers(trace(load("mobilenet-v2"))))
    columns = Columns.of(known)
    rows = columns(known)
    sizes = ["=" not in name for name in columns.names]
    assert np.allclose(rows[:, sizes].mean(0), 0) and np.allclose(rows[:, sizes].std(0), 1)
    groups = dict(zip(columns.names, columns.groups, strict=True))
    assert groups["op=conv"] == groups["op=linear"] != groups["elements in"]


def test_rare_operations_are_among_those_that_are_timed() -> None:
    networks = [list(layers(trace(load(name)))) for name in ("sinet@1.0", "mobilenet-v2")]
    kinds = {layer.op.kind for network in networks for layer in network}
    assert {layer.op.kind for layer in choose_layers(networks, 1, random.Random(0))} == kinds


# --- predictions --------------------------------------------------------------------------------


def test_a_timed_layer_counts_as_timed_and_another_nearly_so(table: LatencyTable) -> None:
    predictor = Predictor(table)
    known = list(table.layers)
    assert predictor.of_layers(known) == list(table.layers.values())
    network = trace(load("mobilenet-v2").with_input(64))
    unseen = [layer for layer in layers(network) if layer not in table.layers]
    assert len(unseen) > 20
    off = [abs(p / pretended(layer) - 1)
           for p, layer in zip(predictor.of_layers(unseen), unseen, strict=True)]
    assert sum(off) / len(off) < 0.05
    assert predictor.seconds(network) == pytest.approx(all_of(network), rel=0.05)


def test_the_error_is_of_networks_that_nothing_was_learned_from(table: LatencyTable) -> None:
    assert table.error is not None and table.error.networks == 12
    assert 0 < table.error.mape < 3 and table.error.rank > 0.98
    assert table.scale == pytest.approx(1.3, rel=0.05)
    worse = replace(table, scale=2 * table.scale, each=2 * table.each)
    space, rng = load("mobile").with_input(64), random.Random(9)
    networks = [TimedNetwork(space, sample(space, rng).decisions) for _ in range(4)]
    times = [all_of(n.expansion) for n in networks]
    assert error(worse, networks, times, "").mape == pytest.approx(100, abs=5)


def test_a_table_reads_back_as_itself(table: LatencyTable, file: Path) -> None:
    again = LatencyTable.read(file)
    assert again.digest == table.digest and again.error == table.error
    assert again.layers == table.layers and again.device == HERE
    network = trace(load("mobilenet-v2").with_input(64))
    assert Predictor(again).nanoseconds(network) == Predictor(table).nanoseconds(network)
    slower = {layer: 2 * s for layer, s in table.layers.items()}
    assert replace(table, layers=slower).digest != table.digest


@pytest.mark.parametrize(("change", "words"), [
    (lambda text: text[:-40], "damaged"),
    (lambda text: text.replace('"op": "conv"', '"op": "cnov"'), "cnov"),
    (lambda text: text.replace('"seconds": ', '"seconds": -', 1), "damaged"),
    (lambda text: text.replace('"version": 1', '"version": 7'), "version 7"),
    (lambda _: "[]", "no latency table"),
])
def test_a_damaged_table_is_one_sentence(file: Path, change: Any, words: str) -> None:
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(LatencyError, match=words) as caught:
        LatencyTable.read(file)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_table_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LatencyError, match="No such file"):
        LatencyTable.read(tmp_path / "none.json")


# --- budgets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name in ("digits", "he", "mobile") else pytest.mark.slow)
    for name in spaces()])
def test_candidates_of_every_space_are_brought_under_a_latency(table: LatencyTable,
                                                              name: str) -> None:
    predictor = Predictor(table)
    space, rng = load(name).with_input(32), random.Random(1)

    def nanoseconds(at: Any) -> float:
        return predictor.nanoseconds(at.expansion)

    low = lowest(space, nanoseconds)
    budget = Budget(latency=int(2 * nanoseconds(low)), predict=predictor.nanoseconds)
    found = bring(space, sample(space, rng), budget, rng, low)
    assert predictor.nanoseconds(trace(space, found.decisions)) <= 2 * nanoseconds(low)


def test_latency_and_macs_hold_together(table: LatencyTable) -> None:
    predictor = Predictor(table)
    space, rng = load("mobile").with_input(64), random.Random(3)
    low = lowest(space, lambda p: float(p.macs))
    budget = replace(Budget.read("30M", latency="3ms-6ms"), predict=predictor.nanoseconds)
    for _ in range(3):
        found = bring(space, sample(space, rng), budget, rng, low)
        assert found.macs <= 30_000_000
        assert 3e6 <= predictor.nanoseconds(found.expansion) <= 6e6
    assert budget.text == "30M-3msto6ms"
    assert str(budget) == "30.0M MACs and 3.00 ms to 6.00 ms predicted"


@pytest.mark.parametrize("text", ["20", "20m", "ms", "0ms", "-3ms", "20ms-10ms", "3-5ms"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BudgetError):
        Budget.read(latency=text)


# --- the device ---------------------------------------------------------------------------------


def test_more_work_takes_longer_and_threads_are_as_they_were() -> None:
    device, before = Device.here(), torch.get_num_threads()
    assert device.machine and "1 thread" in device.name and " " not in device.slug
    with device.ready():
        assert torch.get_num_threads() == 1 and torch.is_inference_mode_enabled()
        small, large = (device.seconds(torch.mm, [torch.ones(n, n)] * 2, 0.02) for n in (32, 512))
    assert 0 < small < large
    assert torch.get_num_threads() == before


def test_a_device_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(DeviceError, match="there is cpu"):
        Device.here("cuda:77")
    with pytest.raises(DeviceError, match="0 and 1"):
        Device.here(threads=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_is_timed_by_its_own_clock() -> None:
    device = Device.here("cuda")
    space = load("digits")
    made = make_table(device, [space], Effort(30, 3, 3))
    assert made.error is not None and made.device.machine == torch.cuda.get_device_name()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A table of few layers, each timed for a moment."""
    for name, value in (("LAYER_S", 1e-4), ("NETWORK_S", 1e-3), ("PASSES", 1), ("DRAWN", 10),
                        ("CHECK", 4)):
        monkeypatch.setattr(measuring, name, value)
    monkeypatch.setattr(measuring.Effort.__init__, "__defaults__", (40, 4, 4))
    yield


@pytest.mark.usefixtures("quick")
def test_a_table_is_measured_and_tells_large_from_small(tmp_path: Path,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    made = tmp_path / "here.json"
    assert main(["--space", "digits", "--layers", "40", "-o", str(made)]) == 0
    assert "layers timed on" in capsys.readouterr().out
    table = LatencyTable.read(made)
    assert len(table.layers) >= 30 and table.error is not None
    assert all(0 < s < 1 for s in table.layers.values())
    assert main(["mobilenet-v2", "--input", "32", "--table", str(made)]) == 0
    shown = capsys.readouterr().out
    assert "measured on" in shown and "slowest layers" in shown


@pytest.mark.parametrize(("arguments", "words"), [
    ([], "name a network"), (["mobile", "--space", "mobile"], "name a network"),
    (["mobile"], "is a space"), (["--space", "mobilenet-v2"], "is a network"),
    (["mobilenet-v3", "--table", "nowhere.json"], "nowhere.json"),
    (["--space", "digits", "--space", "mobile"], "-o FILE"),
    (["mobilenet-v2", "--device", "cuda:77"], "cuda:77"),
    (["--space", "digits", "--layers", "5001"], "up to 5,000"),
])
def test_a_mistake_is_one_sentence(arguments: list[str], words: str,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert words in told and told.count("\n") == 1


# --- searches -----------------------------------------------------------------------------------


def test_a_search_under_a_latency(file: Path, table: LatencyTable, tmp_path: Path,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--space", "digits", "--input", "8", "--batch", "4", "--seed", "2", "--latency",
              "0.07ms", "--studies", str(tmp_path / "studies"), "--study", "s"]
    assert run([*common, "--trials", "3", "--latency-table", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "70.0 µs predicted" in shown and "measured on" in shown and str(table.error)[:12] in shown
    rows = (tmp_path / "studies/s/trials.csv").read_text(encoding="utf-8").splitlines()
    column = rows[0].split(",").index("latency")
    best = load(tmp_path / "studies/s/best.yaml")
    assert 0 < Predictor(table).nanoseconds(trace(best)) <= 70_000
    assert all(0 < int(row.split(",")[column]) <= 70_000 for row in rows[1:])
    # The study keeps its table: it goes on without being told of it, and with no other.
    assert run([*common, "--trials", "4"]) == 0
    other = replace(table, scale=3 * table.scale)
    other.write(tmp_path / "other.json")
    assert run([*common, "--trials", "5", "--latency-table", str(tmp_path / "other.json")]) == 2
    assert "latency table" in capsys.readouterr().err


def test_a_front_of_score_and_latency(file: Path, tmp_path: Path) -> None:
    assert run(["--space", "digits", "--budget", "300K", "--input", "8", "--batch", "4",
                "--objective", "score", "--objective", "latency", "--latency-table", str(file),
                "--trials", "8", "--studies", str(tmp_path), "--study", "s"]) == 0
    rows = (tmp_path / "s/front.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0].split(",")[2:4] == ["score", "latency"]


def test_measured_latency_is_archived(tmp_path: Path) -> None:
    from search.archive import Archive

    assert run(["--space", "digits", "--budget", "300K", "--input", "8", "--batch", "4",
                "--objective", "measured-latency", "--trials", "3", "--studies", str(tmp_path),
                "--study", "s"]) == 0
    with Archive(f"sqlite:///{tmp_path / 's/study.db'}") as archive:
        kept = archive.evaluations(study="s")
    assert len(kept) == 3
    assert all(e.score == "latency" and e.value and 1e3 < e.value < 1e10 for e in kept)
    assert all(e.data == Device.here().name for e in kept)


def test_a_latency_objective_or_table_without_the_other(tmp_path: Path, file: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--space", "digits", "--budget", "300K", "--input", "8", "--studies", str(tmp_path)]
    assert run([*given, "--latency-table", str(file)]) == 2
    assert "--objective latency" in capsys.readouterr().err


def test_a_published_network_has_a_latency(table: LatencyTable) -> None:
    predictor = Predictor(table)
    name = min(published(), key=lambda n: cost(load(n)).macs)
    assert 0 < predictor.seconds(trace(load(name))) < 1
