"""A study run by several workers, from the command line or a program."""

import pickle
from collections.abc import Callable, Sequence

from search.errors import StudyError
from search.launchers import LAUNCHERS, Resources
from search.launchers.local import share
from search.launchers.worker import WorkerJob
from search.study import Study
from search.study.trial import Trial

LOCAL = "local"


def run_together(study: Study, launcher: str, resources: Resources,
                 on_trial: Callable[[list[Trial]], None], stop: Callable[[], bool]) -> str | None:
    """Run a study's trials by workers; see `Study.run`.

    Raises:
        StudyError: they cannot be started, die repeatedly, or would disturb each other.
    """
    exclusive = [o.name for o in study.plan.objectives if o.exclusive]
    if launcher == LOCAL and exclusive:
        raise StudyError(f"{exclusive[0]} is evaluated by one worker at a time: others on this "
                         "machine would disturb it")

    def show() -> int:
        trials = study.trials()
        on_trial(trials)
        return len(trials)

    session = study.session
    job = WorkerJob(study.plan.settings, session.folder.resolve(), session.name, session.url,
                    share(resources.workers) if launcher == LOCAL else resources.cpus)
    _check_functions(job)
    try:
        LAUNCHERS[launcher](resources).run(job, show, lambda: stop() or study.is_over)
    except KeyboardInterrupt:
        study.abandon("Ctrl-C")
        raise
    # Runs what is left, if anything, and returns why there can be no more.
    return study.run(on_trial, stop)


def _check_functions(job: WorkerJob) -> None:
    """Raise StudyError if a function of the user's cannot be imported by another process."""
    settings = job.settings
    functions: Sequence[object] = [settings.function, *(
        bound.measure.function for bound in settings.budget.own
        if hasattr(bound.measure, "function"))]
    for function in filter(None, functions):
        name = getattr(function, "__qualname__", type(function).__qualname__)
        try:
            pickle.dumps(function)
            local = getattr(function, "__module__", None) == "__main__"
        except Exception:       # pickle raises many kinds
            local = True
        if local:
            raise StudyError(f"workers are other processes, which import {name!r}: define it at "
                             "the top of a module, and not in the script that is run or in "
                             "another function")
