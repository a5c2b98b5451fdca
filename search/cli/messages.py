"""Console messages before the first trial, and the summary of a finished search."""

from collections.abc import Iterator
from pathlib import Path

from rich.table import Table as Grid
from rich.text import Text

from search.cli.progress import final_table
from search.latency.table_cost import LearnedColumn
from search.objectives import named
from search.objectives.table import KnownResult
from search.objectives.usual import usual_score
from search.results.final_comparison import caveat, verdict
from search.results.front import Front
from search.results.outcome import Outcome
from search.results.proposal_counts import summary
from search.results.retraining import SEEDS, Retrained
from search.results.retraining import verdict as verdict_of_trainings
from search.samplers import SAMPLERS
from search.scores.registry import find_score
from search.study import Study
from search.study.settings import DEFAULT, Settings
from search.study.trial import Trial
from searchspace.cli import Console
from searchspace.shapes import sides
from searchspace.text import counted
from searchspace.units import show_amount

SMALL = 64     # pixels up to which the space `small` found better networks: docs/training.md
ROWS = 20      # rows of a front on the screen; front.csv has all


def tell(console: Console, ended: Outcome, settings: Settings, known: KnownResult | None,
         timed: str | None) -> None:
    """Print the summary; ``known``: the objective of known results; ``timed``: sentence about the
    chosen network's latency."""
    if ended.results:
        console.print(final_table(ended.results, settings))
        console.print(verdict(ended.results, settings))
    elif ended.front:
        console.print(front_table(ended.front, settings))
        console.print(hypervolume_line(ended.front))
    elif settings.objectives != DEFAULT:
        console.print(best_table(ended.best, settings))
    if ended.retrained:
        console.print(retrained_table(ended.retrained))
        console.print(verdict_of_trainings(ended.retrained))
    if known:
        console.print(regret(ended.trials, known, settings))
    for learned in learned_costs(settings):
        how = "measured" if learned.is_known(ended.chosen.decisions) else "predicted: measure it"
        console.print(f"{learned.column} of the best network: {learned(ended.chosen):.4g}, {how}")
    if timed:
        console.print(timed)
    trials = ended.trials
    scored = sum(t.value is not None for t in trials)
    early = sum(t.pruned for t in trials)
    pruned = f", {early} stopped early" if "train" in settings.objectives or early else ""
    console.print(f"{counted(len(trials), 'trial')}, all inside the budget, {scored} "
                  f"scored{pruned}, "
                  f"{counted(len({t.identity for t in trials}), 'distinct network')}")
    if early:
        console.print(epochs_line(trials))
    console.print(summary(trials))
    if ended.chosen.pruned:
        console.print("no training has ended: accuracies are those so far; the same command goes "
                      "on")
    if ended.stopped:
        console.print(ended.stopped)
    if ended.interrupted:
        console.print("interrupted: the same command continues")
    if "score" in settings.objectives:
        console.print(caveat(settings.score), style="dim")


def epochs_line(trials: list[Trial]) -> str:
    """How many epochs were spent, and how many it would have been without stopping any training."""
    spent: dict[str, int] = {}
    for t in trials:            # a training that paused has several trials
        spent[t.identity] = max(t.epochs, spent.get(t.identity, 0))
    trained = [epochs for epochs in spent.values() if epochs]
    return (f"{counted(sum(trained), 'epoch')} in all, where full trainings of the same networks "
            f"are {len(trained) * max(trained):,}")


def files_line(ended: Outcome, settings: Settings, folder: Path, own_database: bool) -> Text:
    """The paths of the results."""
    files = ["report.html", "best.svg", "trials.csv"]
    files += ["front.csv", "front/"] if ended.front else []
    files += ["finals.csv"] if settings.objectives == DEFAULT else []
    files += ["retrained.csv"] if ended.retrained else []
    files += ["study.db"] if own_database else []
    return Text.assemble(
        (str(folder / "best.yaml"), "bold"), f"{' (the knee)' if ended.front else ''}: "
        f"{show_amount(ended.chosen.macs)} MACs, {show_amount(ended.chosen.params)} params; "
        f"beside it {', '.join(files)}")


