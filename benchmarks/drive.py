"""A search without a database: samplers are asked and told as in a study, and the clock runs."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import optuna

from search.nearest import Region, SpaceExhausted
from search.propose import Proposal, settle
from search.samplers import BudgetSampler, Sampler, derive
from searchspace import Genotype
from searchspace.budget import Budget
from searchspace.space import Point, Propose, lowest


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
    region = Region(space, budget, lowest(space, budget.excess))
    seen: list[str] = []
    found: list[tuple[Proposal, float]] = []

    def bring(proposals: Callable[[int], Propose]) -> Point:
        begin = time.process_time()
        rng = random.Random(derive(seed, "bring", len(seen)))
        proposal = settle(region, proposals(0), frozenset(seen), rng)
        found.append((proposal, time.process_time() - begin))
        return proposal.point

    study = optuna.create_study(sampler=BudgetSampler(sampler, seed, bring), direction="maximize")
    for _ in range(trials):
        begin = time.process_time()
        try:
            trial = study.ask()
        except SpaceExhausted:
            return
        taken = time.process_time() - begin
        proposal, brought = found[-1]
        at = proposal.point
        for hole in at.sampled:
            trial.suggest_categorical(hole, at.holes[hole].labels)
        for attribute, content in (("decisions", at.decisions), ("identity", proposal.identity),
                                   ("macs", at.cost.macs), ("params", at.cost.params)):
            trial.set_user_attr(attribute, content)
        result = value(proposal)
        study.tell(trial, result)
        seen.append(proposal.identity)
        yield Step(proposal, result, taken - brought, brought)
