"""Counting out a small space: every combination of its sampled decisions, one trace each."""

import itertools
import random
import statistics

from .errors import GenotypeError
from .genotype import Genotype
from .holes import Hole
from .space import Point, point, sample
from .tree import Atom

_DRAWS = 20
_FAR_TOO_MANY = 100


def every_point(genotype: Genotype, limit: int) -> tuple[Point, ...] | None:
    """All valid points; None where there are more than ``limit`` combinations.

    The `!solve` decisions are no part of it: they stand at their first values that make a network.
    Combinations are walked through like the digits of a counter whose number of places changes,
    since a decision may open or close others.
    """
    if _estimate(genotype) > _FAR_TOO_MANY * limit:
        return None
    found: list[Point] = []
    digits: list[int] = []
    for _ in range(limit):
        at, sizes = _at(genotype, digits)
        if at is not None:
            found.append(at)
        digits = (digits + [0] * len(sizes))[:len(sizes)]
        while digits and digits[-1] + 1 == sizes[len(digits) - 1]:
            digits.pop()
        if not digits:
            return tuple(found)
        digits[-1] += 1
    return None


def _at(genotype: Genotype, digits: list[int]) -> tuple[Point | None, list[int]]:
    """The point whose sampled decisions are the options ``digits``, then first ones, and how many
    options each had; where the steps do not fit each other, those that were asked for at all."""
    solved = [hole for hole in genotype.holes if hole.kind == "solve"]
    longest: list[int] = []
    for values in itertools.product(*(hole.labels for hole in solved)):
        widths = {hole.name: value for hole, value in zip(solved, values, strict=True)}
        sizes: list[int] = []

        def propose(_: str, hole: Hole, sizes: list[int] = sizes) -> Atom:
            place = len(sizes)
            sizes.append(len(hole.labels))
            return hole.labels[digits[place] if place < len(digits) else 0]

        try:
            return point(genotype, propose, widths), sizes
        except GenotypeError:
            longest = max(longest, sizes, key=len)
    return None, longest


def _estimate(genotype: Genotype) -> float:
    """About how many combinations there are: the product of the numbers of options along a random
    walk has their number as its mean (Knuth 1975, Estimating the Efficiency of Backtrack Programs);
    here the median of some walks."""
    rng = random.Random(0)
    sizes = []
    for _ in range(_DRAWS):
        drawn = sample(genotype, rng)
        product = 1.0
        for name in drawn.sampled:
            product *= len(drawn.holes[name].labels)
        sizes.append(product)
    return statistics.median(sizes)
