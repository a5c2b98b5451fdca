"""The candidate pool of a space that is too large to enumerate (`Candidates`).

The model sees the graphs of networks, as `search.surrogate` does, and their decisions.
"""

from collections.abc import Sequence

import numpy as np

from search.samplers.base import Past, SamplingTask
from search.samplers.gp.candidates import Candidate, Candidates
from search.samplers.gp.features import Array, Encoder
from search.samplers.gp.pools import CandidatePool, dearer
from search.samplers.surroundings import Decided
from search.surrogate.columns import Columns
from search.surrogate.features import Named
from search.surrogate.model import PRIOR
from searchspace import GenotypeError
from searchspace.expansion import trace

WEIGHT = 2.0        # of decisions: the greatest distance of two networks by these alone


class Neighbourhood(CandidatePool):
    """Random networks and neighbours of the best; what it keeps are caches."""

    prior = PRIOR

    def __init__(self, task: SamplingTask) -> None:
        self.task, self.source = task, Candidates(task)
        self.columns = Columns.of([one.features for one in self.source.random])
        holes = {n: h for one in self.source.random for n, h in one.at.holes.items()}
        self.encoder = Encoder({n: h for n, h in sorted(holes.items()) if h.kind != "solve"})
        self.groups = [0] * len(self.columns.names) + [1] * len(self.encoder.groups)
        self.rows: dict[str, Array] = {}
        self.renew([])

    def renew(self, best: Sequence[Past]) -> None:
        found = self.source.around({p.identity: p.decisions for p in best})
        self.candidates = list(found.values())
        self.features = self._table([self._row(one) for one in self.candidates])

    def start(self) -> Sequence[int]:
        return dearer([one.at.macs for one in self.source.random])

    def observed(self, past: Sequence[Past]) -> Array:
        return self._table([self._scored(p) for p in past])

    def prior_mean(self, features: Array) -> Array:
        return self.columns.prior_mean(features[:, :len(self.columns.names)])

    def probes(self, count: int) -> tuple[list[Decided], Array]:
        some = self.source.random[:count]
        return [one.at.decisions for one in some], self._table([self._row(one) for one in some])

    def pick(self, order: Sequence[int], past: Sequence[Past]) -> Decided | None:
        seen = {p.identity for p in past}
        return next((self.candidates[i].at.sampled for i in order
                     if self.candidates[i].identity not in seen), None)

    def _table(self, rows: Sequence[Array]) -> Array:
        return np.array(rows).reshape(len(rows), len(self.groups))

    def _row(self, one: Candidate) -> Array:
        if one.identity not in self.rows:
            self.rows[one.identity] = self._joined(one.features, one.at.decisions)
        return self.rows[one.identity]

    def _scored(self, past: Past) -> Array:
        """The features of a scored network; those of the average one if the space has changed, so
        that it is no longer one of its networks."""
        if past.identity not in self.rows:
            try:
                features = self.source.describe(trace(self.task.space, past.decisions))
            except GenotypeError:
                return np.zeros(len(self.groups))
            self.rows[past.identity] = self._joined(features, past.decisions)
        return self.rows[past.identity]

    def _joined(self, features: Named, decisions: Decided) -> Array:
        scale = WEIGHT / len(self.encoder.holes) ** 0.5
        return np.concatenate([self.columns([features])[0], scale * self.encoder([decisions])[0]])
