"""What a model believes about each hole: the best networks of a study with one decision changed."""

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from search.results.unseen import bounds
from search.samplers.base import taking
from search.surrogate.model import Predicted
from searchspace import GenotypeError
from searchspace.expansion import Expansion, trace
from searchspace.space.point import point
from searchspace.space.solver import solve
from viz.results import Belief, Results

BEST = 5            # networks in which decisions are changed
EFFORT = 300        # changed networks, at most


class Switched(NamedTuple):
    """A network that differs in one decision from one of the best, or not at all."""

    hole: str
    option: str
    network: Expansion


def switched(results: Results) -> list[Switched]:
    """Each hole of the best networks decided in each way, brought to the budget again by what is
    solved; of many holes, those that explain most of the value."""
    found: list[Switched] = []
    for change in _changes(results):
        found.append(change)
        if len(found) == EFFORT:
            break
    return found


def _changes(results: Results) -> Iterator[Switched]:
    space, best = results.space, results.ranked[:BEST]
    explained = [name for name, _ in results.effects]
    names = sorted({name for row in best for name in row.decisions}, key=lambda name: (
        explained.index(name) if name in explained else len(explained), name))
    budget = bounds(results)
    for name in names:
        for row in best:
            if name not in row.decisions:
                continue
            try:
                hole = point(space, taking(row.decisions, random.Random(0))).holes[name]
                if hole.kind == "solve":
                    break
                for label in hole.labels:
                    at = point(space, taking({**row.decisions, name: label}, random.Random(0)))
                    at = solve(space, at, budget)
                    yield Switched(name, _text(label), trace(space, at.decisions))
            except (GenotypeError, KeyError):       # the options do not fit each other
                continue


def _text(label: object) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)


def beliefs(changes: Sequence[Switched], predicted: Predicted) -> tuple[Belief, ...]:
    """Means over the networks in which a hole was decided one way; first the holes whose options'
    means differ most."""
    groups: dict[tuple[str, str], list[int]] = {}
    for i, change in enumerate(changes):
        groups.setdefault((change.hole, change.option), []).append(i)
    found = [Belief(hole, option, float(predicted.value[some].mean()),
                    float((predicted.upper[some] - predicted.lower[some]).mean() / 2))
             for (hole, option), some in groups.items()]
    means: dict[str, list[float]] = {}
    for one in found:
        means.setdefault(one.hole, []).append(one.value)
    return tuple(sorted((one for one in found if len(means[one.hole]) > 1), key=lambda one: (
        min(means[one.hole]) - max(means[one.hole]), one.hole)))
