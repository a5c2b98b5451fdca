"""The benchmarks: the hand-written networks are the built ones, and every measure runs."""

import json
from collections.abc import Callable
from pathlib import Path

import candidates
import measures
import memory
import outside
import papers
import pytest
import speed
import torch
from groupwise import Groupwise, groupwise
from handwritten import HENet, MobileNetV2, copy_weights
from operations import forward, operations, peak_bytes
from timing import Effort, interleave, ratio
from torch import nn

from searchspace import build, load

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
    monkeypatch.setattr(measures, "CANDIDATES", 5)
    counted = measures.counting("henet", SHORT, HENet)
    rows = [*measures.importing(SHORT), *measures.counting("mobile", SHORT), *counted,
            measures.about_a_millisecond(counted), candidates.bringing("he", SHORT),
            candidates.following("he", SHORT), memory.growth("he", 50),
            *measures.building("henet", HENet, SHORT), *outside.outside("digits", 20, 1.0),
            *measures.networks("henet", HENet, 31, 2, SHORT), *measures.scoring("henet", 31, 4, SHORT)]
    assert {row.what: row.met for row in rows}["import searchspace without torch"]
    assert all(row.ratio is None or row.ratio.low <= row.ratio.median <= row.ratio.high
               for row in rows)
    monkeypatch.setattr(speed, "measure", lambda *_: iter([rows]))
    missed = [measures.Row("missed", met=False), measures.Row("told")]
    file, threads = tmp_path / "speed.json", torch.get_num_threads()
    assert speed.main(["--quick", "--threads", str(threads), "--json", str(file)]) == 0
    assert "import searchspace without torch" in " ".join(capsys.readouterr().out.split())
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert figures["machine"]["threads"] == threads
    assert [row["what"] for row in figures["rows"]] == [row.what for row in rows]
    monkeypatch.setattr(speed, "measure", lambda *_: iter([missed]))
    arguments = ["--threads", str(threads)]
    assert (speed.main(arguments), speed.main([*arguments, "--check"])) == (0, 1)
    monkeypatch.setattr(speed, "measure", lambda *_: iter([missed[1:]]))
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


def test_a_convolution_a_group_at_a_time_is_the_convolution() -> None:
    torch.manual_seed(0)
    net = build(load("shufflenet-henet")).eval()
    images = torch.randn(2, 3, 31, 31)
    slow = groupwise(net)
    assert sum(isinstance(m, Groupwise) for m in slow.modules()) == 34
    torch.testing.assert_close(forward(slow, images), forward(net, images), atol=1e-5, rtol=1e-4)


def test_the_peak_is_of_what_is_held_at_once() -> None:
    x = torch.zeros(1000)
    assert peak_bytes(lambda: [x + i for i in range(5)]) == 5 * x.nbytes
    assert peak_bytes(lambda: [None for i in range(5) if (x + i) is None]) <= 2 * x.nbytes
    assert peak_bytes(lambda: x[10:]) == 0                              # a view


def test_every_claim_of_the_papers_is_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    claims = list(papers.claims())
    assert [c.paper for c in claims].count("HENet, Tables 3 and 5") == 3
    separable = [c for c in claims if c.paper == "depthwise separable"]
    monkeypatch.setattr(papers, "claims", lambda: [claims[0], separable[0]])
    monkeypatch.setattr(papers, "BATCHES", (1,))
    monkeypatch.setattr(papers, "Effort", lambda seconds, rounds: SHORT)
    file, threads = tmp_path / "papers.json", torch.get_num_threads()
    try:
        assert papers.main(["--json", str(file)]) == 0
    finally:
        torch.set_num_threads(threads)
    first, *_, last = json.loads(file.read_text(encoding="utf-8"))["lines"]
    assert (first["networks"], first["counted"]) == (
        "henet@repeat2-cifar10 / shufflenet-henet@repeat2-cifar10", pytest.approx(1.160, abs=1e-3))
    assert 1 / 9 < last["counted"] < 1 / 7.5
    assert first["groupwise"] and last["groupwise"] is None
    assert "a product a group" in " ".join(capsys.readouterr().out.split())


# A ratio this far outside of its band in docs/performance.md is no noise, on the busiest machine.
FAR: dict[str, tuple[Callable[[], float], float, float]] = {
    "costs against build + fvcore": (
        lambda: _ratio(measures.counting("mobile", Effort(0, 5))[0]), 30, 1000),
    "bringing `mobile` against an expansion": (
        lambda: _ratio(candidates.bringing("mobile", Effort(0, 5))), 0, 20),
    "the next candidate against an expansion": (
        lambda: _ratio(candidates.following("mobile", Effort(0, 5))), 0, 2),
    "forward against hand-written": (
        lambda: _ratio(_forwards("henet", HENet)), 0.5, 2),
    "a trial outside scoring against Optuna's": (
        lambda: _ratio(outside.outside("mobile", 30, 1.0)[0]), 0, 4),
}


def _ratio(row: measures.Row) -> float:
    assert row.ratio is not None
    return row.ratio.median


def _forwards(name: str, hand: Callable[[], nn.Module]) -> measures.Row:
    rows = measures.networks(name, hand, 31, 8, Effort(0, 5))
    return next(row for row in rows if row.what.startswith("forward"))


@pytest.mark.slow
@pytest.mark.parametrize("what", FAR)
def test_no_ratio_is_far_outside_its_band(what: str) -> None:
    measure, least, most = FAR[what]
    assert least <= measure() <= most
