"""Plan of a search: derived from its settings alone, before anything is opened."""

import math
import time
from dataclasses import dataclass, field
from typing import Self

from search.errors import StudyError
from search.objectives import CostObjective, Objective, named
from search.objectives.reference import reference
from search.objectives.score import of_graph, training_free
from search.objectives.training_rungs import TRAIN
from search.samplers import SAMPLERS, Quick, SamplingTask, Score, choose
from search.study.feasibility import check_budget
from search.study.neighbours import Region
from search.study.settings import Settings
from search.study.warm_start import COLD, Start, find_start
from search.training.options import TrainOptions
from searchspace import Genotype
from searchspace.space.fill import free
from searchspace.space.point import Point


@dataclass(frozen=True)
class Plan:
    """One search before its first trial.

    ``space`` is the search space, ``proposed`` the one that proposals are points of: where a cost
    is an objective, the holes of the budget solver are sampled too, so that it does not use up
    the budget. ``cheapest`` is a point inside the budget; ``reason`` says why this sampler;
    ``began`` is when the time of the search begins.
    """

    settings: Settings
    space: Genotype
    proposed: Genotype
    objectives: tuple[Objective, ...]
    cheapest: Point
    sampler: str
    reason: str
    region: Region
    start: Start
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The plan of a search.

        Raises:
            BudgetError: no network of the space is inside the budget. SearchspaceError: something
            that the settings name is missing, or they contradict each other.
        """
        space, budget = settings.genotype(), settings.budget
        objectives = tuple(o.configured(settings, space)
                           for o in named(settings.objectives, settings.score))
        proposed = free(space) if any(isinstance(o, CostObjective) for o in objectives) else space
        cheapest = check_budget(space, settings)
        sampler, reason = choose(settings.sampler, proposed, len(objectives), settings.screens)
        chosen = SAMPLERS.find(sampler)
        if settings.prior is not None and not chosen.guided:
            able = " or ".join(name for name, entry in SAMPLERS.items() if entry.guided)
            raise StudyError(f"--prior guides the sampler {able}, not {sampler}")
        if settings.screen is not None and not chosen.screens:
            able = " or ".join(name for name, entry in SAMPLERS.items() if entry.screens)
            raise StudyError(f"--screen is for the sampler {able}, not {sampler}")
        if chosen.trains:
            _check_trains(sampler, settings)
        if chosen.solves:
            proposed = free(space)
        start = COLD
        if settings.warm_start:
            start = find_start(space if chosen.solves else proposed, budget, settings.seed,
                               cheapest)
        return cls(settings, space, proposed, objectives, cheapest, sampler, reason,
                   Region(proposed, budget, cheapest), start)

    @property
    def task(self) -> SamplingTask:
        """The sampler's view of the search."""
        train = self.settings.train
        epochs = train.length(train.read(), train.open()) if train else 1
        return SamplingTask(self.proposed, self.settings.budget, self._prior(), self._quick(),
                            tuple(p.point for p in self.start.proposals),
                            tuple(h.name for h in self.space.holes if h.kind == "solve"),
                            self.settings.seed, epochs, train.pauses(epochs) if train else (),
                            self.settings.time or math.inf, lambda: self.used,
                            any(o.direction == "maximize" for o in self.objectives))

    @property
    def seconds(self) -> float:
        """How long the search has run."""
        return time.monotonic() - self.began

    @property
    def used(self) -> float:
        """The share of the time for the search that is used, from 0 up; 0 if it is not limited."""
        limit = self.settings.time
        return 0.0 if limit is None else self.seconds / limit

    def _quick(self) -> Quick | None:
        """The score of the graph by which networks are screened, if there is one."""
        name = self.settings.screens
        return None if name is None else of_graph(self.proposed, name)

    def _prior(self) -> Score | None:
        """The training-free score of networks that were not evaluated, if ``--prior`` is given."""
        settings = self.settings
        if settings.prior is None:
            return None
        return training_free(self.space, settings.input, settings.batch, settings.seed,
                             settings.prior, lambda: reference(self.space, settings.budget))


def _check_trains(sampler: str, settings: Settings) -> None:
    """Raise StudyError if a sampler that decides how long networks are trained cannot do so."""
    train = settings.train
    if settings.objectives != (TRAIN,) or train is None:
        raise StudyError(f"--sampler {sampler} is for --objective train alone, not "
                         f"{' and '.join(settings.objectives)}")
    usual = TrainOptions(train.data)
    for name, option in (("first", "first-epochs"), ("reduction", "reduction"),
                         ("brackets", "brackets"), ("among", "among")):
        if getattr(train, name) != getattr(usual, name):
            raise StudyError(f"--{option} has no effect with --sampler {sampler}, which decides "
                             "what is trained, and for how long")
