"""Repair of an infeasible point: the smallest change of decisions that satisfies a budget.

One decision if possible, else two, else many: greedily by improvement, until one or two suffice.
Single changes are evaluated with their true costs, all of them where no small one leads inside;
costs are almost additive, so that sums of differences select the pairs to evaluate. `!solve`
decisions are not changed: `solve` has tried all of their values.
"""

import heapq
import itertools
import random
from typing import NamedTuple

from searchspace.errors import GenotypeError
from searchspace.genotype import Genotype
from searchspace.notation.tree import Atom
from searchspace.space.budget import Budget
from searchspace.space.descent import ends_of
from searchspace.space.point import Point, first, neighbours, point

_ROUNDS = 12
_OPTIONS = 4        # of a decision, about
_EFFORT = 40_000    # operations of candidates that are spent on restarts, about
_PAIRS = 12         # pairs of changes that are tried, after all were estimated


class Change(NamedTuple):
    """One changed decision: by how many options, and the resulting point."""

    step: int
    name: str
    point: Point


def repair(genotype: Genotype, at: Point, budget: Budget, rng: random.Random,
           kicks: int = 6) -> Point | None:
    """A point inside the budget that differs from ``at`` in few sampled decisions, by small steps;
    ties are broken by ``rng``. None if none was found, even after up to ``kicks`` restarts from
    ``at`` with some decisions redrawn; fewer in large networks."""
    around = _OPTIONS * len(at.sampled) * at.size   # neighbours' cost
    for count in range(min(kicks, _EFFORT // max(around, 1)) + 1):
        start = _kicked(genotype, at, count, rng)
        if (found := _descent(genotype, start, budget, rng)) is not None:
            return found
    return None


def towards(genotype: Genotype, at: Point, inside: Point, budget: Budget,
            rng: random.Random) -> Point:
    """Copy decisions of ``inside`` in random order until the point fits."""
    names = [n for n, v in inside.decisions.items() if at.decisions.get(n) != v]
    rng.shuffle(names)
    taken: dict[str, Atom] = {}
    for name in names:
        taken[name] = inside.decisions[name]
        candidate = _try(genotype, {**inside.decisions, **at.decisions, **taken})
        if candidate is not None and budget.fits(candidate):
            return candidate
    return inside


def give_back(genotype: Genotype, at: Point, wanted: Point, budget: Budget,
              rng: random.Random) -> Point:
    """``at``, with decisions reset to those of ``wanted`` as far as the budget permits."""
    names = [n for n in at.sampled if n in wanted.decisions]
    rng.shuffle(names)
    for name in names:
        if at.decisions.get(name) in (None, wanted.decisions[name]):
            continue
        candidate = _try(genotype, {**wanted.decisions, **at.decisions,
                                    name: wanted.decisions[name]})
        if candidate is not None and budget.fits(candidate):
            at = candidate
    return at


def _kicked(genotype: Genotype, at: Point, times: int, rng: random.Random) -> Point:
    """A point with some sampled decisions redrawn, to leave a local optimum."""
    for _ in range(times if at.sampled else 0):
        name = rng.choice(list(at.sampled))
        at = _try(genotype, {**at.decisions, name: rng.choice(at.holes[name].labels)}) or at
    return at


def _descent(genotype: Genotype, at: Point, budget: Budget, rng: random.Random) -> Point | None:
    """Descent of the violation by changes of decisions; None if it ends outside the budget."""
    for _ in range(_ROUNDS):
        if budget.fits(at):
            return at
        changes = _changes(genotype, at, budget, rng)
        found = _one(genotype, at, changes, budget) or _two(genotype, at, changes, budget)
        if found is not None:
            return found
        further = _many(genotype, at, changes, budget)
        if further is at:
            return None
        at = further
    return None


def _changes(genotype: Genotype, at: Point, budget: Budget, rng: random.Random) -> list[Change]:
    """The ends and next options of ranges, and the options of choices up to the distance at which
    the first is inside: further ones would be larger steps. Decisions in random order."""
    names = list(at.sampled)
    rng.shuffle(names)
    one_sided = all(bound.least is None for bound in budget.bounds)
    choices = [name for name in names if at.holes[name].kind == "choice"]
    found: dict[str, list[Point]] = {name: [] for name in names}
    for name in names:
        if name not in choices:
            found[name] += _improving(genotype, at, name, budget) if one_sided else \
                ends_of(genotype, at, name)
    for step in range(1, max((len(at.holes[name].labels) for name in choices), default=0)):
        tried = [(name, candidate) for name in choices
                 for candidate in _at_distance(genotype, at, name, step)]
        for name, candidate in tried:
            found[name].append(candidate)
        if any(budget.fits(candidate) for _, candidate in tried):
            break
    return [Change(_steps(at, p, name), name, p) for name in names for p in found[name]]


def _at_distance(genotype: Genotype, at: Point, name: str, step: int) -> list[Point]:
    """The valid points whose decision is ``step`` options further, down and up."""
    labels = at.holes[name].labels
    here = labels.index(at.decisions[name])
    tried = [_try(genotype, {**at.decisions, name: labels[i]})
             for i in (here - step, here + step) if 0 <= i < len(labels)]
    return [p for p in tried if p is not None]


def _improving(genotype: Genotype, at: Point, name: str, budget: Budget) -> list[Point]:
    """The end and next option of a range, down or up, where one of the two is an improvement; both
    ends and next options where none is."""
    labels, found = at.holes[name].labels, []
    here, miss = labels.index(at.decisions[name]), budget.miss(at)
    for indices in ({0, here - 1}, {len(labels) - 1, here + 1}):
        tried = [_try(genotype, {**at.decisions, name: labels[i]})
                 for i in sorted(indices - {here}) if 0 <= i < len(labels)]
        valid = [p for p in tried if p is not None]
        if any(budget.miss(p) < miss for p in valid):
            return valid
        found += valid
    return found


def _steps(at: Point, to: Point, name: str) -> int:
    labels = at.holes[name].labels
    return abs(labels.index(to.decisions[name]) - labels.index(at.decisions[name]))


def _one(genotype: Genotype, at: Point, changes: list[Change], budget: Budget) -> Point | None:
    """The smallest step of one decision that leads inside; ties by the fullest budget."""
    inside = [c for c in changes if budget.fits(c.point)]
    for name, group in itertools.groupby(changes, key=lambda c: c.name):
        # a range may cross the budget between the evaluated options: nearer ones may be inside
        if at.holes[name].kind != "choice" and _crosses(at, [c.point for c in group], budget):
            nearest = next((p for p in neighbours(genotype, at, name) if budget.fits(p)), None)
            if nearest is not None:
                inside.append(Change(_steps(at, nearest, name), name, nearest))
    best = min(inside, key=lambda c: (c.step, -budget.excess(c.point)), default=None)
    return best.point if best else None


def _crosses(at: Point, ends: list[Point], budget: Budget) -> bool:
    return any((budget.excess(p) > 1) != (budget.excess(at) > 1) for p in ends)


def _two(genotype: Genotype, at: Point, changes: list[Change], budget: Budget) -> Point | None:
    """The smallest steps of two decisions that lead inside, among those with the best estimates."""
    gains = {name: max(budget.miss(at) - budget.miss(c.point) for c in group)
             for name, group in itertools.groupby(changes, key=lambda c: c.name)}
    if sum(heapq.nlargest(2, gains.values())) < budget.miss(at):
        return None
    now, costs = budget.values(at), [budget.values(c.point) for c in changes]
    pairs = []
    for (i, a), (j, b) in itertools.combinations(enumerate(changes), 2):
        if a.name != b.name:
            both = [x + y - z for x, y, z in zip(costs[i], costs[j], now, strict=True)]
            if budget.contains(both):
                pairs.append((a.step + b.step, -budget.fullness(both), i, j))
    for _, _, i, j in heapq.nsmallest(_PAIRS, pairs):
        a, b = changes[i], changes[j]
        found = _try(genotype, {**at.decisions, a.name: a.point.decisions[a.name],
                                b.name: b.point.decisions[b.name]})
        if found is not None and budget.fits(found):
            return found
    return None


def _many(genotype: Genotype, at: Point, changes: list[Change], budget: Budget) -> Point:
    """Cumulative changes, largest improvement first, ranges by half of their way, while each
    improves; stops before the one that leads inside, unless it is the first."""
    start = at
    best: dict[str, tuple[float, str, Atom]] = {}
    for change in changes:
        gain = budget.miss(at) - budget.miss(change.point)
        if gain > 0 and -gain < best.get(change.name, (0.0,))[0]:
            best[change.name] = -gain, change.name, change.point.decisions[change.name]
    queue = [(key, i, name, label) for i, (key, name, label) in enumerate(best.values())]
    heapq.heapify(queue)
    while queue:
        key, i, name, label = heapq.heappop(queue)
        if name not in at.decisions:
            continue
        labels = at.holes[name].labels
        here, there = labels.index(at.decisions[name]), labels.index(label)
        halves = at.holes[name].kind != "choice" and abs(here - there) > 1
        goal = labels[(here + there) // 2] if halves else label
        candidate = _try(genotype, {**at.decisions, name: goal})
        if candidate is None or budget.miss(candidate) >= budget.miss(at):
            continue
        if budget.fits(candidate):
            return candidate if at is start else at
        if halves:      # the other half of the way gives the rest of the gain
            rest = key + budget.miss(at) - budget.miss(candidate)
            heapq.heappush(queue, (rest, i, name, label))
        at = candidate
    return at


def _try(genotype: Genotype, decisions: dict[str, Atom]) -> Point | None:
    try:
        return point(genotype, first, decisions)
    except GenotypeError:
        return None
