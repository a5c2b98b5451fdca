"""Interface of objectives: name, direction, unit, and evaluator.

An objective is a class in a file of this folder, registered by its name. Before a search it only
describes itself (titles, directions); in an open study it creates an `Evaluator`.
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
from searchspace.space.point import Point

if TYPE_CHECKING:
    from search.study.settings import Settings


class ObjectiveError(SearchspaceError):
    """An objective does not exist, or objectives cannot be combined."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The value of a network by one objective, in its unit; None if it could not be evaluated
    (``error``). ``seconds``: wall-clock time; ``pruned``: its training was stopped early."""

    value: float | None
    seconds: float = 0.0
    error: str | None = None
    pruned: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """State of the trial of a network: ``ordinal`` is the number of trials before it, ``known``
    its values by the objectives evaluated already, by name."""

    trial: optuna.Trial
    ordinal: int
    known: Mapping[str, float]


class Evaluator(Protocol):
    """Evaluates networks by one objective, within one open study."""

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """The value of a network; failures of the network are returned, not raised."""

    @property
    def notes(self) -> Sequence[str]:
        """Notes for the user before the first trial, a line each."""
        return ()

    def prepare(self, note: Callable[[str], None], should_stop: Callable[[], bool]) -> None:
        """What is done once before the first trial; nothing, by default. ``note`` is called with a
        line about each step, and between steps it ends where ``should_stop`` returns true.

        Raises:
            SearchspaceError: it cannot be done here.
        """
        return


class Objective(ABC):
    """An objective of a search. Subclasses are frozen dataclasses and final; an instance made
    without arguments describes itself, and `configured` returns one that can be opened.

    ``expensive`` objectives are evaluated after the others, and not at all if one of those fails.
    ``exclusive`` ones are evaluated one network at a time per machine. ``attributes`` are the
    initial user attributes of a trial. ``kind`` is the name in the registry;
    one that ``takes_argument`` may be named ``kind:argument``.
    """

    kind: ClassVar[str]
    direction: ClassVar[Literal["maximize", "minimize"]]      # as Optuna spells it
    expensive: ClassVar[bool] = False
    exclusive: ClassVar[bool] = False
    attributes: ClassVar[Mapping[str, Any]] = {}
    takes_argument: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The name within a search: the kind, with an argument ``kind:argument``."""
        return self.kind

    @property
    @abstractmethod
    def title(self) -> str:
        """Column heading."""

    @property
    @abstractmethod
    def unit(self) -> str:
        """The unit, human-readable."""

    @classmethod
    def described(cls, score: str, argument: str = "") -> Self:
        """An unconfigured instance; ``score`` names the training-free score, if it matters, and
        ``argument`` is what follows the kind in its name, if it takes one."""
        return cls()

    def shown(self, value: float, /) -> str:
        """A value, human-readable."""
        return f"{value:.2f}"

    def loss(self, value: float) -> float:
        """The value as a loss to be minimised; this function is its own inverse."""
        return value if self.direction == "minimize" else -value

    def configured(self, settings: "Settings", space: Genotype) -> Self:
        """The objective configured for a search of ``space`` with these settings.

        Raises:
            SearchspaceError: something that it needs is missing.
        """
        return self

    @abstractmethod
    def open(self, context: "Context") -> Evaluator:
        """The evaluator of networks in an open study."""


@dataclass(frozen=True)
class ColumnObjective(Objective):
    """An objective that is one of several values by name, as ``kind:column``; ``kind`` where there
    is only one."""

    column: str = ""
    takes_argument = True

    @classmethod
    def described(cls, score: str, argument: str = "") -> Self:
        """Of the column ``argument``."""
        return cls(argument)

    @property
    def name(self) -> str:
        """With the column, if one is named."""
        return f"{self.kind}:{self.column}" if self.column else self.kind


class CostObjective(Objective, Evaluator):
    """An objective computed from a network's graph alone; minimised."""

    direction = "minimize"

    @abstractmethod
    def measure(self, network: Expansion) -> int:
        """The cost of an expanded network."""

    def open(self, context: "Context") -> Evaluator:
        """The objective itself, which needs nothing of the study."""
        return self

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        return Evaluated(float(self.measure(candidate.expansion)))


@dataclass(frozen=True)
class Context:
    """The parts of an open study that objectives need. ``cheapest``: a point inside the budget;
    ``worker``: index of this worker among the study's workers, from 0."""

    settings: "Settings"
    space: Genotype
    objectives: tuple[Objective, ...]
    archive: Archive
    study: optuna.Study
    folder: Path
    worker: Callable[[], int]
    cheapest: Point

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
    """Decorator that registers a class of objectives under its name."""
    def decorate(made: Any) -> Any:
        made.kind = name
        return OBJECTIVES.add(name, made)
    return decorate


def named(names: Iterable[str], score: str = DEFAULT_SCORE) -> tuple[Objective, ...]:
    """The unconfigured objectives of these names, in this order; ``score`` names the training-free
    score of the objective ``score``.

    Raises:
        ObjectiveError: an unknown name, a repeated one, or one with an argument that it lacks.
    """
    chosen: dict[str, Objective] = {}
    for name in names:
        kind, _, argument = name.partition(":")
        if name in chosen:
            raise ObjectiveError(f"the objective {name!r} is given twice")
        found = OBJECTIVES.find(kind)
        if argument and not found.takes_argument:
            raise ObjectiveError(f"the objective {kind!r} takes nothing behind a colon, not "
                                 f"{argument!r}")
        chosen[name] = found.described(score, argument)
    return tuple(chosen.values())
