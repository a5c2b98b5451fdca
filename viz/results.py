"""Results of a study for display: frozen rows of plain values, independent of any storage."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from searchspace import Genotype
from searchspace.display import html
from searchspace.notation.tree import Atom
from searchspace.shapes import Size

MACS = "macs"
COSTS = ("macs", "params", "memory", "latency")
Entry = tuple[tuple[float, ...], int]       # losses of a trial, and its number
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
    stopped: bool = False           # its training was, early: the values are those until then

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

    @cached_property
    def ranked(self) -> tuple[TrialRow, ...]:
        """The rows that compete, by the first goal, best first: those that were scored in full. If
        all trainings were stopped early, the longest of them."""
        full = [row for row in self.scored if not row.stopped]
        if not full:
            longest = max((len(row.curve) for row in self.scored), default=0)
            full = [row for row in self.scored if len(row.curve) == longest]
        return tuple(sorted(full, key=lambda r: (self.goals[0].loss(r.values[0]), r.number)))

    @cached_property
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

    def point(self, row: TrialRow) -> tuple[float, ...]:
        """A scored row on the goals of the front: all, or the only one and `axes`' cost."""
        return row.values if len(self.goals) > 1 else self.plane(row)

    def losses(self, point: Sequence[float]) -> tuple[float, ...]:
        """What `point` gives as losses."""
        goals = self.goals if len(self.goals) > 1 else self.axes
        return tuple(goal.loss(value) for goal, value in zip(goals, point, strict=True))

    @cached_property
    def front(self) -> tuple[TrialRow, ...]:
        """The rows on the Pareto front of all goals, or of the only one and the MACs, sorted by the
        first goal, best first; of rows with equal values only the earliest."""
        found = undominated((self.losses(self.point(row)), row.number) for row in self.ranked)
        return tuple(self.numbered[number] for _, number in found)


def undominated(entries: Iterable[Entry]) -> list[Entry]:
    """The points that no other one equals or betters in all losses, sorted; of equal ones that of
    the least number. A front with what is new gives the front of all."""
    kept: list[Entry] = []
    for entry in sorted(entries):
        losses = entry[0]
        # what comes later in this order dominates nothing before it; of two losses, the second of
        # the last point is the least so far
        if len(losses) == 2:
            beaten = bool(kept) and kept[-1][0][1] <= losses[1]
        else:
            beaten = any(all(a <= b for a, b in zip(other, losses, strict=True))
                         for other, _ in kept)
        if not beaten:
            kept.append(entry)
    return kept


@dataclass(frozen=True, slots=True)
class Progress:
    """A study so far, for a page that follows it.

    ``study``: its settings, without rows; ``done`` and ``scored``: trials that have finished, and
    those with values. ``points``: by number, on `Results.axes`, of the trials after the first
    ``since``, which is 0 where nothing was known. ``front`` is that of `Results.front` by numbers,
    ``listed`` are the rows of the best trial, the front, and the next ones by the first goal.
    """

    study: Results
    done: int
    scored: int
    since: int
    points: Mapping[int, tuple[float, float]]
    front: tuple[int, ...]
    best: int | None
    listed: tuple[TrialRow, ...]
