"""A study's own model: its first goal, learned from its trials."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from search.results.beliefs import beliefs, switched
from search.surrogate.columns import Columns
from search.surrogate.features import Describer, Named
from search.surrogate.model import LEAST, Observed, Predicted, Surrogate, chosen
from searchspace import Genotype, GenotypeError
from searchspace.expansion import trace
from searchspace.space.point import sample
from viz.results import Forecast, Results, TrialRow

Array = NDArray[np.float64]

KINDS_FROM = 64     # random networks of a space from which the kinds of its operations are known
TOLD = 20           # evaluated networks from which on a report says what was learned
SHORTER = 3         # lengths of shorter trainings that are learned from, at most


@dataclass(frozen=True)
class Learned:
    """The model of the first goal of a study; ``rows`` are the trials that it learned from."""

    results: Results
    describe: Describer
    model: Surrogate
    rows: tuple[TrialRow, ...]

    @property
    def measured(self) -> Array:
        """The values of the rows."""
        return np.array([row.values[0] for row in self.rows])

    def left_out(self) -> Predicted:
        """Each of the rows, predicted from all others."""
        return self.model.left_out()


@dataclass(frozen=True)
class Described:
    """The trials of a study as a model sees them; source 0 are those that were evaluated in full,
    the others the same networks after shorter trainings."""

    rows: tuple[TrialRow, ...]
    sources: tuple[Observed, ...]

    @classmethod
    def of(cls, results: Results, describe: Describer) -> "Described":
        """Of at most some hundred trials each, those that `chosen` tells."""
        known: dict[int, Named | None] = {}

        def features(row: TrialRow) -> Named | None:
            if row.number not in known:
                try:
                    known[row.number] = describe(trace(results.space, row.decisions))
                except GenotypeError:       # the space has changed since
                    known[row.number] = None
            return known[row.number]

        longest = max((len(row.curve) for row in results.rows), default=0)
        full = [row for row in results.scored if len(row.curve) == longest]
        lengths = sorted({len(row.curve) for row in results.scored} - {0, longest},
                         key=lambda n: -sum(len(row.curve) >= n for row in results.rows))
        kept, sources = [], []
        for length in (longest, *lengths[:SHORTER]):
            there = full if length == longest else _latest(
                row for row in results.scored if len(row.curve) >= length)
            values = np.array([row.values[0] if length == longest else row.curve[length - 1]
                               for row in there])
            some = chosen(values, results.goals[0].maximize)
            pairs = [(there[i], named, values[i]) for i in some
                     if (named := features(there[i])) is not None]
            if length == longest:
                kept = [row for row, *_ in pairs]
            if length == longest or len(pairs) >= LEAST:
                sources.append(Observed([named for _, named, _ in pairs],
                                        np.array([value for *_, value in pairs])))
        return cls(tuple(kept), tuple(sources))


def _latest(rows: Iterable[TrialRow]) -> list[TrialRow]:
    """Of the rows of each network the last: a training that pauses has several trials."""
    return list({frozenset(row.decisions.items()): row for row in rows}.values())


def describer(space: Genotype) -> Describer:
    """The one of a space, from some random networks; always the same."""
    rng, found = random.Random(0), []
    for _ in range(KINDS_FROM):
        try:
            found.append(trace(space, sample(space, rng).decisions))
        except GenotypeError:
            continue
    return Describer.of(found)


def learn(results: Results, pool: Sequence[Named], describe: Describer,
          others: Sequence[Results] = ()) -> Learned:
    """The model of a study, for predicting networks like those of ``pool``, which scale the
    features; ``others`` are studies of the same space and goal, each a source of its own.

    Raises:
        ValueError: too few networks were evaluated, or all have the same value.
    """
    mine = Described.of(results, describe)
    values = mine.sources[0].values
    if len(values) >= LEAST and np.ptp(values) == 0:
        raise ValueError("all evaluated networks have the same value")
    sources = [*mine.sources, *(_turned(source, other, results) for other in others
                                for source in Described.of(other, describe).sources[:1]
                                if len(source.values) >= LEAST and np.ptp(source.values) > 0)]
    columns = Columns.of([*(named for source in sources for named in source.networks), *pool])
    model = Surrogate.fit(columns, sources, results.goals[0].maximize)
    return Learned(results, describe, model, mine.rows)


def _turned(source: Observed, other: Results, results: Results) -> Observed:
    """The values of another study, negated where more of one and less of the other is better."""
    if other.goals[0].maximize == results.goals[0].maximize:
        return source
    return Observed(source.networks, -source.values)


def told(results: Results) -> Results:
    """The results with what a model says of them: each trial predicted from the others, and what
    it believes about each hole; unchanged if there is too little to learn from."""
    if len(results.scored) < TOLD:
        return results
    describe = describer(results.space)
    changes = switched(results)
    pool = [describe(change.network) for change in changes]
    try:
        learned = learn(results, pool, describe)
    except ValueError:
        return results
    found = learned.left_out()
    return replace(results, forecasts=tuple(
        Forecast(row.number, *map(float, ends)) for row, *ends in zip(
            learned.rows, found.value, found.lower, found.upper, strict=True)),
        beliefs=beliefs(changes, learned.model(pool)))
