"""Measurement of a device's latency table: layers of random networks, then whole networks.

Everything is timed in several passes, each in another order, and the median over the passes is
used, so that a disturbance of a few seconds affects only one of them.
"""

import random
import statistics
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from search.environment import versions
from search.gaussian_process import Prior, Process, fit, typical
from search.latency.device import Device
from search.latency.layers import Columns, Layer, layers
from search.latency.predict import Predictor
from search.latency.table import Error, LatencyTable
from searchspace import Genotype
from searchspace.expansion import Expansion, trace
from searchspace.notation.holes import Decisions
from searchspace.ops.conv import Linear
from searchspace.space.point import sample

LAYERS = 400        # that are timed
LEARNED = 400       # layers, at most, that the Gaussian process is fitted to
DRAWN = 150         # random networks of each space, whose layers are considered
LEAST = 6           # layers of each operation, as far as there are so many
CORRECT = 30        # networks for correcting the sum of layers
CHECK = 50          # other networks for estimating the error
PASSES = 3
LAYER_S, NETWORK_S = 0.01, 0.15     # of repeats, in each pass

Tell = Callable[[str], None]


class TimedNetwork(NamedTuple):
    """A network of a space: the genotype with holes, and their decisions."""

    genotype: Genotype
    decisions: Decisions | None

    @property
    def expansion(self) -> Expansion:
        return trace(self.genotype, self.decisions)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is timed, all at random: ``layers``, networks that ``correct`` their sum, and other
    networks that ``check`` it."""

    layers: int = LAYERS
    correct: int = CORRECT
    check: int = CHECK


def make_table(device: Device, spaces: Sequence[Genotype], effort: Effort | None = None,
               seed: int = 0, tell: Tell = lambda _: None) -> LatencyTable:
    """Time layers and networks of some spaces, and fit a predictor of all others; ``tell`` is
    called with progress messages."""
    effort = effort or Effort()
    rng = random.Random(seed)
    chosen = choose_layers((layers(sample(space, rng).expansion)
                            for space in spaces for _ in range(DRAWN)), effort.layers, rng)
    seconds = time_layers(device, chosen, rng, tell)
    table = learn(device, dict(zip(chosen, seconds, strict=True)))
    networks = [TimedNetwork(space, sample(space, rng).decisions)
                for i in range(effort.correct + effort.check)
                for space in [spaces[i % len(spaces)]]]
    times = time_networks(device, networks, rng, tell)
    first = effort.correct
    table = corrected(table, networks[:first], times[:first])
    where = " and ".join(f"{n.genotype.name} at {n.expansion.input[-1]} pixels"
                         for n in networks[:len(spaces)])
    return table.with_error(error(table, networks[first:], times[first:], where)) \
        if effort.check else table


def choose_layers(networks: Iterable[Iterable[Layer]], count: int,
                  rng: random.Random) -> list[Layer]:
    """Random distinct layers of some networks, including rare operations."""
    found = list(dict.fromkeys(layer for network in networks for layer in network))
    rng.shuffle(found)
    seen: Counter[Hashable] = Counter()
    rare: list[Layer] = []
    rest: list[Layer] = []
    for layer in found:
        seen[layer.op.kind] += 1
        (rare if seen[layer.op.kind] <= LEAST else rest).append(layer)
    return rare + rest[:max(0, count - len(rare))]


def time_layers(device: Device, wanted: Sequence[Layer], rng: random.Random,
                tell: Tell) -> list[float]:
    """Seconds of each layer alone, in evaluation mode."""
    import torch

    def make(layer: Layer) -> tuple[Callable[..., Any], list[Any]]:
        run = layer.op.module(*layer.inputs)
        flat = isinstance(layer.op, Linear)
        inputs = [torch.randn(device.batch, *shape, device=device.kind) for shape in layer.inputs]
        if isinstance(run, torch.nn.Module):
            run = run.eval().to(device.kind)
        return run, [x.flatten(1) for x in inputs] if flat else inputs

    return _passes(device, [partial(make, layer) for layer in wanted], LAYER_S, rng,
                   lambda text: tell(f"timing layers, {text}"))


def time_networks(device: Device, networks: Sequence[TimedNetwork], rng: random.Random,
                  tell: Tell = lambda _: None) -> list[float]:
    """Seconds of each built network, in evaluation mode."""
    import torch

    from searchspace import build

    def make(network: TimedNetwork) -> tuple[Callable[..., Any], list[Any]]:
        run = build(network.genotype, network.decisions).eval().to(device.kind)
        return run, [torch.randn(device.batch, *network.expansion.input, device=device.kind)]

    return _passes(device, [partial(make, network) for network in networks], NETWORK_S, rng,
                   lambda text: tell(f"timing networks, {text}"))


def _passes(device: Device, makers: Sequence[Callable[[], tuple[Callable[..., Any], list[Any]]]],
            at_least: float, rng: random.Random, tell: Tell) -> list[float]:
    """Seconds of each function that is made with its arguments, repeated for ``at_least`` seconds
    in each pass."""
    taken: list[list[float]] = [[] for _ in makers]
    with device.ready():
        for number in range(PASSES):
            order = list(range(len(makers)))
            rng.shuffle(order)
            for done, i in enumerate(order):
                tell(f"pass {number + 1}/{PASSES}: {done}/{len(order)}")
                run, inputs = makers[i]()
                taken[i].append(device.seconds(run, inputs, at_least))
    return [statistics.median(times) for times in taken]


def learn(device: Device, times: dict[Layer, float]) -> LatencyTable:
    """A table that predicts layers from the timed ones; its sums are not corrected yet."""
    known = list(times)
    columns = Columns.of(known)
    process = _fitted(columns, known[:LEARNED], [times[layer] for layer in known[:LEARNED]])
    return LatencyTable(device, times, columns, process, 1.0, 0.0, versions=versions())


def _fitted(columns: Columns, known: list[Layer], seconds: list[float]) -> Process:
    if not columns.names:
        return typical([0], Prior())
    y = np.log(seconds)
    return fit(columns(known), (y - y.mean()) / (y.std() or 1.0), columns.groups, Prior())


def corrected(table: LatencyTable, networks: Sequence[TimedNetwork],
              times: Sequence[float]) -> LatencyTable:
    """The table with the factor and the seconds per layer that minimise the relative error for
    some networks' times; both nonnegative."""
    from scipy.optimize import nnls  # here: these two take half a second to load

    predictor = Predictor(table)
    rows = []
    for network in networks:
        parts = predictor.of_layers(list(layers(network.expansion)))
        rows.append((sum(parts), len(parts)))
    a, t = np.array(rows, dtype=float), np.array(times)
    (scale, each), _ = nnls(a / t[:, None], np.ones(len(t)))
    if scale <= 0:      # for few or very different layers, their number alone may suffice
        scale, each = float(np.median(t / a[:, 0])), 0.0
    return replace(table, scale=float(scale), each=float(each))


def error(table: LatencyTable, networks: Sequence[TimedNetwork], times: Sequence[float],
          where: str) -> Error:
    """The error of the table's predictions against measured times."""
    from scipy.stats import spearmanr

    predictor = Predictor(table)
    predicted = np.array([predictor.seconds(n.expansion) for n in networks])
    measured = np.array(times)
    return Error(where, len(networks), float(np.mean(np.abs(predicted / measured - 1)) * 100),
                 float(spearmanr(predicted, measured).statistic))
