"""A search as its user asks for it; what is not given has its default.

The command line's options and the library's arguments both become a `Request`, so that names,
defaults and errors are the same.
"""

import math
import operator
import random
from dataclasses import dataclass, field

from search.errors import StudyError
from search.objectives import named
from search.objectives.table import KnownResult, of_table
from search.objectives.usual import usual_score
from search.scores.base import usual_batch
from search.scores.registry import find_score
from search.study.kept import Kept
from search.study.settings import DEFAULT, Settings, space_of
from search.study.table_bounds import bounded
from search.tables import find_tables
from search.tables.files import is_sheet
from search.training.options import TrainOptions
from searchspace import Genotype, SearchspaceError, load
from searchspace.expansion import trace
from searchspace.safety.values import LARGEST
from searchspace.shapes import Size, show_size, size_of
from searchspace.space.budget import Budget
from searchspace.space.point import sample
from searchspace.units import parse_duration

TRIALS = 150


@dataclass(frozen=True, kw_only=True)
class Request:
    """Names and defaults of a search. ``space``: a bundled space, a YAML file, or a genotype with
    holes; ``trials``: None for `TRIALS`, or for as many as fit into ``time``, a duration as
    ``20min`` or in seconds; ``input``: None for the space's own size; ``score``: None for the
    space's usual one; ``tables``, ``table_budget``: files of known results, and bounds on their
    columns; for ``table_halving`` and ``table_learn`` see `Settings`."""

    space: str | Genotype = "mixed"
    budget: Budget = field(default_factory=Budget)
    objectives: tuple[str, ...] = DEFAULT
    trials: int | None = None
    time: str | float | None = None
    input: Size | None = None
    classes: int | None = None
    seed: int = 0
    sampler: str = "auto"
    score: str | None = None
    screen: str | None = None
    prior: str | None = None
    batch: int | None = None
    tables: tuple[str, ...] = ()
    table_budget: tuple[str, ...] = ()
    table_only: bool = False
    table_halving: int | None = None
    table_learn: bool = False
    warm_start: bool = True
    train: TrainOptions | None = None

    def __post_init__(self) -> None:
        """Numbers are Python's own from here on; raises StudyError for what is none."""
        for name, least in (("seed", -LARGEST), ("trials", 1), ("classes", 1), ("batch", 2)):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, whole_number(name, value, least))
        if self.input is not None:
            edges = self.input if isinstance(self.input, tuple | list) else (self.input,) * 2
            if len(edges) != 2:
                raise StudyError("input is the edge of the images, or their height and width, not "
                                 f"{self.input!r}")
            object.__setattr__(self, "input", size_of(
                *(whole_number("input", edge, 1) for edge in edges)))

    def settings(self) -> Settings:
        """The settings of the search, without the device and predictor of latencies.

        Raises:
            SearchspaceError: something contradicts, or names something that is missing.
        """
        goals = tuple(o.name for o in named(self.objectives))
        wanted = of_table(goals) or bool(self.table_budget)
        if self.tables and not wanted:
            raise SearchspaceError("--table FILE is read for --objective table, --objective "
                                   "table-cost and --table-budget only")
        if self.table_halving is not None:
            if not of_table(goals, [KnownResult]):
                raise StudyError("trainings in a table are stopped early for --objective table or "
                                 "table:COLUMN only")
            if self.table_halving < 2:
                raise StudyError("of 2 networks or more in a table one is looked up after more "
                                 f"epochs, not of {self.table_halving}")
        seconds = _seconds(self.time)
        trials = TRIALS if self.trials is None and seconds is None else self.trials
        prior, screen = (find_score(name).name if name else None
                         for name in (self.prior, self.screen))
        size = self.input or self._own_size(goals)
        classes = self.classes or (len(self.train.open().classes) if self.train else None)
        space = space_of(self.space, size, classes)
        name = self.space if isinstance(self.space, str) else self.space.title
        tables = find_tables(name, self.tables) if wanted else ()
        sheet = next(filter(is_sheet, tables), None)
        if sheet is not None and (own := self._space_size()) != size:
            raise StudyError(f"the networks in {sheet} take images of {show_size(own)}, those of "
                             f"this search {show_size(size)}")
        return bounded(Settings(
            space=name, budget=self.budget, input=size, seed=self.seed, sampler=self.sampler,
            trials=trials, time=seconds, batch=self.batch or usual_batch(size), classes=classes,
            objectives=goals, table=tables,
            table_halving=self.table_halving, table_learn=self.table_learn,
            warm_start=self.warm_start, prior=prior,
            score=find_score(self.score).name if self.score else usual_score(space)[0],
            screen=screen, train=self.train,
            kept=None if isinstance(self.space, str) else Kept.now(space)),
            self.table_budget, self.table_only)

    def _space_size(self) -> Size:
        """The size of images that the space names."""
        genotype = load(self.space) if isinstance(self.space, str) else self.space
        return size_of(*trace(genotype, sample(genotype, random.Random(0)).decisions).input[1:])

    def _own_size(self, goals: tuple[str, ...]) -> Size:
        """The space's own size; square ones are brought to smaller images that are trained on."""
        own = self._space_size()
        if self.train is None or of_table(goals) or not isinstance(own, int):
            return own
        return min(own, self.train.open().edge)


def whole_number(name: str, value: object, least: int) -> int:
    """A whole number that an argument gives, NumPy's among them; raises StudyError if it is none.
    """
    try:
        found = operator.index(value) if not isinstance(value, bool) else None  # type: ignore[arg-type]
    except TypeError:
        found = None
    if found is None or not least <= found <= LARGEST:
        ends = f"from {least} up" if least >= 0 else f"from {least:,} to {LARGEST:,}"
        raise StudyError(f"{name} is a whole number {ends}, not {value!r}")
    return found


def _seconds(time: str | float | None) -> float | None:
    """A duration in seconds; raises SearchspaceError if it is none."""
    if time is None or isinstance(time, str):
        return None if time is None else parse_duration(time)
    if not 0 < time < math.inf:
        raise StudyError(f"the time for a search is a positive number of seconds, not {time}")
    return float(time)
