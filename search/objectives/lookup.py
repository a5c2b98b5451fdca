"""Looking networks up in a table: their values, and those after fewer epochs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.archive import Archive, Evaluation, EvaluationKey
from search.errors import ScoreError
from search.objectives.base import Evaluated, Evaluator, Progress
from search.objectives.cache import archived, evaluated
from search.objectives.candidate import Candidate
from search.objectives.halving import Halving
from search.tables import Selection, Table
from searchspace.space.budget import show_amount


@dataclass(frozen=True)
class Lookup(Evaluator):
    """Looks values of networks up in one column. No weights are drawn."""

    archive: Archive
    study: str
    table: Table
    column: Selection

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """See `Evaluator`."""
        return evaluated(self.evaluation(candidate))

    def evaluation(self, candidate: Candidate) -> Evaluation:
        """The table's value, higher is better; None, with the reason, if the network is missing."""
        def look_up() -> float:
            total = candidate.expansion.cost()
            value = self.table.value(self.column, candidate.identity, total,
                                     candidate.decisions or {})
            if value is None:
                raise ScoreError(f"the table {self.table.file} lacks this network of "
                                 f"{show_amount(total.macs)} MACs and {total.params:,} params")
            return value

        data = f"{self.table.digest} {self.column.text}".rstrip()
        key = EvaluationKey(candidate.identity, "table", data, 0)
        return archived(self.archive, self.study, key, candidate, look_up)


@dataclass(frozen=True)
class RungLookup(Evaluator):
    """Looks a network up as if it was trained: first after few epochs, and after more only if it is
    among the best of those looked up so far. ``lookups``: by the number of epochs, the rungs and
    then the end."""

    lookups: Mapping[int, Lookup]
    halving: Halving

    @property
    def notes(self) -> Sequence[str]:
        """Where trainings are stopped."""
        [*_, (epochs, last)] = self.lookups.items()
        return [f"looked up in {last.table.file}: trainings of {epochs} epochs, "
                f"{self.halving.rungs.described}"]

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """See `Evaluator`; it fails if the table lacks one of the values that are asked for."""
        goes_on = self.halving.goes_on(progress)
        curve: list[float] = []
        for epochs, lookup in self.lookups.items():
            found = lookup.evaluation(candidate)
            if found.value is None:
                reason = found.error if epochs == self.halving.rungs.epochs or not found.error \
                    else f"{found.error}, after {epochs} epochs"
                return Evaluated(None, error=reason)
            curve.append(found.value)
            if epochs < self.halving.rungs.epochs and not goes_on(epochs, found.value):
                break
        self.halving.keep(progress, curve)
        return Evaluated(curve[-1], pruned=len(curve) < len(self.lookups))
