"""A search without a database: samplers propose and get results as in a study, and are timed."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import optuna

from search.samplers import PassiveSampler, Sampler, distribution, proposals
from search.seeds import derive
from search.study.feasibility import known_inside
from search.study.neighbours import Region, SpaceExhausted
from search.study.projection import Proposal, settle
from searchspace import Genotype
from searchspace.space.budget import Budget
from searchspace.space.descent import lowest


@dataclass(frozen=True, slots=True)
class Step:
    """A trial; ``sampler`` and ``budget`` are the seconds that the proposal took, and that bringing
    it to the budget and making sure that it is new did."""

    proposal: Proposal
    value: float
    sampler: float
    budget: float


def drive(space: Genotype, sampler: Sampler, budget: Budget, seed: int,
          value: Callable[[Proposal], float], trials: int) -> Iterator[Step]:
    """The trials of a search; fewer where the space is used up."""
    cheapest = known_inside(space, budget, space.name) if budget.known else \
        lowest(space, budget.excess)
    region = Region(space, budget, cheapest)
    seen: list[str] = []

    study = optuna.create_study(sampler=PassiveSampler(sampler), direction="maximize")
    for _ in range(trials):
        begin = time.process_time()
        trial = study.ask()
        frozen = study._storage.get_trial(trial._trial_id)
        first = proposals(sampler, study, frozen, seed, len(seen))(0)
        taken = time.process_time() - begin
        begin = time.process_time()
        rng = random.Random(derive(seed, "bring", len(seen)))
        try:
            proposal = settle(region, first, frozenset(seen), rng)
        except SpaceExhausted:
            return
        brought = time.process_time() - begin
        at = proposal.point
        for name, label in at.sampled.items():
            wanted = distribution(at.holes[name])
            study._storage.set_trial_param(trial._trial_id, name, wanted.to_internal_repr(label),
                                           wanted)
        for attribute, content in (("decisions", at.decisions), ("identity", proposal.identity),
                                   ("macs", at.cost.macs), ("params", at.cost.params)):
            trial.set_user_attr(attribute, content)
        result = value(proposal)
        study.tell(trial, result)
        seen.append(proposal.identity)
        yield Step(proposal, result, taken, brought)
