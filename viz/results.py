"""Results of a study for display: frozen rows of plain values, independent of any storage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from searchspace import Genotype
from searchspace.display import html
from searchspace.notation.tree import Atom
from searchspace.shapes import Size

MACS = "macs"
COSTS = ("macs", "params", "memory", "latency")
ORIGINS = ("published", "proposed", "moved", "replaced")


@dataclass(frozen=True, slots=True)
class Goal:
    """One objective: its name and title, and whether more of it is better."""

    name: str
    title: str
    unit: str
    maximize: bool

    def loss(self, value: float) -> float:
        """The value as a loss to be minimised."""
        return -value if self.maximize else value


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One finished trial.

    ``values``, one per goal, and ``shown``, the same human-readable, are empty if the network could
    not be evaluated; then ``error`` says why. ``origin`` is one of `ORIGINS`: known before the
    search, as the sampler proposed it, moved to the budget, or the nearest new network instead of
    one that was scored. ``proposed``: MACs of the proposal before projection into the budget;
    ``began`` and ``ended``: UTC.
    """

    number: int
    values: tuple[float, ...]
    shown: tuple[str, ...]
    macs: int
    params: int
    memory: int
    decisions: Mapping[str, Atom]
    origin: str
    known: str = ""            # the published network that this is, or was brought from
    proposed: int | None = None
    seconds: float = 0.0
    began: datetime | None = None
    ended: datetime | None = None
    worker: str = ""
    error: str = ""
    latency: int | None = None      # nanoseconds, predicted where a latency matters
    curve: tuple[float, ...] = ()   # the first goal after each epoch, where it is trained

    def cost(self, name: str) -> int:
        """One of `COSTS`; 0 where it is not known."""
        return int(getattr(self, name) or 0)


@dataclass(frozen=True, slots=True)
class Rival:
    """A row of the final comparison: a published network, or a trial's (``trial``), re-scored from
    several initialisations."""

    name: str
    trial: int | None
    macs: int
    params: int
    memory: int
    mean: float
    spread: float
    over: bool                 # above the budget


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound of the budget: a cost of `COSTS`, and its least and greatest allowed value."""

    cost: str
    least: int | None
    most: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The first goal as a model predicts it with an 80 % interval: of trial ``number`` from all
    other trials."""

    number: int
    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Belief:
    """The first goal as a model predicts it, mean over the best networks, were ``hole`` decided
    that way in each; the 80 % interval goes ``spread`` to each side."""

    hole: str
    option: str
    value: float
    spread: float


@dataclass(frozen=True, repr=False)
class Results:
    """Settings and results of a study, for display.

    ``space`` is the genotype with holes, for images of this ``size``. ``best`` is the number of
    the trial in best.yaml, for several goals the knee of the front; None if nothing was scored.
    ``effects`` are the shares of the first goal's variance that holes explain, greatest first.
    ``volumes`` is the hypervolume after each trial against ``reference``, which is in the units of
    the two goals of `plots.front`. ``forecasts`` and ``beliefs`` are what a model learned from the
    rows (`search.results.learned`). ``facts`` are names and values for the summary.
    """

    name: str
    space: Genotype
    size: Size                 # of the images, in pixels
    goals: tuple[Goal, ...]
    limits: tuple[Limit, ...]
    rows: tuple[TrialRow, ...]
    best: int | None = None
    rivals: tuple[Rival, ...] = ()
    effects: tuple[tuple[str, float], ...] = ()
    volumes: tuple[float, ...] = ()
    reference: tuple[float, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    command: str = ""
    verdict: str = ""
    caveat: str = ""           # what the values are not
    forecasts: tuple[Forecast, ...] = ()
    beliefs: tuple[Belief, ...] = ()

    @property
    def chosen(self) -> str:
        """What the network in best.yaml is called: best, or of several goals' front the knee."""
        return "knee" if len(self.goals) > 1 else "best"

    def __repr__(self) -> str:
        """Short, since notebooks store it beside the display."""
        return f"Results(name={self.name!r}, trials={len(self.rows)}, best={self.best})"

    def _repr_html_(self) -> str | None:
        """HTML display in notebooks."""
        return html(self)

    @property
    def scored(self) -> tuple[TrialRow, ...]:
        """The rows that have values."""
        return tuple(row for row in self.rows if row.values)

    @property
    def axes(self) -> tuple[Goal, Goal]:
        """The two goals that a plane can show: the first two, or the only one against the MACs."""
        if len(self.goals) > 1:
            return self.goals[0], self.goals[1]
        cost = MACS if self.goals[0].name != MACS else "params"
        return self.goals[0], Goal(cost, "MACs" if cost == MACS else "params", "", False)

    def plane(self, row: TrialRow) -> tuple[float, float]:
        """A scored row's values on `axes`."""
        return row.values[0], row.values[1] if len(row.values) > 1 \
            else float(row.cost(self.axes[1].name))

    @cached_property
    def numbered(self) -> dict[int, TrialRow]:
        """The rows by their trials' numbers."""
        return {row.number: row for row in self.rows}

    @cached_property
    def front(self) -> tuple[TrialRow, ...]:
        """The rows on the Pareto front of all goals, or of the only one and the MACs, sorted by the
        first goal, best first; of rows with equal values only the earliest."""
        several = len(self.goals) > 2
        losses = [(tuple(g.loss(v) for g, v in zip(self.goals, row.values, strict=True)) if several
                   else tuple(g.loss(v) for g, v in zip(self.axes, self.plane(row), strict=True)),
                   row.number, row) for row in self.scored]
        front: list[tuple[tuple[float, ...], int, TrialRow]] = []
        for entry in sorted(losses, key=lambda entry: entry[:2]):
            # what comes later in this order dominates nothing before it
            if not any(all(a <= b for a, b in zip(other[0], entry[0], strict=True))
                       for other in front):
                front.append(entry)
        return tuple(row for *_, row in front)
