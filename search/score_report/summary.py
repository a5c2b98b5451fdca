"""Content of the score report: correlations and variance shares of measured scores, and what a
model of a few evaluated networks reaches beside them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.errors import ScoreError
from search.score_report.bands import bands_of
from search.score_report.correlations import Known, Worth, spearman, worth
from search.score_report.learned import learned
from search.score_report.measure import parts_of
from search.score_report.sample import Sample, ScoredNetwork
from search.score_report.variance_shares import Shares, shares
from search.scores.base import TrainingFree
from search.scores.registry import BASELINES
from search.scores.relative import Relative, Scored
from searchspace.expansion import Expansion, trace
from searchspace.text import counted

BANDS = {"nas-bench-macro": tuple(f"{low}M-{low + 15}M" for low in range(30, 66, 5))}

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ScoreSummary:
    """The report's line of one score, or of a model (`learned`). ``again``: Spearman between two
    draws of weights; ``with_costs``: with each baseline."""

    name: str
    networks: int
    failed: int
    seconds: float
    again: float
    with_costs: dict[str, float]
    worth: Worth | None
    shares: Shares


@dataclass(frozen=True)
class Report:
    """The scores of a sample, the best first where accuracies (``what``) are known.

    ``strongest``: the baseline that orders the networks best; ``bands``: names and numbers of
    networks; ``among``: Spearman between two scores; ``left_out``: which could not be judged.
    """

    space: str
    what: str | None
    networks: int
    lines: tuple[ScoreSummary, ...]
    bands: tuple[tuple[str, int], ...]
    strongest: str
    among: Mapping[tuple[str, str], float]
    left_out: tuple[str, ...]


def summarise(sample: Sample, scores: Sequence[TrainingFree | Relative],
              bands: Sequence[str] | None) -> Report:
    """The report on these scores, all of which the sample has; ``bands`` as in 30M-45M."""
    networks = [n for n in sample.networks if n.drawn]
    columns, left_out = _columns(sample, scores, networks)
    macs = np.array([float(n.macs) for n in networks])
    inside = bands_of(bands or BANDS.get(sample.job.space), macs)
    accuracy = np.array([math.nan if n.accuracy is None else n.accuracy for n in networks])
    known, strongest = None, "macs"
    if networks[0].accuracy is not None:
        strongest = max(BASELINES, key=lambda b: spearman(columns[b], accuracy))
        known = Known(accuracy, macs, columns["params"], columns[strongest],
                      tuple(band for _, band in inside))
    expansions = [trace(sample.job.genotype, n.decisions) for n in networks]
    models = learned(expansions, accuracy, sample.job.seed) if known else {}
    columns |= models

    def line(name: str, seconds: float) -> ScoreSummary:
        kept = ~np.isnan(columns[name])
        return ScoreSummary(
            name, int(kept.sum()), 0 if name in models else int((~kept).sum()), seconds,
            sample.agreement(name),
            {b: _correlation(columns[name], columns[b]) for b in BASELINES},
            worth(columns[name][kept], known.where(kept)) if known else None,
            _shares(columns[name], expansions))

    lines = [line(name, math.nan) for name in models]
    for score in scores:
        if score.name not in columns:
            continue
        able = int((~np.isnan(columns[score.name])).sum())
        if able < 2:
            left_out.append(f"{score.name} is left out: it could score {counted(able, 'network')}")
            continue
        lines.append(line(score.name, sample.seconds(parts_of([score]))))
    lines.sort(key=lambda line: -line.worth.spearman.value if line.worth else 0.0)
    return Report(sample.job.space, sample.what if known else None, len(networks), tuple(lines),
                  tuple((name, int(band.sum())) for name, band in inside), strongest,
                  {(a.name, b.name): _correlation(columns[a.name], columns[b.name])
                   for a in lines for b in lines}, tuple(left_out))


def _columns(sample: Sample, scores: Sequence[TrainingFree | Relative],
             networks: Sequence[ScoredNetwork]) -> tuple[dict[str, Array], list[str]]:
    """Values by score, shape (networks,) and nan where there are none; why some are left out."""
    columns = {name: np.array([n.values.get(name, math.nan) for n in networks])
               for name in sample.job.scores}
    left_out = []
    for score in scores:
        if isinstance(score, Relative):
            try:
                found = relative_values(sample, score)
            except ScoreError as error:
                left_out.append(f"{score.name} is left out: {error}")
                continue
            columns[score.name] = np.array([found.get(n.identity, math.nan) for n in networks])
    return columns, left_out


def relative_values(sample: Sample, score: Relative) -> dict[str, float]:
    """The values of a relative score by identity, from its parts that were measured.

    Raises:
        ScoreError: the sample has no reference for it.
    """
    rows = [(n, Scored(trace(sample.job.genotype, n.decisions), n.values))
            for n in sample.networks]
    rate = score.among([scored for n, scored in rows if n.reference])
    return {n.identity: rate(scored) for n, scored in rows
            if all(p.name in n.values for p in score.parts)}


def _correlation(a: Array, b: Array) -> float:
    """Spearman over the networks that both could score."""
    both = ~np.isnan(a) & ~np.isnan(b)
    return float(spearman(a[both], b[both]))


def _shares(score: Array, expansions: Sequence[Expansion]) -> Shares:
    kept = ~np.isnan(score)
    return shares(score[kept], [e for e, k in zip(expansions, kept, strict=True) if k])
