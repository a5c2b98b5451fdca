"""Candidate: a network to be evaluated."""

from dataclasses import dataclass
from functools import cached_property

from search.archive import NetworkRecord
from searchspace import Genotype, fill, to_yaml
from searchspace.cost import peak
from searchspace.expansion import Expansion, trace
from searchspace.identity import identity
from searchspace.notation.holes import Decisions
from searchspace.shapes import Size, sides


@dataclass(frozen=True)
class Candidate:
    """A network: a genotype, or a search space under ``decisions``.

    ``size`` is that of its images; its weights are drawn from ``seed``.
    ``name`` is its name in the archive, by default the genotype's; ``trial`` the number of the
    trial that evaluates it, None outside of one; ``known`` its identity, where that is known.
    """

    genotype: Genotype
    decisions: Decisions | None
    size: Size
    seed: int
    name: str | None = None
    trial: int | None = None
    known: str | None = None

    @cached_property
    def expansion(self) -> Expansion:
        """Its operations with their shapes and costs; no torch.

        Raises:
            GenotypeError: an open hole, or steps that do not fit each other.
        """
        return trace(self.genotype, self.decisions)

    @cached_property
    def identity(self) -> str:
        """Its hash, see `searchspace.identity`."""
        return self.known or identity(self.genotype, self.decisions)

    def record(self) -> NetworkRecord:
        """Its record for the archive."""
        total = self.expansion.cost()
        return NetworkRecord(
            to_yaml(fill(self.genotype, self.decisions or {})), self.name or self.genotype.title,
            total.macs, total.params, max(sides(self.size)),
            self.genotype.name if self.decisions else None,
            peak(self.expansion).bytes)
