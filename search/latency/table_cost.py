"""A cost of networks that a table lacks, learned from those that it has."""

import math
import random
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from search.latency.graph_features import graph_features
from search.latency.learned import LEAST, LearnedCost
from search.tables import Table, TableError
from search.tables.costs import KnownCost
from searchspace import Genotype
from searchspace.expansion import trace
from searchspace.notation.holes import Decisions
from searchspace.notation.tree import Atom
from searchspace.text import counted

Array = NDArray[np.float64]

MOST = 300          # networks that are learned from; of more, random ones
KEPT = 10_000       # predictions that are remembered


class LearnedColumn:
    """The cost of networks by a column of a table, as `searchspace.space.budget.Measure`: what was
    measured, of a network of which the table has none what `LearnedCost` predicts, at least 0;
    infinite where the table says that it cannot be measured, by a number below 0. Of a finished
    trial what it was then is known."""

    def __init__(self, known: KnownCost, learned: LearnedCost) -> None:
        self.known, self.learned = known, learned
        self._predicted: dict[frozenset[tuple[str, Atom]], float] = {}

    @classmethod
    def of(cls, table: Table, column: str, space: Genotype) -> Self:
        """Learned from a table for a search of ``space``; once in a process, as long as the table
        is the same.

        Raises:
            TableError: there is no such column, or too few networks have a number in it; the table
            is about another spelling of the space.
        """
        if table.space.document != space.document:
            raise TableError(f"{table.file} is about another spelling of the space, in which what "
                             "it lacks cannot be predicted")
        known = KnownCost(table, table.select(column))
        key = table.digest, known.column.name
        if key not in _LEARNED or _LEARNED[key][0] is not table:
            _LEARNED[key] = table, _learn(known)
        return cls(known, _LEARNED[key][1])

    @property
    def column(self) -> str:
        """The column's name."""
        return self.known.column.name

    def __deepcopy__(self, memo: dict[int, Any]) -> "LearnedColumn":
        """Itself: it does not change."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """For a worker, which reads the files itself, and need not learn again."""
        return LearnedColumn, (self.known, self.learned)

    def __call__(self, network: Any) -> float:
        """The cost of a point or a trial; infinite if it has none."""
        then: dict[str, float] = getattr(network, "own", {})
        if self.column in then:
            return then[self.column]
        value, _ = self.cost(network.decisions)
        return math.inf if value is None else value

    def cost(self, decisions: Decisions) -> tuple[float | None, str]:
        """The cost of the network of these decisions; else None, and the reason."""
        if self.is_known(decisions):
            return self.known.feasible(self.known.table.own(decisions))
        key = frozenset(decisions.items())
        if key not in self._predicted:
            if len(self._predicted) >= KEPT:
                self._predicted.clear()
            found = self.learned([graph_features(trace(self.known.table.space, decisions))])
            self._predicted[key] = max(0.0, float(found[0]))
        return self._predicted[key], ""

    def is_known(self, decisions: Decisions) -> bool:
        """Whether the table has a number for the network of these decisions."""
        return self.known.column.mean(self.known.table.own(decisions)) is not None

    @property
    def note(self) -> str:
        """How good it is, for the user: each measured network predicted from all others."""
        learned = self.learned
        truth, found = learned.measured, learned.left_out()
        rank = float(spearmanr(truth, found).statistic) if np.ptp(truth) else math.nan
        near = float(np.mean(np.abs(found - truth) <= 0.1 * truth))
        return (f"{self.column}, where there is none in {self.known.table.file}, is predicted from "
                f"{counted(len(truth), 'measured network')}: each of these from all others with a "
                f"rank correlation of {rank:.2f}, {near:.0%} within 10 %")


_LEARNED: dict[tuple[str, str], tuple[Table, LearnedCost]] = {}


def _learn(known: KnownCost) -> LearnedCost:
    """The model of the networks that have a cost."""
    table = known.table
    costs = {i: cost for i in range(len(table.rows))
             if (cost := known.feasible([i])[0]) is not None}
    if len(costs) < LEAST:
        raise TableError(f"the table {table.file} has the {known.column.name} of "
                         f"{counted(len(costs), 'network')}; it is learned from {LEAST} or more")
    rows = list(costs)
    if len(rows) > MOST:
        rows = sorted(random.Random(0).sample(rows, MOST))
    return LearnedCost.fit([graph_features(trace(table.space, table.rows[i].decisions))
                            for i in rows], [costs[i] for i in rows])
