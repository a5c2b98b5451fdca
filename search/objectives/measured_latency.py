"""Measured latency as an objective: a network is built and timed; values are archived."""

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from search.archive import Archive, EvaluationKey
from search.latency.device import Device
from search.latency.measure import TimedNetwork, time_networks
from search.objectives.base import (
    Context,
    Evaluated,
    Evaluator,
    Objective,
    ObjectiveError,
    Progress,
    objective,
)
from search.objectives.cache import archived, evaluated
from search.objectives.candidate import Candidate
from searchspace import Genotype
from searchspace.units import show_time

if TYPE_CHECKING:
    from search.study.settings import Settings


@dataclass(frozen=True)
class Stopwatch(Evaluator):
    """Times networks on a device. Measurements vary, so searches with this objective are not
    reproducible. Weights and images are random."""

    archive: Archive
    study: str
    device: Device

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """Nanoseconds, lower being better."""
        def work() -> float:
            network = TimedNetwork(candidate.genotype, candidate.decisions)
            [seconds] = time_networks(self.device, [network], random.Random(0))
            return seconds * 1e9

        key = EvaluationKey(candidate.identity, "latency", self.device.name, 0)
        return evaluated(archived(self.archive, self.study, key, candidate, work))


@objective("measured-latency")
@dataclass(frozen=True)
class MeasuredLatency(Objective):
    """Latency of a network that is built and run on this machine."""

    device: Device | None = None
    direction = "minimize"
    exclusive = True        # concurrent measurements would disturb each other
    title = "latency"
    unit = "nanoseconds, measured"
    shown = staticmethod(show_time)

    def configured(self, settings: "Settings", space: Genotype) -> Self:
        """With the device of the search."""
        if settings.device is None:
            raise ObjectiveError("the objective measured-latency needs a device to run networks on")
        return replace(self, device=settings.device)

    def open(self, context: Context) -> Stopwatch:
        assert self.device is not None
        return Stopwatch(context.archive, context.name, self.device)
