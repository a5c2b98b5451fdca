"""A search as a library call: what `search/run.py` does, without its console.

    from search import search

    found = search("mobile", "60M", input=96, trials=100)
    found.best          # a genotype: cost(found.best), build(found.best)
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import optuna

from search.archive.connection.locations import FILE, url_of_file
from search.archive.connection.urls import keep
from search.errors import StudyError
from search.latency import Device, Predictor
from search.launchers import Resources
from search.launchers.together import LOCAL, run_together
from search.objectives.function import Function
from search.results.conclude import conclude, write_results
from search.results.files import trial_genotype
from search.results.outcome import Outcome
from search.results.rows import table_of
from search.storage.opening import read_storage
from search.study import open_study
from search.study.request import Request, whole_number
from search.study.settings import DEFAULT, Settings
from search.study.trial import Trial
from search.training.options import TrainOptions
from searchspace import Genotype
from searchspace.shapes import Size
from searchspace.space.budget import Bound, Budget

Direction = Literal["maximize", "minimize"]
Callback = Callable[[optuna.Study, optuna.trial.FrozenTrial], None]


@dataclass(frozen=True)
class Result:
    """Result of a search. ``best``: the network of `best.yaml`; ``front``: with several objectives
    the Pareto front, sorted by the first one, else only the best network. ``trials``: a row each,
    in order, for ``pandas.DataFrame(found.trials)``; see `search.results.rows.table_of`.
    ``folder`` holds the report and all files, ``outcome`` what the command line tells at the end;
    ``storage`` is the database's URL, without its password.
    """

    best: Genotype
    front: tuple[Genotype, ...]
    trials: list[dict[str, Any]]
    folder: Path
    outcome: Outcome
    storage: str
    name: str

    def __repr__(self) -> str:
        """Short: an interpreter and a notebook show it."""
        return f"Result(name={self.name!r}, trials={len(self.trials)}, folder={str(self.folder)!r})"

    @contextmanager
    def study(self) -> Iterator[optuna.Study]:
        """Optuna's study, to be read: its trials, parameters, visualisations.

            with found.study() as study:
                optuna.importance.get_param_importances(study)
        """
        with read_storage(self.storage) as storage:
            yield optuna.load_study(study_name=self.name, storage=storage)


def search(space: str | Path | Genotype = "mixed", budget: str | int | Budget = "",
           objective: str | Function | Sequence[str | Function] = DEFAULT,
           trials: int | None = None, *, time: str | float | None = None,
           goals: Mapping[str, Direction] | None = None, constraints: Sequence[Bound] = (),
           input: Size | None = None, classes: int | None = None, seed: int = 0,
           sampler: str = "auto", score: str | None = None, screen: str | None = None,
           batch: int | None = None, table: str | Path | Sequence[str | Path] = (),
           table_budget: str | Sequence[str] = (), table_only: bool = False,
           table_halving: int | None = None, table_learn: bool = False,
           warm_start: bool = True, prior: str | None = None, device: Device | None = None,
           predictor: Predictor | None = None, train: TrainOptions | None = None,
           pruner: optuna.pruners.BasePruner | None = None,
           folder: str | Path | None = None, storage: str | None = None, workers: int = 1,
           on_trial: Callable[[Sequence[Trial]], None] = lambda trials: None,
           callbacks: Sequence[Callback] = (),
           should_stop: Callable[[], bool] = lambda: False) -> Result:
    """Search a space for the best network under a hard budget.

    ``space`` is a bundled space, a YAML file, or a genotype with holes; ``budget`` multiply-adds
    (``"300M"``, ``"280M-300M"``) or a `Budget` with more bounds; ``constraints`` are bounds on
    functions of your own (`search.constraint`). An ``objective`` is one of the
    registry (`search.objectives.OBJECTIVES`), or a function; several give a Pareto front.

    A function takes a genotype without holes, and if it takes a second argument, the
    `search.OpenTrial`, to which it may report values on the way and which ``pruner`` (Optuna's
    `MedianPruner`) may stop. It returns a number to be maximised; or several by name, of which
    ``goals`` says which are optimised and how: ``{"accuracy": "maximize"}``. Whatever it raises
    fails the trial, with the reason.

    ``trials`` are all trials of the study (default: 150); after ``time``, a duration as ``"20min"``
    or in seconds, no further one begins in this call, and without ``trials`` it is the only limit.

    All else is as in ``python search/run.py --help``: ``input`` is the edge of the images, or
    (height, width). The study is kept in ``folder`` (default: a folder under ``studies`` in the
    current directory, named after the settings), or with its trials in ``storage``; the same call
    continues it, and the same seed gives the same trials. ``workers`` are processes that evaluate
    networks at the same time, and import a function that is the objective.

    ``on_trial`` is called with all finished trials before the first and after each, ``callbacks``
    as Optuna's are: with its study and each finished trial. A search ends early when
    ``should_stop`` returns true.

    Raises:
        SearchspaceError: the settings contradict each other or name something that is missing, no
        network of the space is inside the budget, or nothing could be evaluated.
    """
    names, function = _objectives(objective, goals or {})
    workers = whole_number("workers", workers, 1)
    bounds = budget if isinstance(budget, Budget) else Budget(budget or None)
    bounds = replace(bounds, own=(*bounds.own, *constraints))
    settings = replace(Request(
        space=space if isinstance(space, Genotype) else str(space), budget=bounds,
        objectives=names, trials=trials, time=time, input=input, classes=classes, seed=seed,
        sampler=sampler, score=score, screen=screen, prior=prior, batch=batch,
        tables=_texts(table), table_budget=_texts(table_budget), table_only=table_only,
        table_halving=table_halving, table_learn=table_learn, warm_start=warm_start,
        train=train).settings(),
        device=device, predictor=predictor, function=function, pruner=pruner)
    if predictor is not None:
        settings = replace(settings, budget=replace(settings.budget,
                                                    predict=predictor.nanoseconds))
    elif bounds.latency is not None:
        raise StudyError("a latency is bounded, and nothing predicts it: predictor="
                         "Predictor(LatencyTable.read(FILE)), of a table that python -m "
                         "search.latency made")
    if not list(settings.budget.bounds):
        raise StudyError("give a budget: search(space, \"300M\"), or Budget(params=\"4M\")")
    try:        # absolute, for what is called may change the current folder
        home = Path(folder if folder is not None else f"studies/{settings.study_name}").absolute()
    except FileNotFoundError:
        raise StudyError("the current folder is gone; give an absolute path as folder") from None
    return _run(settings, home, storage, workers, _Watch(on_trial, callbacks), should_stop)


def _run(settings: Settings, home: Path, storage: str | None, workers: int, watch: "_Watch",
         should_stop: Callable[[], bool]) -> Result:
    with open_study(settings, home, home.resolve().name, storage,
                    alone=storage is None) as study:
        def seen(trials: Sequence[Trial]) -> None:
            watch(study.session.study, trials)

        stopped = study.run(seen, should_stop) if workers == 1 else \
            run_together(study, LOCAL, Resources(workers), seen, should_stop)
        ended = conclude(study, stopped, should_stop=should_stop)
        best = write_results(study, ended, storage)
        members = ended.front.members if ended.front else ()
        front = tuple(trial_genotype(study, t, f"front-{i:03d}")
                      for i, t in enumerate(members, 1)) or (best,)
        return Result(best, front, table_of(ended.trials, study.plan.objectives), home, ended,
                      keep(storage or url_of_file(home.resolve() / FILE)), study.session.name)


class _Watch:
    """Calls what a user wants to be called; ``callbacks`` for each trial that has ended since."""

    def __init__(self, on_trial: Callable[[Sequence[Trial]], None],
                 callbacks: Sequence[Callback]) -> None:
        self.on_trial, self.callbacks = on_trial, callbacks
        self.seen: set[int] | None = None

    def __call__(self, study: optuna.Study, trials: Sequence[Trial]) -> None:
        self.on_trial(trials)
        numbers = {t.number for t in trials}
        if self.seen is not None and self.callbacks:
            fresh = numbers - self.seen
            for one in study.get_trials(deepcopy=False) if fresh else ():
                for callback in self.callbacks if one.number in fresh else ():
                    callback(study, one)
        self.seen = numbers


def _objectives(objective: str | Function | Sequence[str | Function],
                goals: Mapping[str, Direction]) -> tuple[tuple[str, ...], Function | None]:
    """The names of the objectives, and the function among them."""
    given = [objective] if isinstance(objective, str) or callable(objective) else list(objective)
    if not given:
        raise StudyError("nothing is to be searched for: name an objective")
    functions = [one for one in given if not isinstance(one, str)]
    if len(functions) > 1:
        raise StudyError("only one objective can be a function; it may give several values, see "
                         "goals")
    if goals and not functions:
        raise StudyError("goals name the values of a function, and no objective is one")
    kinds = {"maximize": "function", "minimize": "function-cost"}
    for name, direction in goals.items():
        if direction not in kinds:
            raise StudyError(f"the goal {name!r} is 'maximize' or 'minimize', not {direction!r}")
    of_function = [f"{kinds[how]}:{name}" for name, how in goals.items()] or ["function"]
    names = [name for one in given
             for name in ([one] if isinstance(one, str) else of_function)]
    return tuple(names), functions[0] if functions else None


def _texts(given: str | Path | Sequence[str | Path]) -> tuple[str, ...]:
    return tuple(map(str, [given] if isinstance(given, str | Path) else given))
