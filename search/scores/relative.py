"""Scores relative to a fixed reference: random networks that are scored first."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from search.errors import ScoreError
from search.scores.base import Need, ScoringSubject, TrainingFree
from searchspace import GenotypeError
from searchspace.expansion import Expansion
from searchspace.registry import Registry

LEAST = 8       # networks of the reference that a part must have scored


class Scored(NamedTuple):
    """A network with its scores by name, without those that could not be computed."""

    expansion: Expansion
    values: Mapping[str, float]


Rate = Callable[[Scored], float]


class Relative(ABC):
    """A score derived from other scores, its ``parts``, and from a reference.

    Fields as in `TrainingFree`. The parts are measured and archived.
    """

    name: str
    title: str
    source: str
    parts: tuple[TrainingFree, ...]
    failures: str
    unit: str
    digits: int

    @abstractmethod
    def among(self, reference: Sequence[Scored]) -> Rate:
        """The score as a function of a network with all parts; higher is better.

        Raises:
            ScoreError: fewer than eight networks of the reference have a score for some part.
        """

    def shown(self, value: float) -> str:
        """A value, human-readable."""
        return f"{value:,.{self.digits}f}"

    @property
    def needs(self) -> tuple[Need, ...]:
        """The union of the parts' needs."""
        return tuple(dict.fromkeys(need for part in self.parts for need in part.needs))

    @property
    def passes(self) -> str:
        """The cost in words."""
        return "those of " + ", ".join(part.name for part in self.parts)


RELATIVE: Registry[Relative] = Registry("combined score", "docs/scores.md")


def values_of(score: Relative, part: TrainingFree, reference: Sequence[Scored]) -> list[float]:
    """A part's values in the reference; raises ScoreError if they are too few."""
    found = [network.values[part.name] for network in reference if part.name in network.values]
    if len(found) < LEAST:
        raise ScoreError(f"{score.name} compares networks by {part.name}, which could score only "
                         f"{len(found)} networks of the reference")
    return found


def measured(parts: Iterable[TrainingFree], subject: ScoringSubject) -> Scored:
    """A network with those of these scores that can be computed for it."""
    found = {}
    for part in parts:
        with suppress(ScoreError, GenotypeError, MemoryError):
            found[part.name] = part(subject)
    return Scored(subject.expansion, found)
