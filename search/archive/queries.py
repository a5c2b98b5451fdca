"""Queries over several archives: the best networks, all about one, what disagrees."""

import statistics
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from search.archive import schema
from search.archive.archive import KEY, Archive
from search.archive.records import Bounds, Evaluation, Measure, Standing
from search.archive.rows import contradiction, rows_of


@dataclass(frozen=True, slots=True)
class ArchivedNetwork:
    """A network with its evaluations in all archives, and its names in the studies."""

    identity: str
    names: tuple[str, ...]
    spaces: tuple[str, ...]
    genotype: str
    macs: int
    params: int
    memory: int | None
    input_size: int
    evaluations: tuple[Evaluation, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Values of one network that should be alike: of the same evaluation in several archives, or,
    if ``seed`` is None, of several seeds."""

    identity: str
    measure: Measure
    seed: int | None
    values: tuple[float, ...]

    @property
    def spread(self) -> float:
        """Range of the values relative to the magnitude of their mean."""
        return (max(self.values) - min(self.values)) / (abs(statistics.fmean(self.values)) or 1.0)


def measures(archives: list[Archive]) -> dict[Measure, int]:
    """Number of networks by measure, largest first."""
    table, found = schema.StandingTable, defaultdict[Measure, int](int)
    key = (table.score, table.data, table.recipe, table.fidelity)
    query = sa.select(*key, sa.func.count()).group_by(*key)
    for archive in archives:
        for row in rows_of(archive.database, query):
            found[Measure(*row[:4])] += row[4]
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


LOWER_IS_BETTER = {"latency"}       # all other scores are maximised


def best(archives: list[Archive], measure: Measure, bounds: Bounds,
         limit: int) -> list[Standing]:
    """The best networks by one measure inside the bounds. Values of one network from several
    archives are combined, seed by seed."""
    lowest = measure.score in LOWER_IS_BETTER
    found: dict[str, Standing] = {}
    for archive in archives:
        for one in archive.best(measure, bounds, limit, lowest):
            found.setdefault(one.identity, one)
    if len(archives) > 1:
        found = {name: _together(archives, one, measure) for name, one in found.items()}
    return sorted(found.values(), key=lambda s: (s.mean if lowest else -s.mean, s.macs,
                                                  s.identity))[:limit]


def _together(archives: list[Archive], one: Standing, measure: Measure) -> Standing:
    by_seed: dict[int, float] = {}
    for archive in archives:
        for e in archive.evaluations(identity=one.identity):
            if e.measure == measure and e.value is not None:
                by_seed.setdefault(e.seed, e.value)
    values = list(by_seed.values())
    if not values:
        raise contradiction(archives[0].database.name, one.identity)
    return replace(one, mean=statistics.fmean(values), least=min(values), greatest=max(values),
                   count=len(values))


def identities(archives: list[Archive], start: str) -> list[str]:
    """The identities that begin with ``start``."""
    table = schema.ArchitectureTable
    query = sa.select(table.identity).where(table.identity.startswith(start, autoescape=True))
    return sorted({row.identity for archive in archives
                   for row in rows_of(archive.database, query)})


def about(archives: list[Archive], identity: str) -> ArchivedNetwork | None:
    """Everything known about a network; None where no archive knows it."""
    table = schema.ArchitectureTable
    query = sa.select(table.name, table.space, table.genotype, table.macs, table.params,
                      table.memory, table.input_size).where(table.identity == identity)
    found = [row for archive in archives
             for row in rows_of(archive.database, query)]
    if not found:
        return None
    known: dict[tuple[Any, ...], Evaluation] = {}
    for archive in archives:
        for e in archive.evaluations(identity=identity):
            known.setdefault((*(getattr(e, name) for name in KEY), e.value, e.error), e)
    first = found[0]
    memory = next((row.memory for row in found if row.memory is not None), None)
    return ArchivedNetwork(identity, tuple(dict.fromkeys(row.name for row in found)),
                   tuple(dict.fromkeys(row.space for row in found if row.space)), first.genotype,
                   first.macs, first.params, memory, first.input_size,
                   tuple(sorted(known.values(), key=lambda e: (e.measure, e.created))))


def disagreements(archives: list[Archive], limit: int) -> list[Disagreement]:
    """The largest disagreements: evaluations whose values differ between archives, and after them
    networks by their spread over the seeds."""
    found = [d for d in _between(archives) if d.spread > 0] if len(archives) > 1 else []
    table = schema.StandingTable
    width = (table.greatest - table.least) / sa.func.coalesce(
        sa.func.nullif(sa.func.abs(table.mean), 0), 1)
    query = sa.select(table.identity, table.score, table.data, table.recipe, table.fidelity).where(
        table.count > 1, table.greatest > table.least).order_by(width.desc()).limit(limit)
    over: dict[tuple[str, Measure], Disagreement] = {}
    for archive in archives:
        for row in rows_of(archive.database, query):
            measure = Measure(row.score, row.data, row.recipe, row.fidelity)
            values = tuple(e.value for e in archive.evaluations(identity=row.identity)
                           if e.measure == measure and e.value is not None)
            if len(values) < 2:
                raise contradiction(archive.database.name, row.identity)
            made = Disagreement(row.identity, measure, None, values)
            before = over.get((row.identity, measure))
            if before is None or made.spread > before.spread:
                over[row.identity, measure] = made
    return [*sorted(found, key=lambda d: -d.spread)[:limit],
            *sorted(over.values(), key=lambda d: -d.spread)[:limit]]


def _between(archives: list[Archive]) -> list[Disagreement]:
    """The same evaluation in several archives."""
    table = schema.EvaluationTable
    query = sa.select(*(getattr(table, name) for name in KEY), table.value).where(
        table.value.is_not(None))
    values = defaultdict[tuple[Any, ...], list[float]](list)
    for archive in archives:
        for row in rows_of(archive.database, query):
            values[tuple(row[:-1])].append(row.value)
    return [Disagreement(key[0], Measure(*key[1:5]), key[5], tuple(found))
            for key, found in values.items() if len(found) > 1]
