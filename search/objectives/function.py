"""A user's own function as an objective: a genotype goes in, a number comes out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from search.archive import Archive, EvaluationKey
from search.errors import ScoreError
from search.objectives.archived import archived, evaluated, reason
from search.objectives.base import (
    Context,
    Evaluated,
    Evaluator,
    Objective,
    ObjectiveError,
    Progress,
    objective,
)
from search.objectives.candidate import Candidate
from searchspace import Genotype, fill

if TYPE_CHECKING:
    from search.study.settings import Settings


@dataclass(frozen=True)
class Called(Evaluator):
    """Calls the function for each network once in a study. Its values are not shared with other
    studies, since the function may differ."""

    archive: Archive
    study: str
    function: Callable[[Genotype], float]

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """Whatever the function raises fails the trial."""
        def work() -> float:
            network = fill(candidate.genotype, candidate.decisions or {})
            try:
                return float(self.function(network))
            except (Exception, SystemExit) as fault:
                raise ScoreError(reason(fault)) from fault

        key = EvaluationKey(candidate.identity, "function", f"study {self.study}", candidate.seed)
        return evaluated(archived(self.archive, self.study, key, candidate, work))


@objective("function")
@dataclass(frozen=True)
class UserFunction(Objective):
    """The value of a user's function of a genotype; maximised."""

    function: Callable[[Genotype], float] | None = None
    direction = "maximize"
    title = "value"
    unit = "the function's"

    def configured(self, settings: "Settings", space: Genotype) -> Self:
        """With the function of the search."""
        if settings.function is None:
            raise ObjectiveError("the objective function is for programs: "
                                 "search(space, budget, objective=my_function)")
        return replace(self, function=settings.function)

    def open(self, context: Context) -> Called:
        assert self.function is not None
        return Called(context.archive, context.name, self.function)
