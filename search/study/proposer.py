"""Choice of the network of a trial: an interrupted one, a starting one, or a new proposal."""

import math
import random
from collections import Counter
from collections.abc import Callable, Set
from dataclasses import replace

import optuna
from optuna.trial import TrialState

from search.archive import Evaluation
from search.archive.claims import Held
from search.objectives import Candidate, CostObjective
from search.samplers import finished, proposals, snapshot
from search.seeds import derive
from search.study.plan import Plan
from search.study.projection import Proposal, most_promising, several
from search.study.session import Session
from search.study.worker_recovery import is_settled, may_go_on, to_retry
from searchspace.phases import phase


class Enough(Exception):
    """The requested number of trials is finished, or being evaluated by other workers."""


class Proposer:
    """Proposes networks inside the budget that no trial has evaluated, and claims each, so that no
    other worker evaluates it. ``score`` rates a network before it is trained.
    """

    def __init__(self, plan: Plan, session: Session,
                 score: Callable[[Candidate], Evaluation]) -> None:
        self.plan, self.session, self.score = plan, session, score

    @phase("proposing")
    def propose(self, trial: optuna.Trial, ordinal: int) -> Proposal:
        """The network of a trial; ``ordinal`` is the number of trials before it.

        Raises:
            Enough: the requested number of trials is reached. SpaceExhausted: no new network is
            left. BudgetError: none could be brought inside the budget.
        """
        plan, session = self.plan, self.session
        if plan.settings.trials is not None and ordinal >= plan.settings.trials:
            raise Enough("others evaluate the last trials")
        rng = random.Random(derive(plan.settings.seed, "bring", ordinal))
        trials = snapshot(session.study)
        tried = [t for t in trials
                 if is_settled(t) and (finished(t) or t.state == TrialState.RUNNING)]
        before = Counter(t.user_attrs["identity"] for t in tried)
        paused = may_go_on(tried)
        taken: set[str] = set()                     # by workers that were faster
        while True:
            seen = frozenset(before.keys() - paused | taken)
            known = (p for p in plan.start.proposals if p.identity not in before.keys() | taken)
            proposal = next(to_retry(trials, plan.proposed, seen), None) or \
                self._for_so_long(next(known, None)
                                  or self._new(trial, ordinal, seen, rng, paused - taken),
                                  trial, ordinal)
            parts = before[proposal.identity]       # of its training that are done
            held = session.claims.claim(f"{session.name} {proposal.identity}"
                                        + f" part {parts + 1}" * bool(parts))
            if held == Held.NEW or (held and self._finished(proposal.identity) <= parts):
                return proposal
            taken.add(proposal.identity)

    def candidate(self, proposal: Proposal, name: str, trial: int | None = None) -> Candidate:
        """The network of a proposal; its weights depend on its identity and the seed only."""
        settings = self.plan.settings
        return Candidate(self.plan.space, proposal.point.decisions, settings.input,
                         derive(settings.seed, "weights", proposal.identity), name, trial,
                         proposal.identity)

    def _finished(self, identity: str) -> int:
        """How often a network was evaluated, perhaps by the worker that had the claim to it."""
        return sum(finished(t) and t.user_attrs["identity"] == identity
                   for t in self.session.study.get_trials(deepcopy=False))

    def _for_so_long(self, proposal: Proposal, trial: optuna.Trial, ordinal: int) -> Proposal:
        """The proposal with the epochs that the sampler gives it, if it decides that."""
        seed = derive(self.plan.settings.seed, "sampler", ordinal)
        return replace(proposal, until=self.session.sampler.until(
            self.session.study, trial._cached_frozen_trial, seed, proposal.identity))

    def _new(self, trial: optuna.Trial, ordinal: int, seen: frozenset[str],
             rng: random.Random, paused: Set[str]) -> Proposal:
        """The sampler's proposal; of several per trial, the most promising one."""
        settings = self.plan.settings
        among = settings.train.among if settings.train else 1
        nth = proposals(self.session.sampler, self.session.study, trial._cached_frozen_trial,
                        settings.seed, ordinal)
        with self.session.storage.still():
            found = several(self.plan.region, nth, among, seen, rng, paused)
        return most_promising(found, self._losses)

    def _losses(self, proposal: Proposal) -> tuple[float, ...]:
        """A network's losses before it is trained: the score in place of the accuracy, and the
        costs that are objectives."""
        seen = self.score(self.candidate(proposal, f"{self.session.name}, proposed"))
        score = -math.inf if seen.value is None else seen.value
        costs = (o for o in self.plan.objectives if isinstance(o, CostObjective))
        return (-score, *(float(o.measure(proposal.point.expansion)) for o in costs))
