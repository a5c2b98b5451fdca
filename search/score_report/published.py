"""Published networks as a benchmark: their scores, beside their top-1 on ImageNet.

The networks are those by which the predictor is judged,
`search.predictors.cross_validation.counted`, each with the accuracy of its own paper's recipe.
Predicted accuracies are those of `evaluate`: of each family by a calibration to all others. The
calibration that the package ships saw them all.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from search.predictors.calibration import Values
from search.predictors.cross_validation import counted, evaluate
from search.predictors.families import family
from search.predictors.published_accuracies import Measurements, published_accuracies
from search.score_report.bands import Band
from search.score_report.correlations import Estimate, estimate_over, partial, spearman
from search.score_report.measure import Processes, Task
from search.score_report.sample import Sample, ScoredNetwork, ScoringJob
from searchspace import load
from searchspace.expansion import trace

EDGE = 224      # of the images, in pixels
WHAT = "published ImageNet top-1"
BANDS = ("0-200M", "200M-400M", "400M-700M", "700M-1.3G")
LEFT_OUT: dict[str, Callable[[Values], NDArray[np.float64]]] = {
    "top1": lambda said: said.value, "top1-lower": lambda said: said.lower}


@dataclass(frozen=True)
class PublishedLine:
    """The report's line of one score. ``families``: of the networks that it could score;
    ``seconds``: nan for predicted accuracies."""

    name: str
    networks: int
    families: int
    failed: int
    seconds: float
    spearman: Estimate
    given_macs: Estimate
    given_params: Estimate
    bands: tuple[Estimate, ...]


def measure_published(job: ScoringJob, count: int | None, processes: Processes) -> Sample:
    """Score all networks, or ``count`` random ones, each once."""
    known = published_accuracies()
    judged = known.where(counted(known))
    top1 = {str(n): float(t) for n, t in zip(judged.networks, judged.top1, strict=True)}
    names = list(top1)
    if count is not None and count < len(names):
        names = random.Random(f"networks {job.seed}").sample(names, count)
    built = tuple(name for name in job.scores if name not in LEFT_OUT)
    predicted = [name for name in job.scores if name in LEFT_OUT]
    said = _left_out(known, predicted) if predicted else {}
    tasks = [Task(replace(job, space=name, scores=built), name, {}) for name in names]
    found: list[ScoredNetwork] = []
    for name, (values, seconds, errors, _) in zip(names, processes.score(tasks), strict=True):
        cost = trace(load(name)).cost()
        values |= said.get(name, {})
        errors |= {score: "too far from all other families" for score in predicted
                   if score not in values}
        found.append(ScoredNetwork({}, name, cost.macs, cost.params, top1[name], False, True,
                                   values, seconds, errors))
    return Sample(job, WHAT, tuple(found))


def _left_out(known: Measurements, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """By network, these scores from calibrations without its family. Takes a minute."""
    of = evaluate(known).predicted
    of = of.where(counted(of.known))
    return {str(network): {name: float(LEFT_OUT[name](of.said)[i]) for name in names}
            for i, network in enumerate(of.known.networks)}


def line(sample: Sample, name: str, bands: Sequence[Band]) -> PublishedLine:
    """The correlations of one score; ``bands`` are masks over all networks of the sample.
    Intervals are over families."""
    kept = np.array([name in n.values for n in sample.networks])
    networks = [n for n in sample.networks if name in n.values]
    score = np.array([n.values[name] for n in networks])
    accuracy = np.array([n.accuracy for n in networks], float)
    macs, params = (np.array([getattr(n, cost) for n in networks], float)
                    for cost in ("macs", "params"))
    families = np.array([family(n.identity) for n in networks], str)

    def inside(band: NDArray[np.bool_]) -> Estimate:
        mine = band[kept]
        return estimate_over(families[mine], spearman, (score[mine], accuracy[mine]))

    return PublishedLine(
        name, len(networks), len(set(families)), len(kept) - len(networks),
        sample.seconds([name]),
        estimate_over(families, spearman, (score, accuracy)),
        estimate_over(families, partial, (score, accuracy, macs)),
        estimate_over(families, partial, (score, accuracy, params)),
        tuple(inside(band) for _, band in bands))


def sizes(sample: Sample, bands: Sequence[Band]) -> list[tuple[str, int, int]]:
    """The name of each band, and how many networks and families are inside."""
    families = np.array([family(n.identity) for n in sample.networks], str)
    return [(name, int(band.sum()), len(set(families[band]))) for name, band in bands]
