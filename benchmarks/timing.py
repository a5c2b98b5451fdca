"""Timing things against each other on a machine that others use too.

What is compared runs in turn, in rounds: A B, B A, A B, … A disturbance that lasts longer than a
round slows both sides, and cancels in the round's ratio; a shorter one spoils single rounds, which
the median ignores. The quartiles beside it tell how far a figure can be trusted.
"""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Seconds = list[float]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: rounds until ``seconds`` are over, and at least ``rounds`` of them."""

    seconds: float
    rounds: int = 5


@dataclass(frozen=True, slots=True)
class Ratio:
    """Median and quartiles of the ratios of all rounds."""

    low: float
    median: float
    high: float


def interleave(runs: Sequence[Callable[[int], object]], effort: Effort,
               before: Callable[[], object] | None = None,
               clock: Callable[[], float] = time.process_time) -> list[Seconds]:
    """Seconds of each of ``runs`` by a ``clock``, one entry a round: processor time, since what is
    compared waits for nothing and other work on the machine does not count.

    A run is given the number of its round. ``before`` is called, untimed, ahead of each run, and
    garbage is collected there, so that nobody pays for what another left behind; what existed
    earlier is set aside for good, which keeps that short. Round 0 warms up and is not counted.
    """
    taken: list[Seconds] = [[] for _ in runs]
    gc.freeze()
    start, number = clock(), 0
    while number <= effort.rounds or clock() - start < effort.seconds:
        order = range(len(runs)) if number % 2 else range(len(runs) - 1, -1, -1)
        for i in order:
            gc.collect()
            if before is not None:
                before()
            begin = clock()
            runs[i](number)
            spent = clock() - begin
            if number:
                taken[i].append(spent)
        number += 1
    return taken


def ratio(above: Seconds, below: Seconds) -> Ratio:
    """How many times longer ``above`` took, over at least two rounds."""
    low, median, high = statistics.quantiles(
        (a / b for a, b in zip(above, below, strict=True)), n=4, method="inclusive")
    return Ratio(low, median, high)
