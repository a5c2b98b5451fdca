"""Scoring one network: built from fresh weights, shown a batch of images, timed."""

import time
from dataclasses import dataclass

from searchspace import Genotype, build
from searchspace.holes import Decisions

SCORE = "naswot"


@dataclass(frozen=True, slots=True)
class Scored:
    """A score, higher being better, and the seconds that it took."""

    value: float
    seconds: float


def score(genotype: Genotype, size: int, batch: int, data_seed: int, weight_seed: int,
          decisions: Decisions | None = None) -> Scored:
    """NASWOT of a network (or of a space under ``decisions``) on digits of ``size`` pixels.

    The same arguments give the same value: weights are drawn from ``weight_seed`` alone, and the
    generator of the caller is left as it was.

    Raises:
        ScoreError: the network cannot be rated. GenotypeError: it cannot be built.
    """
    import torch

    from search.scores.images import digits
    from search.scores.naswot import naswot

    start = time.perf_counter()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(weight_seed)
        network = build(genotype, decisions)
    value = naswot(network, digits(batch, (3, size, size), data_seed))
    return Scored(value, time.perf_counter() - start)


def describe_data(size: int, batch: int, data_seed: int) -> str:
    """The images of a score, for the archive."""
    return f"digits {batch}x3x{size}x{size} seed {data_seed}"
