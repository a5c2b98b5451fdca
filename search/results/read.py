"""Reader of a study's folder: its trials as the rows that `viz` displays."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

import optuna

from search.archive import StorageError, versions
from search.archive.connection.arguments import scrub_command
from search.archive.connection.locations import database_of
from search.archive.connection.urls import keep
from search.errors import StudyError
from search.objectives import Objective
from search.objectives.table import of_table
from search.pareto import Point, knee, volumes_after, worst
from search.results.final_comparison import caveat
from search.results.rivals import read_rivals
from search.samplers import finished
from search.sensitivity import main_effects
from search.storage.bulk import Wanted
from search.storage.opening import named_study, read_storage
from search.storage.worker_storage import WorkerStorage
from search.study.kept import Kept
from search.study.settings import StoredSettings, space_of
from search.study.trial import check_options
from search.study.trial import read as read_trial
from searchspace import Genotype, SearchspaceError
from searchspace.notation.holes import Decisions, Hole
from searchspace.safety.values import TEXT
from searchspace.units import parse_amount, parse_bytes, parse_range, parse_time, show_duration
from viz.results import ORIGINS, Goal, Limit, Results, TrialRow

PACKAGES = ("optuna", "torch", "vl-convert-python")
_WRITTEN = (("params", "params", parse_amount), ("B", "memory", parse_bytes),
            ("s", "latency", parse_time))


def read_study(folder: str | Path, url: str | None = None) -> Results:
    """The results so far of a study in a folder; it may be running. ``url``: its database, if that
    is not the one in the folder. What a model learned from them is for `learned.told` to add.

    Raises:
        StudyError: there is no study. SearchspaceError: its space no longer exists, and the study
            was made by a version that kept no copy.
    """
    folder = Path(folder)
    with _opened(folder, url) as (storage, study):
        return _completed(_results(storage, study, folder))


def _results(storage: WorkerStorage, study: optuna.Study, folder: Path) -> Results:
    found, settings = basis(study, folder)
    trials = [t for t in storage.trials(Wanted(study._study_id), parameters=False) if finished(t)]
    rows = tuple(row_of(t, settings.objectives) for t in trials)
    return replace(
        found, rows=rows,
        rivals=read_rivals(folder / "finals.csv", {r.number for r in rows if r.values}),
        effects=_effects(found.space, [r for r in rows if r.values]),
        facts=_facts(rows, trials, settings, Kept.of(study.user_attrs)))


def basis(study: optuna.Study, folder: Path) -> tuple[Results, StoredSettings]:
    """The results of a study without its trials, and its settings.

    Raises:
        SearchspaceError: its settings are damaged, or its space no longer exists.
    """
    attributes = study.user_attrs
    settings = StoredSettings.of(attributes, str(folder))
    settings.check_goals(study.directions, str(folder))
    objectives, score = settings.objectives, settings.score
    kept = Kept.of(attributes)
    return Results(
        study.study_name, _space(kept, settings), settings.input,
        tuple(Goal(o.name, o.title, "" if of_table([o.name]) else o.unit, o.direction == "maximize")
              for o in objectives),
        tuple(_limits(settings.budget)), (),
        settings=tuple((key.replace("_", " "), _plain(value))
                       for key, value in settings.everything.items()
                       if value is not None) + (kept.facts if kept else ()),
        versions=(*versions().items(), *((name, metadata.version(name)) for name in PACKAGES
                                         if name not in versions())),
        command=scrub_command(TEXT.get(attributes, "command", "")),
        verdict=TEXT.get(attributes, "verdict", ""),
        caveat=caveat(score) if "score" in {o.name for o in objectives} else ""), settings


def _space(kept: Kept | None, settings: StoredSettings) -> Genotype:
    """The study's own copy of its space; without one, the present space of its name or path.
    Operations that the study keeps as code are run if the user has allowed it."""
    if kept is not None:
        kept.run()
        return kept.genotype(settings.space)
    return space_of(settings.space, settings.input, settings.classes)


@contextmanager
def _opened(folder: Path, url: str | None) -> Iterator[tuple[WorkerStorage, optuna.Study]]:
    try:
        with read_storage(keep(url or database_of(folder))) as storage:
            yield storage, named_study(storage, folder.resolve().name)
    except StorageError as error:
        raise StudyError(str(error)) from None


def _facts(rows: tuple[TrialRow, ...], trials: list[optuna.trial.FrozenTrial],
           settings: StoredSettings, kept: Kept | None) -> tuple[tuple[str, str], ...]:
    """Names and values of the facts in the summary."""
    distinct = len({t.user_attrs["identity"] for t in trials})
    origins = ((o, sum(r.origin == o for r in rows)) for o in ORIGINS)
    return (("trials", f"{len(rows):,}"), ("scored", f"{sum(bool(r.values) for r in rows):,}"),
            ("distinct networks", f"{distinct:,}"),
            ("they came about", ", ".join(f"{n:,} {o}" for o, n in origins if n)),
            ("scoring took", show_duration(sum(r.seconds for r in rows))),
            ("sampler", settings.sampler),
            *((("operations", kept.remark),) if kept and kept.remark else ()))


def row_of(found: optuna.trial.FrozenTrial, objectives: tuple[Objective, ...]) -> TrialRow:
    """A finished trial as a row."""
    t = read_trial(found)
    values = tuple(found.values) if found.values else ()
    origin = "published" if t.start and not t.brought else "replaced" if t.replaced else \
        "moved" if t.start or t.changed or t.lost else "proposed"
    shown = tuple(o.shown(v) + t.length for o, v in zip(objectives, values, strict=False))
    return TrialRow(
        t.number, values, shown,
        t.macs, t.params, t.memory, t.decisions, origin, t.start or "", t.proposed_macs, t.seconds,
        found.datetime_start, found.datetime_complete, t.worker, t.error or "", t.latency,
        tuple(found.intermediate_values[epoch] for epoch in sorted(found.intermediate_values)),
        t.pruned)


def _limits(budget: str) -> Iterator[Limit]:
    """The bounds in the text of a budget (`Budget.text`): ``300M-4Mparams-1MBto2MB-20ms``."""
    counted = budget.partition(" ")[0]          # behind it stand bounds on columns of a table
    for part in counted.split("-") if counted else ():
        name, parse = next(((name, parse) for suffix, name, parse in _WRITTEN
                            if part.endswith(suffix)), ("macs", parse_amount))
        least, most = parse_range("-".join(end.removesuffix("params") for end in part.split("to")),
                                  parse)
        yield Limit(name, least, most)


@dataclass(frozen=True, slots=True)
class _Decided:
    decisions: Decisions
    holes: Mapping[str, Hole]


def _effects(space: Genotype, rows: list[TrialRow]) -> tuple[tuple[str, float], ...]:
    """First-order variance shares of the first objective, by hole."""
    try:
        check_options(((row.number, row.decisions) for row in rows), space)
    except SearchspaceError:            # the space has changed since
        return ()
    holes = {hole.name: hole for hole in space.holes}
    points = [_Decided(row.decisions, {
        name: holes.get(name) or holes[name.rpartition(".")[0]]       # once a repeat
        for name in row.decisions}) for row in rows]
    if len(points) < 3:
        return ()
    return tuple(main_effects(points, [row.values[0] for row in rows], exact=False))


def _completed(found: Results) -> Results:
    """The results with what is derived from the rows: the best one, and the hypervolumes."""
    if not found.scored:
        return found
    goals = found.goals if len(found.goals) > 2 else found.axes
    losses = {row.number: tuple(g.loss(v) for g, v in zip(
        goals, row.values if len(goals) > 2 else found.plane(row), strict=True))
        for row in sorted(found.ranked, key=lambda row: row.number)}
    most = {limit.cost: limit.most for limit in found.limits}
    reference = tuple(float(most.get(g.name, seen)) for g, seen in
                      zip(goals, worst(list(losses.values())), strict=True))
    volumes = volumes_after((row.number for row in found.rows), losses, reference)
    return replace(found, best=_best(found, losses), volumes=tuple(volumes.values()),
                   reference=tuple(g.loss(r) for g, r in zip(goals, reference, strict=True)))


def _best(found: Results, losses: Mapping[int, Point]) -> int:
    """Number of the trial in best.yaml: the best mean of the final comparison, the knee for
    several objectives, else the best value."""
    again = [r for r in found.rivals if r.trial is not None]
    if again:
        return max(again, key=lambda r: r.mean).trial or 0
    if len(found.goals) > 1:
        front = [row.number for row in found.front]
        return front[knee([losses[number] for number in front])]
    return found.ranked[0].number


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
