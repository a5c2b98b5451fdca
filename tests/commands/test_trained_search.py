"""The simulated searches of benchmarks/trained_search.py, on made-up curves."""

import json
from pathlib import Path

import pytest
import trained_search
from trained_search import Recordings, Simulation, regrets

from searchspace import load
from searchspace.space.enumeration import every_point

FEW = 24        # networks


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Curves of the cheapest networks; the last accuracy rises with the multiply-adds."""
    points = sorted(every_point(load("digits")), key=lambda at: at.macs)
    most = points[FEW].macs
    found = tmp_path_factory.mktemp("curves") / "curves.jsonl"
    found.write_text("\n".join(
        json.dumps({"decisions": at.decisions, "seed": 100, "macs": at.macs, "seconds": at.macs / 1e5,
                    "values": [50 + at.macs / most * epoch for epoch in range(10)]})
        for at in points if at.macs <= most))
    return found


@pytest.mark.parametrize("way", ["random", "gp+halving", "freeze-thaw"])
def test_the_clock_is_that_of_the_epochs(way: str, file: Path) -> None:
    recordings = Recordings.read(file, None)
    search = Simulation(recordings, way, 0, 8 * recordings.unit)
    steps = list(search.steps())
    assert steps[-1].clock >= 8 * recordings.unit or len(search.reached) >= FEW
    assert steps[-1].clock == pytest.approx(sum(
        recordings.networks[name].seconds * epochs for name, epochs in search.reached.items()))
    full = [name for name, epochs in search.reached.items() if epochs == 10]
    assert steps[-1].chosen == max(full, key=lambda name: search.curves[name][-1])
    assert len(set(search.reached.values())) > (way != "random")
    assert min(regrets(recordings, way, 0, [4.0, 8.0])) >= 0


def test_networks_without_curves_are_missed(file: Path, tmp_path: Path) -> None:
    lines = file.read_text().splitlines()
    (tmp_path / "part.jsonl").write_text("\n".join(lines[1:]))
    with pytest.raises(SystemExit, match="lacks 1 networks up to"):
        Recordings.read(tmp_path / "part.jsonl", None)
    assert trained_search.parser().parse_args(["x", "--budget", "86.8K"]).budget == 86_800
