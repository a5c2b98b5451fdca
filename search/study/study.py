"""Search loop: create a trial, propose a network, evaluate it, record the result.

The same seed gives the same trials, interrupted or not: a trial is seeded by (seed, number of
finished trials), the weights of a network by (seed, its identity), and an interrupted trial is
marked failed and repeated. Several workers may run a study at the same time: a network is evaluated
by the one that has claimed it (`search.archive.claims`).
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial

from search.archive import StorageError
from search.archive.connection.locations import FILE, url_of_file
from search.objectives import Candidate, Context, Evaluator
from search.objectives.score import scorer_of
from search.samplers import finished, ordinal
from search.study.evaluation import evaluate
from search.study.neighbours import SpaceExhausted
from search.study.plan import Plan
from search.study.proposer import Enough, Proposer
from search.study.session import Session, continued, open_session
from search.study.settings import Settings, StoredSettings
from search.study.trial import Trial, begin, check_options, end, read
from search.study.worker_recovery import NEEDLESS, cut_off, running
from searchspace.units import show_duration

optuna.logging.set_verbosity(optuna.logging.WARNING)

POLL_S = 0.2            # between looks at what the other workers do


class Study:
    """An open study, made by `open_study`. ``evaluators``: by the names of the objectives."""

    def __init__(self, plan: Plan, session: Session) -> None:
        self.plan, self.session = plan, session
        context = Context(plan.settings, plan.space, plan.objectives, session.archive,
                          session.study, session.folder, session.place, plan.cheapest)
        self.scorer = scorer_of(context)
        self.evaluators: Mapping[str, Evaluator] = {o.name: o.open(context)
                                                    for o in plan.objectives}
        self.proposer = Proposer(plan, session, self.scorer.evaluation)
        self._preparations = [e.prepare for e in self.evaluators.values()]
        self._read: dict[int, Trial] = {}
        self._working = False

    @property
    def is_over(self) -> bool:
        """Whether the time is used up, so that no further trial begins."""
        return self.plan.used >= 1

    def trials(self) -> list[Trial]:
        """The finished trials, in order."""
        return self._finished(self.session.study.get_trials(deepcopy=False))

    def _finished(self, trials: Iterable[FrozenTrial]) -> list[Trial]:
        """The finished ones of some trials, each read once: they do not change any more."""
        found = []
        for trial in trials:
            if finished(trial):
                if (known := self._read.get(trial.number)) is None:
                    known = read(trial)
                    if trial.state.is_finished():
                        self._read[trial.number] = known
                found.append(known)
        return found

    def best(self, count: int) -> list[Trial]:
        """The best trials by the first objective, best first. Where training is the only one, and
        none has ended, the longest trainings, with their accuracies so far."""
        trials, [objective, *others] = self.trials(), self.plan.objectives
        found = [t for t in trials if t.values]
        if not found and not others:
            latest = {t.identity: t for t in trials if t.curve}
            found = [replace(t, values=t.curve[-1:]) for t in latest.values()]
        return sorted(found, key=lambda t: (-t.epochs, objective.loss(t.value or 0.0),
                                            t.number))[:count]

    def prepare(self, note: Callable[[str], None] = lambda text: None,
                should_stop: Callable[[], bool] = lambda: False) -> None:
        """Do what objectives need before the first trial; see `Evaluator.prepare`."""
        for prepare in self._preparations:
            prepare(note, should_stop)

    def run(self, on_trial: Callable[[list[Trial]], None],
            should_stop: Callable[[], bool] = lambda: False) -> str | None:
        """Run trials until there are enough, the time is over, or ``should_stop`` returns true;
        ``on_trial`` is called with all finished trials before the first and after each. Returns
        the reason if there are fewer than requested: the space is exhausted, or the time over."""
        session, settings = self.session, self.plan.settings
        wanted = math.inf if settings.trials is None else settings.trials
        session.study.set_user_attr("trials", settings.trials)    # for search/status.py and others
        if not self._working:           # and until the study is closed
            session.work()
            self._working = True
        self.prepare(should_stop=should_stop)
        while True:
            trials = session.recover()
            done = self._finished(trials)
            on_trial(done)
            if len(done) >= wanted or should_stop():
                break
            if self.is_over:
                session.dismiss_dead()
                return f"the time of {show_duration(settings.time or 0)} is over"
            try:
                if len(done) + len(running(trials)) >= wanted:
                    raise Enough
                self.run_trial()
            except (SpaceExhausted, Enough) as reason:
                if isinstance(reason, SpaceExhausted) and \
                        not running(session.study.get_trials(deepcopy=False)):
                    return str(reason)
                time.sleep(POLL_S)      # trials of other workers may be cut off and need repeating
        session.dismiss_dead()
        return None

    def run_trial(self) -> None:
        """Create one trial and evaluate it; if that fails, the trial is marked as cut off."""
        session = self.session
        trial = session.study.ask()
        try:
            before = ordinal(session.study, trial.number)
            end(session, trial, evaluate(self.begin(trial, before), trial, before,
                                         self.plan.objectives, self.evaluators))
        except optuna.exceptions.UpdateFinishedTrialError:
            pass                        # another worker marked the trial failed and repeats it
        except StorageError:
            raise                       # the database cannot be written to
        except BaseException as error:
            reason = "Ctrl-C" if isinstance(error, KeyboardInterrupt) else str(error)
            if isinstance(error, Enough | SpaceExhausted):
                reason = f"{NEEDLESS}: {error}"
            cut_off(session.study, session.storage.get_trial(trial._trial_id), reason)
            raise

    def begin(self, trial: optuna.Trial, ordinal: int) -> Candidate:
        """Choose and record the network of a trial; ``ordinal``: number of trials before it."""
        proposal = self.proposer.propose(trial, ordinal)
        attributes = {key: value for o in self.plan.objectives
                      for key, value in o.attributes.items()}
        begin(trial, self.session.storage, proposal, self.plan.settings, attributes)
        return self.proposer.candidate(proposal, f"{self.session.name} trial {trial.number}",
                                       trial.number)

    def abandon(self, reason: str) -> None:
        """Cut off the trials of workers that were stopped on purpose."""
        self.session.recover(reason=reason)


@contextmanager
def open_study(settings: Settings, folder: Path, name: str, url: str | None = None,
               alone: bool = True) -> Iterator[Study]:
    """Open a study, made where it is new; see `open_session`.

    Raises:
        SearchspaceError: it cannot be made or continued with these settings.
    """
    url = url or url_of_file(folder / FILE)
    plan = Plan.of(continued(settings.resolved(), url, name))
    with open_session(plan, folder, name, url, alone) as session:
        StoredSettings.of(session.study.user_attrs, str(folder)).check_goals(
            session.study.directions, str(folder))
        study = Study(plan, session)
        check_options(((t.number, t.decisions) for t in study.trials()), plan.proposed)
        yield study
