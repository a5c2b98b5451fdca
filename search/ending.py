"""The tables at the end of a search for something else than the score: the front, the regret."""

from rich.table import Table as Grid

from search.front import Front
from search.objectives import OBJECTIVES
from search.scores.table import Table
from search.settings import Settings
from search.trial import Trial
from searchspace.budget import show_amount

ROWS = 20      # of a front on the screen; front.csv has them all


def front_table(front: Front, settings: Settings) -> Grid:
    """The front, its knee in bold; of a long one evenly spaced members."""
    members = list(enumerate(front.members, 1))
    if len(members) > ROWS:
        kept = {round(i * (len(members) - 1) / (ROWS - 1)) for i in range(ROWS)}
        members = [pair for i, pair in enumerate(members)
                   if i in kept or pair[1] is front.knee]
    of = "" if len(members) == len(front.members) else f" (of {len(front.members)}, see front.csv)"
    grid = Grid(title=f"Pareto front: {len(members)} networks{of}", title_justify="left")
    costs = [c for c in ("macs", "params") if c not in settings.objectives]
    for name in ("front", "network", *(o.title for o in front.objectives),
                 *(OBJECTIVES[c].title for c in costs), "of budget"):
        grid.add_column(name, justify="left" if name == "network" else "right", no_wrap=True)
    for number, t in members:
        assert t.values is not None
        own = [o.shown(v) for o, v in zip(front.objectives, t.values, strict=True)]
        knee = t is front.knee
        grid.add_row(f"{number:03d}", f"trial {t.number}" + (" (knee)" if knee else ""), *own,
                     *(show_amount(getattr(t, c)) for c in costs), _used(t, settings),
                     style="bold" if knee else None)
    return grid


def volume_told(front: Front) -> str:
    """One sentence: the hypervolume, and against what."""
    last = list(front.volumes.values())[-1]
    return (f"hypervolume {last:.4g}, {front.share:.1%} of the box between the reference point "
            f"({front.reference_shown()}) and the best value seen of each objective")


def best_table(best: list[Trial], settings: Settings) -> Grid:
    """The best trials of a search with one objective that is not the score."""
    objective = OBJECTIVES[settings.objectives[0]]
    grid = Grid(title=f"Best by {objective.title}", title_justify="left")
    costs = [c for c in ("macs", "params") if c != objective.name]
    for name in ("network", objective.title, *(OBJECTIVES[c].title for c in costs), "of budget"):
        grid.add_column(name, justify="left" if name == "network" else "right", no_wrap=True)
    for t in best:
        assert t.value is not None
        grid.add_row(f"trial {t.number}", objective.shown(t.value),
                     *(show_amount(getattr(t, c)) for c in costs), _used(t, settings))
    return grid


def regret(trials: list[Trial], table: Table, settings: Settings) -> str:
    """One sentence: how far the best trial is from the table's best network in the budget."""
    number, shown = settings.objectives.index("table"), OBJECTIVES["table"].shown
    value, _, best = max((t.values[number], -t.number, t) for t in trials if t.values)
    found = f"{table.what}: trial {best.number} has {shown(value)}"
    top = table.best(settings.budget) if table.is_complete else None
    if top is None:
        return (f"{found}; {table.file.name} lacks networks of its space, so that the best one "
                "inside the budget is not known")
    return (f"{found}, the best network inside the budget {shown(top)}: regret "
            f"{shown(top - value)}")


def _used(trial: Trial, settings: Settings) -> str:
    return f"{settings.budget.excess(trial):.1%}"
