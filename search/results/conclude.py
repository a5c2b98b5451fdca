"""The end of a search: the final comparison, the chosen network, and the files of the study."""

from collections import Counter
from collections.abc import Callable

from search.errors import StudyError
from search.results.files import (
    write_best,
    write_finals,
    write_front,
    write_retrained,
    write_trials,
)
from search.results.final_comparison import TOP, FinalResult, contestants, rescore, verdict
from search.results.learned import told
from search.results.outcome import Outcome, outcome
from search.results.read import read_study
from search.results.retraining import retrain
from search.results.retraining import verdict as verdict_of_trainings
from search.storage.dashboard import FOLDER, attach
from search.study import Study
from search.study.settings import DEFAULT
from search.study.trial import Trial
from searchspace import Genotype
from searchspace.phases import phase
from searchspace.safety.files import write_file
from viz.drawing.render import draw
from viz.pages.study import write_report


class NothingScoredError(StudyError):
    """A search ended without a value for any network."""


@phase("reporting")
def conclude(study: Study, stopped: str | None = None,
             note: Callable[[str], None] = lambda text: None,
             should_stop: Callable[[], bool] = lambda: False) -> Outcome:
    """The outcome of a search whose trials have ended; ``stopped``: the reason if there were fewer
    than requested. The best networks and the published ones are re-scored, if the score is the
    objective; if training is, the best are trained again. ``note`` is called with a line before
    each.

    Raises:
        NothingScoredError: no trial has a value.
    """
    trials, settings = study.trials(), study.plan.settings
    if not study.best(1):
        raise NothingScoredError("interrupted before the first score" if should_stop() else
                                 f"nothing could be scored: {_why(trials, stopped)}")
    results: list[FinalResult] = []
    if settings.objectives == DEFAULT:
        entries = contestants(study.plan.space, study.best(TOP), settings)
        for i, entry in enumerate(entries):
            if should_stop():
                break
            note(f"scoring again {i + 1}/{len(entries)}: {entry.name}")
            if (result := rescore(entry, study.scorer, settings)) is not None:
                results.append(result)
    retrained = retrain(study, note, should_stop)
    return outcome(study, trials, results, retrained, stopped, should_stop())


def _why(trials: list[Trial], stopped: str | None) -> str:
    """Why no trial has a value: the most frequent reason."""
    errors = [t.error for t in trials if t.error]
    if not errors:
        return stopped or "no trial has ended"
    [(most, count)] = Counter(errors).most_common(1)
    return most + (f" ({count} of {len(errors)} failures)" if len(errors) > 1 else "")


@phase("reporting")
def write_results(study: Study, ended: Outcome, url: str | None = None) -> Genotype:
    """Write the files of a study into its folder, its report among them; returns the best network.
    ``url``: its database, if that is not the one in the folder."""
    session, plan = study.session, study.plan
    folder = session.folder
    with session.writing():
        genotype = write_best(study, ended, folder / "best.yaml")
        write_file(folder / "best.svg", draw(genotype))
        attach(session.study, folder / "best.svg", folder / FOLDER)
        write_trials(ended.trials, folder / "trials.csv", plan.objectives, ended.front)
        if ended.front:
            write_front(study, ended.front, folder)
        if plan.settings.objectives == DEFAULT:
            write_finals(ended.results, plan.settings, folder / "finals.csv")
        if ended.retrained:
            write_retrained(ended.retrained, folder / "retrained.csv")
        if ended.results or ended.retrained:
            session.study.set_user_attr("verdict", verdict(ended.results, plan.settings)
                                        if ended.results else verdict_of_trainings(ended.retrained))
        write_report(told(read_study(folder, url)), folder / "report.html")
    return genotype
