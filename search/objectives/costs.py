"""Costs as objectives: computed from a network's graph, and not archived."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from search.latency import Predictor
from search.objectives.base import CostObjective, ObjectiveError, objective
from searchspace import Genotype
from searchspace.cost import peak
from searchspace.expansion import Expansion
from searchspace.units import show_amount, show_bytes, show_time

if TYPE_CHECKING:
    from search.study.settings import Settings


@objective("macs")
@dataclass(frozen=True)
class Macs(CostObjective):
    """Multiply-adds of convolutions and linear layers."""

    title = "MACs"
    unit = "multiply-adds"
    shown = staticmethod(show_amount)

    def measure(self, network: Expansion) -> int:
        return network.cost().macs


@objective("params")
@dataclass(frozen=True)
class ParamsObjective(CostObjective):
    """Trainable parameters."""

    title = "params"
    unit = "parameters"
    shown = staticmethod(show_amount)

    def measure(self, network: Expansion) -> int:
        return network.cost().params


@objective("memory")
@dataclass(frozen=True)
class Memory(CostObjective):
    """Peak activations of one image in float32, see `searchspace.cost`."""

    title = "memory"
    unit = "bytes of peak activations"
    shown = staticmethod(show_bytes)

    def measure(self, network: Expansion) -> int:
        return peak(network).bytes


@objective("latency")
@dataclass(frozen=True)
class Latency(CostObjective):
    """Latency predicted from the table of a device, without building the network."""

    predictor: Predictor | None = None
    title = "latency"
    unit = "nanoseconds, predicted"

    def configured(self, settings: "Settings", space: Genotype) -> Self:
        """With the predictor of the search."""
        if settings.predictor is None:
            raise ObjectiveError("the objective latency is predicted from the table of a device, "
                                 "and none is given")
        return replace(self, predictor=settings.predictor)

    shown = staticmethod(show_time)

    def measure(self, network: Expansion) -> int:
        assert self.predictor is not None
        return self.predictor.nanoseconds(network)
