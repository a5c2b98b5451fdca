"""A search as a library call: what `search/run.py` does, without its console.

    from search import search

    found = search("mobile", "60M", input=96, trials=100)
    found.best          # a genotype: cost(found.best), build(found.best)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from search.latency import Device, Predictor
from search.results.conclude import conclude, write_results
from search.results.files import trial_genotype
from search.results.outcome import Outcome
from search.study import open_study
from search.study.request import Request
from search.study.settings import DEFAULT
from search.study.trial import Trial
from search.training.options import TrainOptions
from searchspace import Genotype
from searchspace.sizes import Size
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


def search(space: str | Path | Genotype, budget: str | Budget,
           objective: str | Function | Sequence[str | Function] = DEFAULT, trials: int = 150, *,
           input: Size | None = None, classes: int | None = None, seed: int = 0,
           sampler: str = "auto",
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
    settings = replace(Request(
        space=space if isinstance(space, Genotype) else str(space),
        budget=budget if isinstance(budget, Budget) else Budget.read(budget),
        objectives=tuple(goal if isinstance(goal, str) else "function" for goal in given),
        trials=trials, input=input, classes=classes, seed=seed, sampler=sampler, score=score,
        screen=screen, prior=prior, batch=batch,
        tables=(table,) if isinstance(table, str) else tuple(table),
        table_budget=(table_budget,) if isinstance(table_budget, str) else tuple(table_budget),
        table_only=table_only, warm_start=warm_start, train=train).settings(),
        device=device, predictor=predictor, function=functions[0] if functions else None)
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
