"""The benchmarks: the hand-written networks are the built ones, and every measure runs."""

import json
from collections.abc import Callable
from pathlib import Path

import candidates
import measures
import pytest
import speed
import torch
from handwritten import HENet, MobileNetV2, copy_weights
from operations import forward, operations
from timing import Effort, interleave, ratio
from torch import nn

NETWORKS: list[tuple[str, Callable[[], nn.Module], int]] = [
    ("mobilenet-v2", MobileNetV2, 64), ("henet@repeat3-cifar10", HENet, 31)]
SHORT = Effort(0, 2)


@pytest.mark.parametrize(("name", "hand", "size"), NETWORKS)
def test_hand_written_networks_equal_the_built_ones(
        name: str, hand: Callable[[], nn.Module], size: int) -> None:
    built, written = measures.pair(name, hand)
    images = torch.randn(2, 3, size, size)
    for mode in (True, False):
        outputs = []
        for net in (built.train(mode), written.train(mode)):
            torch.manual_seed(0)                                     # the same dropout
            outputs.append(forward(net, images))
        assert torch.equal(*outputs)
    assert measures.same(name, built, written, images).met


def test_another_network_is_told_apart() -> None:
    built, written = measures.pair("henet@repeat3-cifar10", HENet)
    images = torch.randn(2, 3, 31, 31)
    with torch.no_grad():
        next(written.parameters()).add_(1)
    assert not measures.same("", built, written, images).met
    assert operations(lambda: forward(HENet(blocks=2), images)) != \
        operations(lambda: forward(built, images))
    with pytest.raises(ValueError, match="argument 2 is longer"):
        copy_weights(built, HENet(blocks=2))


def test_runs_take_turns_and_the_first_round_does_not_count() -> None:
    calls: list[tuple[str, int]] = []
    cleared: list[int] = []
    taken = interleave([lambda i: calls.append(("a", i)), lambda i: calls.append(("b", i))],
                       Effort(0, 2), before=lambda: cleared.append(len(calls)))
    assert calls == [("b", 0), ("a", 0), ("a", 1), ("b", 1), ("b", 2), ("a", 2)]
    assert cleared == [0, 1, 2, 3, 4, 5]
    assert [len(seconds) for seconds in taken] == [2, 2]


def test_a_ratio_is_of_rounds_and_ignores_a_spoilt_one() -> None:
    found = ratio([2.0, 20.0, 2.0, 200.0, 3.0], [1.0, 10.0, 1.0, 1.0, 1.0])
    assert (found.low, found.median, found.high) == (2, 2, 3)


def test_every_measure_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                            capsys: pytest.CaptureFixture[str]) -> None:
    """At tiny sizes, down to the file; only what does not depend on time can be asserted."""
    counted = measures.counting("henet", SHORT, HENet)
    rows = [*measures.importing(SHORT), *measures.counting("mobile", SHORT), *counted,
            measures.about_a_millisecond(counted), candidates.bringing("he", SHORT),
            candidates.following("he", SHORT), candidates.growth("he", 0.001),
            *measures.networks("henet", HENet, 31, 2, SHORT), *measures.scoring("henet", 31, 4, SHORT)]
    assert {row.what: row.met for row in rows}["import searchspace without torch"]
    assert all(row.ratio is None or row.ratio.low <= row.ratio.median <= row.ratio.high
               for row in rows)
    monkeypatch.setattr(speed, "measure", lambda _: iter([rows]))
    missed = [measures.Row("missed", met=False), measures.Row("told")]
    file, threads = tmp_path / "speed.json", torch.get_num_threads()
    assert speed.main(["--quick", "--threads", str(threads), "--json", str(file)]) == 0
    assert "import searchspace without torch" in " ".join(capsys.readouterr().out.split())
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert figures["machine"]["threads"] == threads
    assert [row["what"] for row in figures["rows"]] == [row.what for row in rows]
    monkeypatch.setattr(speed, "measure", lambda _: iter([missed]))
    arguments = ["--threads", str(threads)]
    assert (speed.main(arguments), speed.main([*arguments, "--check"])) == (0, 1)
    monkeypatch.setattr(speed, "measure", lambda _: iter([missed[1:]]))
    assert speed.main([*arguments, "--check"]) == 0


def test_counts_that_differ_are_no_comparison() -> None:
    with pytest.raises(AssertionError, match="counts differ"):
        measures.counting("henet", SHORT, lambda: HENet(blocks=2))


@pytest.mark.parametrize("wrong", [["--threads", "0"], ["--json", "no/such/folder/speed.json"]])
def test_mistakes_are_told_before_anything_is_measured(
        wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        speed.main(wrong)
    assert wrong[0] in capsys.readouterr().err
