"""The options of a `!solve` hole around the edge of a budget.

Costs rise with the hole, so that a bracket of two neighbouring options is narrowed down by
interpolation. The exceptions are formulas with `divisor`, since an HE block of 72 channels is
cheaper than one of 64, because its divisors are better, and memory, which falls where a shortcut
vanishes. Of what such steps cost, at least the part `FALL` remains when the hole rises; as far as
that can matter, options beyond the bracket are tried too. Where costs are seen to fall for another
reason, all options are.
"""

import bisect
import math

from searchspace.genotype import Genotype
from searchspace.notation.holes import Hole
from searchspace.space.budget import Budget
from searchspace.space.point import Point, first, point

PATIENCE = 4    # options tried before the bracket is halved
FALL = 0.6      # the deepest fall in the bundled spaces is to 0.625, of `he`


def edge(genotype: Genotype, at: Point, budget: Budget, name: str) -> list[Point]:
    """The points on both sides of the budget's edge, and all that may be better, in order of the
    options of a solved decision.

    Raises:
        GenotypeError: a point on the way is invalid.
    """
    labels = numbers(at.holes[name])
    if len(labels) == 1:
        return [at]
    known = {labels.index(at.decisions[name]): at}

    def look(index: int) -> Point:
        if index not in known:
            known[index] = point(genotype, first, {**at.decisions, name: labels[index]})
        return known[index]

    low, high = -1, len(labels)
    index, = known
    while True:
        if _is_too_big(budget, look(index)):
            high = index
        else:
            low = index
        if high - low == 1:
            break
        index = min(max(_guess(budget, known, labels, low, high), low + 1), high - 1)
    if len(known) == 1:     # it began at an end, and one point shows no fall
        look(1 if high == 0 else len(labels) - 2)
    share = max(p.network.uneven for p in known.values())
    remains = 1 / (1 + share * (1 / FALL - 1))      # a point that is known may be the fallen one
    if budget.latency is not None:
        remains = FALL          # predicted from measurements, which are not smooth
    sizes = [budget.excess(known[i]) for i in sorted(known)]
    if remains == 1 and sizes != sorted(sizes):     # a formula like 100/w
        return [look(i) for i in range(len(labels))]
    if budget.memory is not None:
        remains = min(remains, FALL)    # a shortcut is there only where channels agree
    if remains < 1:
        miss = min(budget.miss(p) for p in known.values())
        while high < len(labels) and budget.excess(look(high)) * remains <= 1 + miss:
            high += 1
        least = max((budget.excess(p) for p in known.values() if budget.excess(p) <= 1),
                    default=0.0)
        while low > 0 and budget.excess(look(low)) >= least * remains:
            low -= 1
    return [known[i] for i in sorted(known)]


def numbers(hole: Hole) -> tuple[float, ...]:
    """The options of a solved decision, which are numbers in order."""
    return tuple([label for label in hole.labels if isinstance(label, int | float)])


def _is_too_big(budget: Budget, at: Point) -> bool:
    """Whether the worst violation is of an upper bound."""
    excess = budget.excess(at)
    return excess > 1 and budget.miss(at) <= excess - 1


def _guess(budget: Budget, known: dict[int, Point], labels: tuple[float, ...], low: int,
           high: int) -> int:
    """The last option that seems inside: costs go about with a power of the decision, its square
    where one side alone is known. Where that led nowhere, the middle."""
    sides = [i for i in (low, high) if i in known]
    values = [labels[i] for i in sides] + [budget.excess(known[i]) for i in sides]
    if len(known) > PATIENCE or min(values) <= 0:
        return (low + high) // 2
    logs = [math.log(value) for value in values]
    x, y = logs[:len(sides)], logs[len(sides):]
    slope = (y[1] - y[0]) / (x[1] - x[0]) if len(sides) > 1 else 2.0
    return bisect.bisect(labels, math.exp(x[0] - y[0] / max(slope, 0.1))) - 1
