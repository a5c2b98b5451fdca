"""Measured latency as an objective: a network is built and timed, and the archive keeps it."""

import random
from dataclasses import dataclass

from search.archive import Archive, Evaluation
from search.evaluate import archived
from search.latency.device import Device
from search.latency.measure import Network, time_networks
from searchspace import Genotype
from searchspace.holes import Decisions

LATENCY = "latency"


@dataclass(frozen=True)
class Stopwatch:
    """Times networks on a device; called like a `Scorer`. A clock is not repeatable: the trials of
    a search that is led by it are not either."""

    archive: Archive
    study: str
    device: Device

    def __call__(self, genotype: Genotype, size: int, weight_seed: int,
                 decisions: Decisions | None = None, name: str | None = None,
                 trial: int | None = None) -> Evaluation:
        """The evaluation of a network, or of a space under ``decisions``: nanoseconds, lower being
        better. Weights and images are random; ``weight_seed`` is of no account."""
        def work(_: str) -> float:
            [seconds] = time_networks(self.device, [Network(genotype, decisions)],
                                      random.Random(0))
            return seconds * 1e9

        return archived(self.archive, self.study, LATENCY, self.device.name, 0, work, genotype,
                        size, decisions, name, trial)
