"""A network that is to be evaluated."""

from dataclasses import dataclass
from functools import cached_property

from search.archive import NetworkRecord
from searchspace import Genotype, fill, to_yaml
from searchspace.cost import peak
from searchspace.expansion import Expansion, trace
from searchspace.identity import identity
from searchspace.notation.holes import Decisions


@dataclass(frozen=True)
class Candidate:
    """A network: a genotype, or a search space under ``decisions``.

    ``size`` is the edge of its square images in pixels; its weights are drawn from ``seed``.
    ``name`` is what the archive calls it, the genotype's where it has none; ``trial`` the number
    of the trial that it is evaluated in, None outside of one.
    """

    genotype: Genotype
    decisions: Decisions | None
    size: int
    seed: int
    name: str | None = None
    trial: int | None = None

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
        return identity(self.genotype, self.decisions)

    def record(self) -> NetworkRecord:
        """What the archive keeps of it."""
        total = self.expansion.cost()
        return NetworkRecord(
            to_yaml(fill(self.genotype, self.decisions or {})), self.name or self.genotype.title,
            total.macs, total.params, self.size, self.genotype.name if self.decisions else None,
            peak(self.expansion).bytes)
