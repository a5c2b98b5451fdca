"""What a search against the predicted accuracy ends with looks like what was published."""

import random

import pytest

from search.objectives.score import of_graph
from search.objectives.usual import PREDICTED
from search.predictors.digest import digest
from search.samplers import SamplingTask
from search.samplers.screening import Screening
from searchspace import load
from searchspace.expansion import trace
from searchspace.space.budget import Budget
from searchspace.space.descent import lowest
from searchspace.space.fill import free
from searchspace.space.known_networks import known_networks
from searchspace.space.point import first, point
from searchspace.space.solver import bring


@pytest.mark.slow
@pytest.mark.parametrize("macs", [150_000_000, 300_000_000])
def test_what_is_found_has_its_multiply_adds_where_published_networks_have_them(macs: int) -> None:
    """Published networks of 100 to 700 M: 1 to 33 % at 1/32, 9 to 54 % at 1/16 of the edge; of
    these budgets 1.7 M to 6.9 M parameters."""
    space, budget = load("mobile"), Budget(macs)
    low = lowest(space, lambda p: p.macs)
    known = tuple(bring(space, point(space, first, k.decisions), budget, random.Random(0), low)
                  for k in known_networks(space))
    task = SamplingTask(free(space), budget, quick=of_graph(space, PREDICTED), start=known,
                        widths=("w",))
    found = Screening(task).ranking[0]
    of = digest(found.expansion)
    assert 0.05 <= of.macs_at[4] / of.macs <= 0.42 and 0.09 <= of.macs_at[3] / of.macs <= 0.54
    stages: dict[str, int] = {}
    for node in trace(space, found.decisions).nodes:
        top = node.calls[0].name if node.calls else node.name
        stages[top] = stages.get(top, 0) + node.cost.macs
    assert max(stages.values()) < of.macs / 2
    assert 1_700_000 <= of.params <= 6_900_000
