"""The networks that may be trained next, with their features.

In a small space all that fit the budget; in a large one those of `search.samplers.gp.candidates`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from search.samplers.base import SamplingTask
from search.samplers.gp.candidates import Candidate, Candidates
from search.samplers.surroundings import Decided
from search.surrogate.features import Describer, Named
from searchspace.expansion import trace
from searchspace.identity import digest
from searchspace.space.enumeration import walk
from searchspace.space.solver import widest

ALL = 1_000         # networks up to which all that fit are candidates


@dataclass(frozen=True)
class Everything:
    """All networks of a small space that fit, by identity."""

    candidates: Mapping[str, Candidate]
    describe: Describer

    def around(self, scored: Mapping[str, Decided]) -> Mapping[str, Candidate]:
        """All, whatever was scored."""
        return self.candidates


class Trainable:
    """The candidates of a search; what it keeps are caches."""

    def __init__(self, task: SamplingTask) -> None:
        self.task = task
        self.features: dict[str, Named] = {}

    @cached_property
    def source(self) -> Everything | Candidates:
        """All networks that fit, or, where they are too many or unknown, some."""
        points = widest(walk(self.task.space) or (), self.task.budget)
        if not 0 < len(points) <= ALL:
            return Candidates(self.task)
        networks = [trace(self.task.space, at.decisions) for at in points]
        describe = Describer.of(networks)
        return Everything({name: Candidate(at, name, describe(network)) for at, network in zip(
            points, networks, strict=True) for name in [digest(network)]}, describe)

    @property
    def is_whole(self) -> bool:
        """Whether they are all networks that fit, the same for every trial."""
        return isinstance(self.source, Everything)

    def some(self, scored: Mapping[str, Decided]) -> Mapping[str, Candidate]:
        """The candidates of one trial, by identity; ``scored`` as in `Candidates.around`."""
        found = self.source.around(scored)
        self.features |= {name: one.features for name, one in found.items()
                          if name not in self.features}
        return found

    def observed(self, identity: str, decisions: Decided) -> Named:
        """The features of a network that was trained."""
        if identity not in self.features:
            self.features[identity] = self.source.describe(trace(self.task.space, decisions))
        return self.features[identity]
