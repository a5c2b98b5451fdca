"""Candidate pools: the networks inside the budget that the model chooses among, with features."""

from collections.abc import Sequence
from typing import Protocol

from search.gaussian_process import Prior
from search.samplers.base import Past
from search.samplers.gp.features import Array
from search.samplers.surroundings import Decided


class CandidatePool(Protocol):
    """Candidates by number; the numbers are valid until the next `renew`."""

    groups: Sequence[int]       # the group of each column of the features
    prior: Prior                # of the model over them
    features: Array             # one row a candidate

    def renew(self, best: Sequence[Past]) -> None:
        """Set the candidates for the next trial; in a large space many are near the first of the
        scored networks, ``best`` first."""

    def start(self) -> Sequence[int]:
        """The candidates among which a search begins."""

    def observed(self, past: Sequence[Past]) -> Array:
        """Features of scored networks, shape (networks, columns)."""

    def prior_mean(self, features: Array) -> Array:
        """What is expected of networks before any was scored, in standard deviations of the value,
        shape (networks,)."""

    def probes(self, count: int) -> tuple[list[Decided], Array]:
        """At most ``count`` random networks inside the budget with their features; the same in each
        call."""

    def pick(self, order: Sequence[int], past: Sequence[Past]) -> Decided | None:
        """The decisions of the first candidate in ``order`` that was not scored, else None."""


def dearer(macs: Sequence[int]) -> list[int]:
    """Numbers of the dearer half of the candidates, cheapest first: networks with more computation
    tend to be better, so a search begins there."""
    return sorted(range(len(macs)), key=lambda i: macs[i])[len(macs) // 2:]
