"""Scoring one network: built from fresh weights, shown a batch of images, timed, archived."""

import time
from dataclasses import dataclass

from search.archive import Archive, Evaluation
from search.scores import ScoreError
from searchspace import Genotype, GenotypeError, cost, fill, to_yaml
from searchspace.holes import Decisions
from searchspace.identity import identity

SCORE = "naswot"


@dataclass(frozen=True)
class Scorer:
    """Scores networks on one batch of digits; what the archive holds is not scored again."""

    archive: Archive
    study: str
    batch: int
    data_seed: int

    def __call__(self, genotype: Genotype, size: int, weight_seed: int,
                 decisions: Decisions | None = None, name: str | None = None,
                 trial: int | None = None) -> Evaluation:
        """The evaluation of a network, or of a space under ``decisions``, at ``size`` pixels.

        Its value, higher being better, is the NASWOT score with weights drawn from
        ``weight_seed``; it is None, and the error says why, where the network cannot be scored.
        """
        key = identity(genotype, decisions)
        data = f"digits {self.batch}x3x{size}x{size} seed {self.data_seed}"
        if (known := self.archive.find(key, SCORE, data, weight_seed)) is not None:
            return known
        start, value, error = time.perf_counter(), None, None
        try:
            value = score(genotype, size, self.batch, self.data_seed, weight_seed, decisions)
        except (ScoreError, GenotypeError, MemoryError) as fault:
            error = str(fault) or type(fault).__name__
        total = cost(genotype, decisions)
        return self.archive.record(
            identity=key, genotype=to_yaml(fill(genotype, decisions or {})),
            name=name or genotype.title, space=genotype.name if decisions else None,
            macs=total.macs, params=total.params, input_size=size, score=SCORE, data=data,
            seed=weight_seed, value=value, seconds=time.perf_counter() - start, error=error,
            study=self.study, trial=trial)


def score(genotype: Genotype, size: int, batch: int, data_seed: int, weight_seed: int,
          decisions: Decisions | None = None) -> float:
    """NASWOT of a network (or of a space under ``decisions``) on ``batch`` digits of ``size``
    pixels.

    The same arguments give the same value: weights are drawn from ``weight_seed`` alone, and the
    caller's generator is left as it was.

    Raises:
        ScoreError: the network cannot be rated. GenotypeError: it cannot be built.
    """
    import torch

    from search.scores.images import digits
    from search.scores.naswot import naswot
    from searchspace import build

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(weight_seed)
        network = build(genotype, decisions)
    return naswot(network, digits(batch, (3, size, size), data_seed))
