"""A network of a space as a module, with the names under which its weights are shared."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Self

import torch
from torch import nn

from search.seeds import derive
from search.supernet.names import SharedName, shared_names
from search.torch_state import seeded
from search.training.optim import set_dropout
from searchspace import Genotype
from searchspace.building.builder import assemble
from searchspace.building.module_paths import module_paths
from searchspace.expansion import trace
from searchspace.notation.holes import Decisions


class Subnetwork(NamedTuple):
    """``names``: the shared name of each parameter, by its own."""

    module: nn.Module
    names: Mapping[str, SharedName]

    @classmethod
    def of(cls, space: Genotype, decisions: Decisions, seed: int, device: torch.device,
           dropout: float | None = None) -> Self:
        """The network with these decisions. Its initialisation depends on them and the seed."""
        expansion = trace(space, decisions)
        with seeded(derive(seed, "weights", sorted(decisions.items()))):
            module = assemble(expansion, space.title)
        set_dropout(module, dropout)
        shared = dict(zip(module_paths(expansion), shared_names(expansion), strict=True))
        return cls(module.to(device), {own: _name(own, shared)
                                       for own, _ in module.named_parameters()})

    def weights(self) -> Iterator[tuple[SharedName, nn.Parameter]]:
        """The parameters with the names under which they are shared."""
        for own, parameter in self.module.named_parameters():
            yield self.names[own], parameter

    @property
    def size(self) -> int:
        """Number of weights."""
        return sum(parameter.numel() for parameter in self.module.parameters())


def _name(own: str, shared: Mapping[str, SharedName]) -> SharedName:
    """The shared name of a parameter: that of its operation, and what it is there."""
    parts = own.split(".")
    for end in range(len(parts) - 1, 0, -1):
        if (operation := shared.get(".".join(parts[:end]))) is not None:
            return operation._replace(place=f"{operation.place}|{'.'.join(parts[end:])}")
    raise AssertionError(f"{own} belongs to no operation")
