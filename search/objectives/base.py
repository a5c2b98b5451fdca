"""What an objective is: a name, a direction, a unit, and how a network gets its value.

An objective is a class in a file of this folder, registered by its name. Before a search it is only
described (titles, directions); an open study makes of it an `Evaluator`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self

import optuna

from search.archive import Archive
from search.objectives.candidate import Candidate
from search.objectives.reference import reference
from search.scores.registry import DEFAULT_SCORE
from searchspace import Genotype, SearchspaceError
from searchspace.expansion import Expansion
from searchspace.notation.holes import Decisions
from searchspace.registry import Registry

if TYPE_CHECKING:
    from search.study.settings import Settings


class ObjectiveError(SearchspaceError):
    """Objectives that do not exist, or do not go together."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The value of a network by one objective, in its unit; None where it could not be evaluated
    (``error``). ``seconds`` of wall clock; ``pruned``: its training was broken off early."""

    value: float | None
    seconds: float = 0.0
    error: str | None = None
    pruned: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the trial came that a network is evaluated in: ``ordinal`` trials before it count,
    and ``known`` are its values by the objectives before this one."""

    trial: optuna.Trial
    ordinal: int
    known: Mapping[str, float]


class Evaluator(Protocol):
    """Gives networks their values by one objective, within one open study."""

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """The value of a network; faults of the network are part of the result."""

    @property
    def notes(self) -> Sequence[str]:
        """What a user should know before the first trial, a line each."""


class Objective(ABC):
    """What is optimised. Subclasses are frozen dataclasses and final; a bare one, made without
    arguments, describes itself, and `configured` gives one that can be opened.

    ``expensive`` objectives are evaluated after the others, and not at all where one of those
    fails. Of an ``exclusive`` one a machine evaluates one network at a time. ``attributes`` are
    what a trial is born with.
    """

    name: ClassVar[str]
    direction: ClassVar[Literal["maximize", "minimize"]]      # as Optuna spells it
    expensive: ClassVar[bool] = False
    exclusive: ClassVar[bool] = False
    attributes: ClassVar[Mapping[str, Any]] = {}

    @property
    @abstractmethod
    def title(self) -> str:
        """At the head of a column."""

    @property
    @abstractmethod
    def unit(self) -> str:
        """The unit in words."""

    @classmethod
    def described(cls, score: str) -> Self:
        """A bare one; ``score`` names the training-free score, where that makes a difference."""
        return cls()

    def shown(self, value: float) -> str:
        """A value, human-readable."""
        return f"{value:.2f}"

    def loss(self, value: float) -> float:
        """The value as what is to be minimised; its own inverse."""
        return value if self.direction == "minimize" else -value

    def configured(self, settings: "Settings", space: Genotype) -> Self:
        """The objective as a search of ``space`` with these settings has it.

        Raises:
            SearchspaceError: it needs something that is not there.
        """
        return self

    @abstractmethod
    def open(self, context: "Context") -> Evaluator:
        """What evaluates networks in an open study."""


class Cost(Objective):
    """An objective that follows from a network's graph alone; the less the better."""

    direction = "minimize"
    notes = ()

    @abstractmethod
    def measure(self, network: Expansion) -> int:
        """The cost of an expanded network."""

    def open(self, context: "Context") -> Evaluator:
        """Itself: it needs nothing of the study."""
        return self

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """See `Evaluator`."""
        return Evaluated(float(self.measure(candidate.expansion)))


@dataclass(frozen=True)
class Context:
    """An open study, as far as objectives need it. ``worker`` tells which of the study's workers
    this one is, from 0."""

    settings: "Settings"
    space: Genotype
    objectives: tuple[Objective, ...]
    archive: Archive
    study: optuna.Study
    folder: Path
    worker: Callable[[], int]

    @property
    def name(self) -> str:
        """The study's name."""
        return self.study.study_name

    @cached_property
    def reference(self) -> Mapping[str, Decisions]:
        """The networks among which a combined score ranks."""
        return reference(self.space, self.settings.budget)


OBJECTIVES: Registry[type[Objective]] = Registry("objective", "docs/search.md", ObjectiveError)


def objective(name: str) -> Callable[[type[Objective]], type[Objective]]:
    """Register a class of objectives under its name."""
    def decorate(made: Any) -> Any:
        made.name = name
        return OBJECTIVES.add(name, made)
    return decorate


def named(names: Iterable[str], score: str = DEFAULT_SCORE) -> tuple[Objective, ...]:
    """The bare objectives of these names, in this order; ``score`` names the training-free score
    of the objective ``score``.

    Raises:
        ObjectiveError: an unknown name, or one that stands there twice.
    """
    chosen: dict[str, Objective] = {}
    for name in names:
        kind = OBJECTIVES.find(name)
        if name in chosen:
            raise ObjectiveError(f"the objective {name!r} is given twice")
        chosen[name] = kind.described(score)
    return tuple(chosen.values())
