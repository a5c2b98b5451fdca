"""Candidates of a space that is too large to enumerate, expanded: see `Surroundings`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.samplers.base import SamplingTask
from search.samplers.surroundings import PARENTS, Decided, Surroundings
from search.surrogate.features import Describer, Named
from searchspace.expansion import Expansion, trace
from searchspace.identity import digest
from searchspace.space.point import Point

FRESH = 64          # candidates that are new, at least
EVERY = 8           # networks scored after which there are more random ones


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network inside the budget; ``features`` are of its graph."""

    at: Point
    identity: str
    features: Named


class Candidates:
    """The candidates of a search; what it keeps are caches. ``random`` are distinct networks."""

    def __init__(self, task: SamplingTask) -> None:
        self.task, self.points = task, Surroundings(task.space, task.budget)
        points = self.points.anywhere(task.seed)
        networks = [trace(task.space, at.decisions) for at in points]
        self.describe = Describer.of(networks)
        drawn = map(self._candidate, points, networks)
        self.random = tuple({one.identity: one for one in drawn}.values())
        self._parts: dict[int, list[Candidate]] = {}
        self._near: dict[str, list[Candidate]] = {}

    def around(self, scored: Mapping[str, Decided]) -> dict[str, Candidate]:
        """The random ones first, more of them the more were ``scored``, and the neighbours of the
        ten best, or of more as long as few candidates are new; all by identity. ``scored``: the
        decisions of all networks that were, best first."""
        found = {one.identity: one for one in self.random}
        for part in range(1, 1 + len(scored) // EVERY):
            found |= {one.identity: one for one in self._part(part)}
        for number, (parent, decisions) in enumerate(scored.items()):
            if number >= PARENTS and len(found.keys() - scored.keys()) >= FRESH:
                break
            found |= {one.identity: one for one in self.near(parent, decisions)}
        return found

    def _part(self, number: int) -> list[Candidate]:
        if number not in self._parts:
            self._parts[number] = self._expanded(self.points.anywhere(self.task.seed, number))
        return self._parts[number]

    def near(self, parent: str, decisions: Decided) -> list[Candidate]:
        """The neighbours of one network."""
        if parent not in self._near:
            self._near[parent] = self._expanded(self.points.near(parent, decisions))
        return self._near[parent]

    def _expanded(self, points: Sequence[Point]) -> list[Candidate]:
        return [self._candidate(at, trace(self.task.space, at.decisions)) for at in points]

    def _candidate(self, at: Point, network: Expansion) -> Candidate:
        return Candidate(at, digest(network), self.describe(network))
