"""Pruning of trainings: successive halving and Hyperband, for one and for several objectives.

The first rung is after a few epochs, the next after ``reduction`` times as many, and so on. At each
rung a training goes on only if it is among the best ``1/reduction`` of all trials that reached the
rung, itself included: asynchronous successive halving in its stopping form (Li et al. 2020,
arXiv 1810.05934). Hyperband (Li et al. 2018) spreads the trials over brackets, each of which begins
at a later rung.

With several objectives "best" is the order of nondominated sorting, and within a front that of a
greedy ε-net: the member that is best in the first objective, then always the one furthest from
those before it (MO-ASHA, Schmucker et al. 2021, arXiv 2106.12639). Costs are known exactly before
an epoch is trained, so only the trained objective is an early estimate, as in successive halving
for one objective, and a cheap network is not compared with an expensive one by accuracy alone.

Optuna's pruners do the first of these, but they refuse several objectives, and count both a killed
trial and its repetition, so that an interrupted search would decide differently.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Self

from search.pareto import Point, fronts
from search.seeds import derive

RUNGS = 27      # the first rung is after this fraction (1/RUNGS) of the training

GoesOn = Callable[[int, float], bool]       # after so many epochs, with this accuracy


@dataclass(frozen=True, slots=True)
class Rungs:
    """The rungs of trainings of ``epochs``. ``first``: epochs before the first rung; 0 and
    ``brackets`` 0 mean that nothing is pruned. ``known``: the epochs after which there are
    accuracies, the last one included; empty for all of them."""

    epochs: int
    first: int
    reduction: int
    brackets: int = 1
    known: tuple[int, ...] = ()

    @classmethod
    def among(cls, known: Sequence[int], reduction: int) -> Self:
        """The rungs where accuracies are known after these epochs alone. Each is the first of them
        that is no earlier than it would be if all were known."""
        epochs = max(known)
        all_of_them = cls(epochs, max(1, round(epochs / RUNGS)), reduction,
                          known=tuple(sorted(known)))
        return replace(all_of_them, known=(*all_of_them.levels(0), epochs))

    def levels(self, bracket: int) -> tuple[int, ...]:
        """Rungs of a trial of this bracket in epochs, without the full number."""
        if not self.first or not self.brackets:
            return ()
        found = [self._known_from(self.first * self.reduction ** bracket)]
        while found[-1] < self.epochs:
            found.append(self._known_from(found[-1] * self.reduction))
        return tuple(found[:-1])

    def _known_from(self, epochs: int) -> int:
        return next((e for e in self.known if e >= epochs), self.epochs) if self.known else epochs

    def steps(self, count: int) -> tuple[int, ...]:
        """The epochs after which the first ``count`` values of a learning curve are."""
        return self.known[:count] if self.known else tuple(range(1, count + 1))

    def place(self, epochs: int) -> int:
        """The place in a learning curve of the value after so many epochs."""
        return self.known.index(epochs) if self.known else epochs - 1

    @property
    def described(self) -> str:
        """Where trainings are stopped early, for the user; empty if they are not."""
        looks = "; ".join(f"after epoch {', '.join(map(str, self.levels(b)))}"
                          for b in range(self.brackets) if self.levels(b))
        return f"rungs {looks}: 1 of {self.reduction} trainings continues" if looks else ""

    def bracket(self, seed: int, ordinal: int) -> int:
        """The bracket of a trial: drawn from (seed, ordinal) so that all brackets get about the
        same number of epochs (Li et al. 2018, algorithm 1)."""
        if self.brackets < 2:
            return 0
        last = self.brackets - 1
        shares = [self.brackets / (last - b + 1) * self.reduction ** (last - b)
                  for b in range(self.brackets)]
        rng = random.Random(derive(seed, "bracket", ordinal))
        return rng.choices(range(self.brackets), shares)[0]

    def goes_on(self, own: Point, others: Sequence[Point]) -> bool:
        """Whether a trial with the losses ``own`` at a rung goes on; ``others``: losses of the
        trials that reached the same rung before."""
        kept = max(1, (len(others) + 1) // self.reduction)
        if len(own) == 1:
            return sum(o < own for o in others) < kept
        return best_first([own, *others]).index(0) < kept


def best_first(points: Sequence[Point]) -> list[int]:
    """Indices of the points in the order of nondominated sorting and ε-nets; stable for ties."""
    lows = [min(c) for c in zip(*points, strict=True)]
    spans = [max(c) - low or 1 for c, low in zip(zip(*points, strict=True), lows, strict=True)]
    scaled = [tuple((x - low) / s for x, low, s in zip(p, lows, spans, strict=True))
              for p in points]
    return [i for front in fronts(points) for i in _net(front, scaled)]


def _net(front: list[int], scaled: list[Point]) -> list[int]:
    """The members of a front, ordered so that each is as far as possible from all before it."""
    net = [min(front, key=lambda i: (scaled[i], i))]
    gaps = {i: _distance(scaled[i], scaled[net[0]]) for i in front if i != net[0]}
    while gaps:
        net.append(max(gaps, key=lambda i: (gaps[i], -i)))
        del gaps[net[-1]]
        gaps = {i: min(gap, _distance(scaled[i], scaled[net[-1]])) for i, gap in gaps.items()}
    return net


def _distance(a: Point, b: Point) -> float:
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def predicted(value: float, length: int, curves: Sequence[Sequence[float]]) -> float | None:
    """Predicted final value of a pruned training, for samplers that learn from every trial: its
    value, the last of a curve of this ``length``, plus the median gain of the full ``curves`` from
    there, but at most the median of their final values, since it was pruned. None if there are no
    full curves."""
    if not curves:
        return None
    gain = median(c[-1] - c[length - 1] for c in curves)
    return min(value + gain, median(c[-1] for c in curves))
