"""Evaluating one network: scored or looked up in a table, timed, archived."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from search.archive import Archive, Evaluation
from search.samplers import derive
from search.scores import ScoreError
from search.scores.table import Table
from searchspace import Genotype, GenotypeError, cost, fill, to_yaml
from searchspace.budget import show_amount
from searchspace.expand import trace
from searchspace.holes import Decisions
from searchspace.identity import identity
from searchspace.memory import peak_memory

SCORE = "naswot"
TABLE = "table"


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
        channels = trace(genotype, decisions).input[0]
        return archived(
            self.archive, self.study, SCORE,
            f"digits {self.batch}x{channels}x{size}x{size} seed {self.data_seed}", weight_seed,
            lambda _: score(genotype, size, self.batch, self.data_seed, weight_seed, decisions),
            genotype, size, decisions, name, trial)


@dataclass(frozen=True)
class Lookup:
    """Looks networks up in a table of known results; called like a `Scorer`."""

    archive: Archive
    study: str
    table: Table

    def __call__(self, genotype: Genotype, size: int, weight_seed: int,
                 decisions: Decisions | None = None, name: str | None = None,
                 trial: int | None = None) -> Evaluation:
        """The evaluation of a network, or of a space under ``decisions``.

        Its value, higher being better, is the table's; it is None, and the error says so, where
        the table lacks the network. No weights are drawn: ``weight_seed`` is of no account.
        """
        def look_up(key: str) -> float:
            total = cost(genotype, decisions)
            value = self.table.value(key, total)
            if value is None:
                raise ScoreError(f"the table {self.table.file} lacks this network of "
                                 f"{show_amount(total.macs)} MACs and {total.params:,} params")
            return value

        return archived(self.archive, self.study, TABLE, self.table.digest, 0, look_up,
                         genotype, size, decisions, name, trial)


def archived(archive: Archive, study: str, kind: str, data: str, seed: int,
              work: Callable[[str], float], genotype: Genotype, size: int,
              decisions: Decisions | None, name: str | None, trial: int | None) -> Evaluation:
    """The archive's evaluation of a network, or a new one: ``work`` is given its identity."""
    key = identity(genotype, decisions)
    with archive.alone(key, kind, data, seed) as known:
        return known or _evaluated(archive, study, kind, data, seed, work, genotype, size,
                                   decisions, name, trial, key)


def _evaluated(archive: Archive, study: str, kind: str, data: str, seed: int,
               work: Callable[[str], float], genotype: Genotype, size: int,
               decisions: Decisions | None, name: str | None, trial: int | None,
               key: str) -> Evaluation:
    """A new evaluation; one that failed is kept with the reason."""
    start, value, error = time.perf_counter(), None, None
    try:
        value = work(key)
    except (ScoreError, GenotypeError, MemoryError, RuntimeError) as fault:
        error = str(fault) or type(fault).__name__      # torch raises RuntimeError for most things
    total = cost(genotype, decisions)
    return archive.record(
        identity=key, genotype=to_yaml(fill(genotype, decisions or {})),
        name=name or genotype.title, space=genotype.name if decisions else None,
        macs=total.macs, params=total.params, memory=peak_memory(genotype, decisions).bytes,
        input_size=size, score=kind, data=data, seed=seed, value=value,
        seconds=time.perf_counter() - start, error=error, study=study, trial=trial)


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
    channels = trace(genotype, decisions).input[0]
    return naswot(network, digits(batch, (channels, size, size), data_seed))


def training_free(genotype: Genotype, size: int, batch: int,
                  seed: int) -> Callable[[Decisions], float]:
    """`score` of networks of a space, as a function of their decisions: a network that is scored
    in a search of the same seed gets the same weights and images here."""
    return lambda decisions: score(
        genotype, size, batch, seed, derive(seed, "weights", identity(genotype, decisions)),
        decisions)