def front_table(front: Front, settings: Settings) -> Grid:
    """Table of the front, its knee in bold; for a long front evenly spaced members."""
    members = list(enumerate(front.members, 1))
    if len(members) > ROWS:
        kept = {round(i * (len(members) - 1) / (ROWS - 1)) for i in range(ROWS)}
        members = [pair for i, pair in enumerate(members)
                   if i in kept or pair[1] is front.knee]
    of = "" if len(members) == len(front.members) else f" (of {len(front.members)}, see front.csv)"
    grid = Grid(title=f"Pareto front: {counted(len(members), 'network')}{of}", title_justify="left")
    costs = [c for c in ("macs", "params") if c not in settings.objectives]
    for name in ("front", "network", *(o.title for o in front.objectives),
                 *(o.title for o in named(costs)), "of budget"):
        grid.add_column(name, justify="left" if name == "network" else "right", no_wrap=True)
    for number, t in members:
        assert t.values is not None
        own = [o.shown(v) for o, v in zip(front.objectives, t.values, strict=True)]
        knee = t is front.knee
        grid.add_row(f"{number:03d}", f"trial {t.number}" + (" (knee)" if knee else ""), *own,
                     *(show_amount(getattr(t, c)) for c in costs), _used(t, settings),
                     style="bold" if knee else None)
    return grid


def hypervolume_line(front: Front) -> str:
    """One sentence: the hypervolume and its reference point."""
    last = list(front.volumes.values())[-1]
    return (f"hypervolume {last:.4g}, {front.share:.1%} of the box between the reference point "
            f"({front.reference_shown()}) and the best value seen of each objective")


def retrained_table(results: list[Retrained]) -> Grid:
    """The best networks after fresh trainings, best first."""
    grid = Grid(title=f"Trained again, {SEEDS} times each", title_justify="left")
    for name in ("network", "in the search", "again"):
        grid.add_column(name, justify="left" if name == "network" else "right", no_wrap=True)
    for one in sorted(results, key=lambda r: -r.mean):
        grid.add_row(f"trial {one.trial.number}", f"{one.trial.value:.2f} %", one.shown())
    return grid


def best_table(best: list[Trial], settings: Settings) -> Grid:
    """The best trials of a search with one objective that is not the score."""
    [objective] = named(settings.objectives[:1], settings.score)
    grid = Grid(title=f"Best by {objective.title}", title_justify="left")
    costs = [c for c in ("macs", "params") if c != objective.name]
    for name in ("network", objective.title, *(o.title for o in named(costs)), "of budget"):
        grid.add_column(name, justify="left" if name == "network" else "right", no_wrap=True)
    for t in best:
        assert t.value is not None
        grid.add_row(f"trial {t.number}", objective.shown(t.value) + t.length,
                     *(show_amount(getattr(t, c)) for c in costs), _used(t, settings))
    return grid


def regret(trials: list[Trial], known: KnownResult, settings: Settings) -> str:
    """One sentence: how far the best trial is from the table's best network in the budget."""
    table, shown = known.table, known.shown
    assert table is not None
    number = settings.objectives.index(known.name)
    value, _, best = max((t.values[number], -t.number, t) for t in trials if t.values)
    found = f"{known.column or table.what}: trial {best.number} has {shown(value)}"
    top = table.best(table.select(known.column), settings.budget) if table.is_complete else None
    if top is None:
        return (f"{found}; {table.file} lacks networks of its space, so that the best one "
                "inside the budget is not known")
    return (f"{found}, the best network inside the budget {shown(top)}: regret "
            f"{shown(top - value)}")


def learned_costs(settings: Settings) -> list[LearnedColumn]:
    """The bounded costs that are learned from a table."""
    return [b.measure for b in settings.budget.own if isinstance(b.measure, LearnedColumn)]


def _used(trial: Trial, settings: Settings) -> str:
    return f"{settings.budget.excess(trial):.1%}"


def beginning(study: Study) -> Iterator[str]:
    """Messages before the first trial: sampler and reason, study, and notes of the objectives."""
    plan = study.plan
    if plan.settings.objectives == DEFAULT:
        usual, why = usual_score(plan.space)
        yield f"score {find_score(plan.settings.score).title}" + \
            (f": {why}" if plan.settings.score == usual and why else "")
    yield f"sampler {plan.sampler}: {plan.reason}; study {study.session.folder}"
    if plan.proposed is not plan.space and not SAMPLERS[plan.sampler].solves:
        solved = ", ".join(h.name for h in plan.space.holes if h.kind == "solve")
        yield (f"a cost is an objective: {solved} is proposed, too, where else the budget would be "
               "filled up")
    for evaluator in study.evaluators.values():
        yield from evaluator.notes
    for learned in learned_costs(plan.settings):
        yield learned.note
    if plan.settings.space == "mixed" and plan.settings.train and \
            max(sides(plan.settings.input)) <= SMALL:
        yield (f"the space mixed is made for larger images; for up to {SMALL} pixels there "
               "is --space small")
    if plan.settings.warm_start:
        yield f"start: {plan.start.describe()}"
