"""Measurements, and the target of each figure. Seconds are of processor time."""

import copy
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median

import torch
from handwritten import copy_weights
from operations import forward, operations, peak_bytes, training_step
from timing import Effort, Ratio, Seconds, interleave, ratio
from torch import nn

from search.scores.images import digits
from search.scores.proxies.naswot import naswot
from searchspace import Genotype, build, cost, load
from searchspace.building.verify import fvcore_macs
from searchspace.expansion import trace
from searchspace.expansion.graph import infer
from searchspace.expansion.memo import MEMO
from searchspace.notation.holes import Decisions
from searchspace.space.point import sample

ROOT = Path(__file__).resolve().parent.parent
CANDIDATES = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``ratio`` is of ours and the other, or the other way round where more
    is better. ``met`` is None for what is only a comparison."""

    what: str
    ours: float | None = None          # seconds, medians
    other: float | None = None
    against: str = ""                  # what the other is
    ratio: Ratio | None = None
    reach: str = ""
    met: bool | None = None


def faster(what: str, ours: Seconds, other: Seconds, against: str, least: float) -> Row:
    """A row for what must be at least so many times faster."""
    times = ratio(other, ours)
    return Row(what, median(ours), median(other), against, times, f"≥ {least:g}×",
               times.median >= least)


def within(what: str, ours: Seconds, other: Seconds, against: str, most: float | None) -> Row:
    """A row for what may take at most so many times longer; without ``most`` for comparison."""
    times = ratio(ours, other)
    return Row(what, median(ours), median(other), against, times, f"≤ {most:g}×" if most else "",
               times.median <= most if most else None)


# --- counting -----------------------------------------------------------------------------------


def count(genotype: Genotype, decisions: Decisions | None = None) -> tuple[int, int]:
    """MACs and parameters without torch, from the shapes of all operations."""
    found = cost(genotype, decisions)
    return found.macs, found.params


def count_built(make: Callable[[], nn.Module], shape: tuple[int, int, int]) -> tuple[int, int]:
    """MACs and parameters of a module: made, run through fvcore, its tensors added up."""
    net = make().eval()
    return fvcore_macs(net, torch.zeros(1, *shape)), sum(p.numel() for p in net.parameters())


def forget() -> None:
    """Forget what earlier networks left behind."""
    infer.cache_clear()
    MEMO.clear()


def counting(name: str, effort: Effort, hand: Callable[[], nn.Module] | None = None) -> list[Row]:
    """Counting by expansion against building and counting with fvcore.

    Of a space each round takes another random candidate. What is remembered of operations and of
    earlier candidates is forgotten before every single run. ``hand`` writes the same network in
    torch. AssertionError where the counts differ.
    """
    genotype = load(name)
    rng = random.Random(0)
    points: list[Decisions | None] = [None]
    if genotype.is_space:
        drawn = {tuple(d.items()): d for d in
                 (sample(genotype, rng).decisions for _ in range(CANDIDATES))}
        points = list(drawn.values())
    shape = trace(genotype, points[0]).input
    makers: list[Callable[[int], nn.Module]] = [
        lambda i: build(genotype, points[i % len(points)])]
    if hand is not None:
        makers.append(lambda _: hand())
    runs: list[Callable[[int], tuple[int, int]]] = [
        lambda i: count(genotype, points[i % len(points)]),
        *(lambda i, make=make: count_built(lambda: make(i), shape) for make in makers)]
    first = [run(0) for run in runs]
    assert len(set(first)) == 1, f"{name}: counts differ: {first}"
    ours, built, *written = interleave(runs, effort, before=forget)
    what = f"count {name}" + (", distinct candidates" if genotype.is_space else "")
    return [faster(what, ours, built, "build + fvcore", 200),
            *(faster(what, ours, other, "hand-written + fvcore", 200) for other in written)]


def about_a_millisecond(rows: list[Row]) -> Row:
    """The absolute mark of the network that ``rows`` count; half a millisecond is leeway."""
    ours = rows[0].ours
    assert ours is not None
    return Row(f"{rows[0].what}, alone", ours, reach="≈ 1 ms (< 1.5)", met=ours < 0.0015)


# --- built networks -----------------------------------------------------------------------------


def pair(name: str, hand: Callable[[], nn.Module]) -> tuple[nn.Module, nn.Module]:
    """A built network and the hand-written one with its weights."""
    built, written = build(load(name)), hand()
    copy_weights(built, written)
    return built, written


def building(name: str, hand: Callable[[], nn.Module], effort: Effort) -> list[Row]:
    """Building a network against the constructor of the hand-written one, which initialises the
    same weights; without weights, on the meta device; and copying what was built."""
    genotype = load(name)
    built, written = build(genotype), hand()

    def on_meta(_: int) -> None:
        with torch.device("meta"):
            build(genotype)

    ours, other, meta, copied, theirs = interleave(
        [lambda _: build(genotype), lambda _: hand(), on_meta, lambda _: copy.deepcopy(built),
         lambda _: copy.deepcopy(written)], effort)
    return [within(f"build {name}", ours, other, "hand-written", 1.1),
            Row(f"build {name} on meta", median(meta), reach="≤ 5 ms", met=median(meta) <= 0.005),
            within(f"deepcopy of a built {name}", copied, theirs, "hand-written", None)]


def memory(name: str, hand: Callable[[], nn.Module], size: int, batch: int) -> Row:
    """The most bytes of tensors that a forward and backward pass hold at once, in megabytes."""
    built, written = pair(name, hand)
    images = torch.randn(batch, 3, size, size)
    ours, other = (peak_bytes(partial(training_step, net, images)) for net in (built, written))
    return Row(f"peak memory {name}, training step: {ours / 1e6:.1f} MB", against="hand-written, "
               f"{other / 1e6:.1f} MB", reach="≤ 1.0×", met=ours <= other)


def networks(name: str, hand: Callable[[], nn.Module], size: int, batch: int,
             effort: Effort) -> list[Row]:
    """A built network against a hand-written one: outputs, operations, and time.

    A copy of the hand-written one runs along; how far its ratio lies from 1 is the noise of the
    measurement. Measured are forward passes of ``batch`` and of one image of ``size`` pixels, and
    training steps of ``batch``.
    """
    torch.manual_seed(0)
    built, written = pair(name, hand)
    images = torch.randn(batch, 3, size, size)
    rows = [memory(name, hand, size, batch), same(name, built, written, images)]
    control = hand()
    copy_weights(built, control)
    for what, run, some in (("forward", forward, images), ("forward", forward, images[:1]),
                            ("training step", training_step, images)):
        nets = [net.train(run is training_step) for net in (built, written, control)]
        ours, other, again = interleave([partial(_apply, run, net, some) for net in nets], effort)
        noise = within("  the noise in this", again, other, "hand-written", None)
        most = max(1.0, noise.ratio.high if noise.ratio else 1.0)
        row = within(f"{what} {name}, batch {len(some)}", ours, other, "hand-written", most)
        rows += [replace(row, reach="≤ 1.00×, within noise"), noise]
    return rows


def _apply(run: Callable[[nn.Module, torch.Tensor], object], net: nn.Module,
           images: torch.Tensor, _: int) -> None:
    run(net, images)


def same(name: str, built: nn.Module, written: nn.Module, images: torch.Tensor) -> Row:
    """Whether outputs are equal and operations the same, in evaluation and in training."""
    for net in (built, written):
        net.eval()
    equal = torch.equal(forward(built, images), forward(written, images))
    steps = [operations(partial(forward, net, images)) for net in (built, written)]
    training = [operations(partial(training_step, net.train(), images))
                for net in (built, written)]
    return Row(f"operations {name}: {len(steps[0])}, in training {len(training[0])}",
               against="hand-written", reach="same, same output",
               met=equal and steps[0] == steps[1] and training[0] == training[1])


# --- the score ----------------------------------------------------------------------------------


def scoring(name: str, size: int, batch: int, effort: Effort, remark: str = "") -> list[Row]:
    """NASWOT against a bare forward pass of its batch: batch norm by batch statistics, no
    gradients, channels-last; beside it, the same in torch's default layout."""
    images = digits(batch, (3, size, size), seed=0)
    scored, bare, plain = (build(load(name)) for _ in range(3))
    for net in (bare, plain):
        net.eval()
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.train()
    bare.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    rearranged = images.contiguous(memory_format=torch.channels_last)
    score, same, contiguous = interleave(
        [lambda _: naswot(scored, images), lambda _: forward(bare, rearranged),
         lambda _: forward(plain, images)], effort)
    what = f"NASWOT {name}, batch {batch} at {size}{remark}"
    return [within(what, score, same, "forward, channels-last", 1.15),
            within(what, score, contiguous, "forward, contiguous", None)]


# --- starting -----------------------------------------------------------------------------------


def children() -> float:
    """Processor time of the processes that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system


def importing(effort: Effort) -> list[Row]:
    """`import searchspace` in fresh processes, less what an empty one takes, and without torch."""
    def python(code: str) -> str:
        return subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, text=True,
                              capture_output=True).stdout

    full, empty = interleave([lambda _: python("import searchspace"), lambda _: python("pass")],
                             effort, clock=children)
    extra = median(a - b for a, b in zip(full, empty, strict=True))
    loaded = python("import searchspace, sys; print('torch' in sys.modules)").strip()
    return [Row("import searchspace", extra, median(empty), "empty process (taken off)",
                reach="≤ 200 ms", met=extra <= 0.2),
            Row("import searchspace without torch", reach="torch not imported",
                met=loaded == "False")]
