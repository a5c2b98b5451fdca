"""A search as a library call: what `search/run.py` does, without its console.

    from search import search

    found = search("mobile", "60M", input=96, trials=100)
    found.best          # a genotype: cost(found.best), build(found.best)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from search.latency import Device, Predictor
from search.objectives import named
from search.objectives.known_costs import bounded
from search.objectives.table import of_table
from search.objectives.usual import usual_score
from search.results.conclude import conclude, write_results
from search.results.files import trial_genotype
from search.results.outcome import Outcome
from search.scores.base import usual_batch
from search.scores.registry import find_score
from search.study import open_study
from search.study.settings import DEFAULT, Settings, space_of
from search.study.trial import Trial
from search.tables import find_tables
from search.training.options import TrainOptions
from searchspace import Genotype
from searchspace.space.budget import Budget

Function = Callable[[Genotype], float]


@dataclass(frozen=True)
class Result:
    """Result of a search. ``best``: the network of `best.yaml`; ``front``: with several objectives
    the Pareto front, sorted by the first one, else only the best network. ``trials`` in order;
    ``folder`` holds the report and all files."""

    best: Genotype
    front: tuple[Genotype, ...]
    trials: tuple[Trial, ...]
    folder: Path
    outcome: Outcome


def search(space: str | Path, budget: str | Budget,
           objective: str | Function | Sequence[str | Function] = DEFAULT, trials: int = 150, *,
           input: int = 224, classes: int | None = None, seed: int = 0, sampler: str = "auto",
           score: str | None = None, screen: str | None = None, batch: int | None = None,
           table: str | Sequence[str] = (), table_budget: str | Sequence[str] = (),
           table_only: bool = False,
           warm_start: bool = True, prior: str | None = None, device: Device | None = None,
           predictor: Predictor | None = None, train: TrainOptions | None = None,
           folder: str | Path | None = None, storage: str | None = None,
           on_trial: Callable[[Sequence[Trial]], None] = lambda trials: None,
           should_stop: Callable[[], bool] = lambda: False) -> Result:
    """Search a space for the best network under a hard budget.

    ``space`` is a bundled space or a YAML file; ``budget`` multiply-adds (``"300M"``,
    ``"280M-300M"``) or a `Budget` with more bounds. An ``objective`` is one of the registry
    (`search.objectives.OBJECTIVES`), or a function that takes a genotype without holes and returns
    a number to be maximised; several give a Pareto front. ``input`` is the edge of the images in
    pixels. All else is as in ``python search/run.py --help``.

    The study is kept in ``folder`` (default: a folder under ``studies`` in the current directory,
    named after the settings), or with its trials in ``storage``; the same call continues it, and
    the same seed gives the same trials. ``on_trial`` is called with all finished trials before the
    first and after each; a search ends early when ``should_stop`` returns true.

    Raises:
        SearchspaceError: the settings contradict each other or name something that is missing, no
        network of the space is inside the budget, or nothing could be evaluated.
    """
    given = [objective] if isinstance(objective, str) or callable(objective) else list(objective)
    functions = [goal for goal in given if not isinstance(goal, str)]
    goals = tuple(o.name for o in named(
        [goal if isinstance(goal, str) else "function" for goal in given]))
    bounds = budget if isinstance(budget, Budget) else Budget.read(budget)
    settings = bounded(Settings(
        space=str(space), budget=bounds, input=input, seed=seed, sampler=sampler, trials=trials,
        batch=batch or usual_batch(input), classes=classes, objectives=goals,
        table=find_tables(str(space), [table] if isinstance(table, str) else table)
        if of_table(goals) or table_budget else (),
        warm_start=warm_start, prior=prior, device=device,
        score=find_score(score).name if score else
        usual_score(space_of(str(space), input, classes))[0],
        screen=find_score(screen).name if screen else None,
        predictor=predictor, train=train, function=functions[0] if functions else None),
        [table_budget] if isinstance(table_budget, str) else table_budget, table_only)
    home = Path(folder) if folder is not None else Path("studies") / settings.study_name
    with open_study(settings, home, home.resolve().name, storage,
                    alone=storage is None) as study:
        stopped = study.run(on_trial, should_stop)
        ended = conclude(study, stopped, should_stop=should_stop)
        best = write_results(study, ended, storage)
        members = ended.front.members if ended.front else ()
        front = tuple(trial_genotype(study, t, f"front-{i:03d}")
                      for i, t in enumerate(members, 1)) or (best,)
    return Result(best, front, tuple(ended.trials), home, ended)
