"""Candidates of a search: their costs, one after the other, and bringing them to a budget.

Seconds are of processor time, since nothing here waits; on an idle core they are seconds.
"""

import random
import time
from collections.abc import Callable
from statistics import median

from measures import Row
from timing import Effort, Seconds, ratio

from search.process import collect_seldom
from search.scores.proxies.deepmad import entropy
from searchspace import Genotype, load
from searchspace.expansion import trace
from searchspace.notation.tree import Atom
from searchspace.space.budget import Budget
from searchspace.space.point import Point, first, point, sample
from searchspace.space.solver import bring, find_inside

BUDGET = Budget(macs=300_000_000)
REACH = {"mobile": 1, "he": 1, "mixed": 3, "si": 3, "hcg": 10, "cell": 10}    # milliseconds
NEXT = 0.2          # milliseconds
CHANGED = 3         # holes
EACH = 10           # candidates in a round


def bringing(name: str, effort: Effort) -> Row:
    """A random point of a space, brought to 300 M MACs and rated by DeepMAD's entropy: the mean
    over points, against one expansion of the result with names. The first half is not counted."""
    space, rng = load(name), random.Random(0)
    inside = find_inside(space, BUDGET)

    def work() -> Point:
        at = bring(space, sample(space, rng), BUDGET, rng, inside)
        entropy(at.expansion)
        return at

    return _row(f"{name}: a random point to 300M, rated", space, work, REACH[name], effort)


def following(name: str, effort: Effort) -> Row:
    """The costs of a candidate that differs from the one before in three holes."""
    space, rng = load(name), random.Random(0)
    at = sample(space, rng)

    def work() -> Point:
        nonlocal at
        names = rng.sample(list(at.decisions), min(CHANGED, len(at.decisions)))
        changed: dict[str, Atom] = {n: rng.choice(at.holes[n].labels) for n in names}
        at = point(space, first, at.decisions | changed)
        return at

    return _row(f"{name}: costs of the next candidate", space, work, NEXT, effort)


def _row(what: str, space: Genotype, work: Callable[[], Point], reach: float,
         effort: Effort) -> Row:
    collect_seldom()        # as in every process of a search
    ours: Seconds = []
    other: Seconds = []
    begin = time.process_time()
    while len(ours) < 2 * effort.rounds or time.process_time() - begin < effort.seconds:
        start = time.process_time()
        found = [work() for _ in range(EACH)]
        middle = time.process_time()
        trace(space, found[-1].decisions)
        ours.append((middle - start) / EACH)
        other.append(time.process_time() - middle)
    ours, other = ours[len(ours) // 2:], other[len(other) // 2:]
    mean = sum(ours) / len(ours)
    return Row(what, mean, median(other), "one expansion with names", ratio(ours, other),
               f"≤ {reach:g} ms", mean * 1000 <= reach)
