"""Counts of accepted, projected and replaced proposals, and how far they were moved."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from search.study.trial import Trial


@dataclass(frozen=True, slots=True)
class Proposals:
    """Counts over a search, without the networks of the warm start.

    ``made`` = ``scored`` + proposals that are invalid, cannot be projected into the budget, or
    cannot be scored. Of the scored ones ``kept`` are unchanged, ``moved`` were projected into the
    budget, and ``replaced`` are the nearest new network instead of one scored already. ``share``
    and ``rank`` are the median distances of all scored ones, see `Distance`.
    """

    made: int
    scored: int
    kept: int
    moved: int
    replaced: int
    share: float
    rank: float


def count(trials: Sequence[Trial]) -> Proposals:
    """The counts over some trials."""
    proposed = [t for t in trials if t.start is None]
    scored = [t for t in proposed if t.error is None]
    replaced = sum(t.replaced for t in scored)
    kept = sum(t.changed == 0 and t.lost == 0 and not t.replaced for t in scored)
    return Proposals(
        len(proposed) + sum(t.lost for t in proposed), len(scored), kept,
        len(scored) - kept - replaced, replaced,
        statistics.median(t.share for t in scored) if scored else 0.0,
        statistics.median(t.rank for t in scored) if scored else 0.0)


def summary(trials: Sequence[Trial]) -> str:
    """The counts in one sentence."""
    c = count(trials)
    if not c.made:
        return "no proposals"
    return (f"{c.made} proposals, {c.scored / c.made:.1%} scored: {c.kept} as proposed, {c.moved} "
            f"moved to the budget, {c.replaced} replaced by the nearest new network; median "
            f"distance {c.share:.0%} of the decisions, {c.rank:.2f} of an ordered hole's range")
