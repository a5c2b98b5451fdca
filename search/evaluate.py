"""Evaluating one network: scored or looked up in a table, timed, archived."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from search.archive import Archive, Evaluation
from search.samplers import derive
from search.scores import ScoreError
from search.scores.base import Subject, TrainingFree
from search.scores.registry import DEFAULT_SCORE, find_score
from search.scores.relative import Rate, Relative, Scored, measured
from search.scores.table import Table
from searchspace import Genotype, GenotypeError, cost, fill, to_yaml
from searchspace.budget import show_amount
from searchspace.holes import Decisions
from searchspace.identity import identity
from searchspace.memory import peak_memory

TABLE = "table"


@dataclass(frozen=True)
class Scorer:
    """Scores networks on one batch; what the archive holds is not scored again.

    ``score``: its name in `registry`. ``space`` and its ``reference`` (decisions by identity, see
    `reference`) are what a combined score ranks networks among.
    """

    archive: Archive
    study: str
    batch: int
    data_seed: int
    score: str = DEFAULT_SCORE
    space: Genotype | None = None
    reference: Callable[[], Mapping[str, Decisions]] = field(default=dict, compare=False)

    def __call__(self, genotype: Genotype, size: int, weight_seed: int,
                 decisions: Decisions | None = None, name: str | None = None,
                 trial: int | None = None) -> Evaluation:
        """The evaluation of a network, or of a space under ``decisions``, at ``size`` pixels.

        Its value, higher being better, is the score with weights drawn from ``weight_seed``; it is
        None, and the error says why, where the network cannot be scored.
        """
        subject = Subject(genotype, decisions, size, self.batch, self.data_seed, weight_seed)
        chosen = find_score(self.score)
        if isinstance(chosen, TrainingFree):
            return self._single(chosen, subject, name, trial)

        def combined(_: str) -> float:
            return self._rate(chosen, size)(Scored(subject.expansion, {
                part.name: _value(self._single(part, subject, name, trial))
                for part in chosen.parts}))

        return archived(self.archive, self.study, chosen.name,
                         f"{subject.data(chosen.needs)} {self._digest}", weight_seed, combined,
                         genotype, size, decisions, name, trial)

    def _single(self, score: TrainingFree, subject: Subject, name: str | None,
                trial: int | None) -> Evaluation:
        return archived(self.archive, self.study, score.name, subject.data(score.needs),
                         subject.weight_seed, lambda _: score(subject), subject.genotype,
                         subject.size, subject.decisions, name, trial)

    @cached_property
    def _reference(self) -> Mapping[str, Decisions]:
        return self.reference()

    @cached_property
    def _digest(self) -> str:
        """The reference in a word: another one gives other values."""
        text = "\n".join(self._reference)
        return f"among {hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"

    @cached_property
    def _rates(self) -> dict[int, Rate]:
        return {}

    def _rate(self, score: Relative, size: int) -> Rate:
        """The score with its reference measured, from the archive where it can be."""
        if size not in self._rates:
            assert self.space is not None
            known = []
            for key, decisions in self._reference.items():
                subject = Subject(self.space, decisions, size, self.batch, self.data_seed,
                                  derive(self.data_seed, "weights", key))
                found = {part.name: self._single(part, subject, None, None).value
                         for part in score.parts}
                known.append(Scored(subject.expansion,
                                    {n: v for n, v in found.items() if v is not None}))
            self._rates[size] = score.among(known)
        return self._rates[size]


def _value(evaluation: Evaluation) -> float:
    if evaluation.value is None:
        raise ScoreError(evaluation.error or "it could not be scored")
    return evaluation.value


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


def training_free(genotype: Genotype, size: int, batch: int, seed: int,
                  name: str = DEFAULT_SCORE,
                  reference: Callable[[], Mapping[str, Decisions]] = dict,
                  ) -> Callable[[Decisions], float]:
    """A score of networks of a space, as a function of their decisions: a network that is scored
    in a search of the same seed gets the same weights and images here. Nothing is archived.

    The function raises ScoreError for a network that cannot be rated, GenotypeError for one that
    cannot be built.
    """
    chosen = find_score(name)

    def subject(decisions: Decisions) -> Subject:
        return Subject(genotype, decisions, size, batch, seed,
                       derive(seed, "weights", identity(genotype, decisions)))

    if isinstance(chosen, TrainingFree):
        return lambda decisions: chosen(subject(decisions))
    rates: list[Rate] = []

    def compared(decisions: Decisions) -> float:
        if not rates:
            rates.append(chosen.among([measured(chosen.parts, subject(d))
                                       for d in reference().values()]))
        mine = subject(decisions)
        return rates[0](Scored(mine.expansion, {part.name: part(mine) for part in chosen.parts}))

    return compared
