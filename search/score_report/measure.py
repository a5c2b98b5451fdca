"""Measurement of the scores of sampled networks of a space: the data of the score report."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing import get_context

from search.errors import ScoreError
from search.objectives.reference import reference
from search.score_report.sample import Sample, ScoredNetwork, ScoringJob
from search.scores.base import ScoringSubject, TrainingFree
from search.scores.registry import SCORES
from search.scores.relative import Relative, Scored, measured
from search.seeds import derive
from search.tables import Values
from searchspace import Genotype, GenotypeError
from searchspace.expansion import trace
from searchspace.identity import identity
from searchspace.notation.holes import Decisions
from searchspace.space.budget import Budget
from searchspace.space.counting import walk
from searchspace.space.point import Point, first, point, sample

# Scores, seconds, errors and the scores of a second draw.
Row = tuple[dict[str, float], dict[str, float], dict[str, str], dict[str, float]]


# A job, a network's identity and decisions, whether it is drawn, whether it is scored twice.
Task = tuple[ScoringJob, str, Decisions, bool, bool]


def parts_of(scores: Sequence[TrainingFree | Relative]) -> tuple[str, ...]:
    """The names of the single scores that these are made of, in the registry's order."""
    names = {p.name for s in scores for p in (s.parts if isinstance(s, Relative) else (s,))}
    return tuple(name for name in SCORES if name in names)


def draw(space: Genotype, count: int, seed: int, budget: Budget,
         known: Values | None) -> list[Decisions]:
    """At most ``count`` distinct networks inside a budget: all of a table or a small space if there
    are no more, else random ones, each hole uniform over its options."""
    rng = random.Random(f"networks {seed}")
    points: list[Point] | None = None
    if known is None:
        points = walk(space)
    chosen = [dict(row.decisions) for row in known.table.rows] if known else \
        [p.decisions for p in points] if points else None
    found: dict[str, Decisions] = {}
    if chosen is not None:
        rng.shuffle(chosen)
    for attempt in range(20 * count if chosen is None else len(chosen)):
        if len(found) == count:
            break
        decisions = chosen[attempt] if chosen is not None else sample(space, rng).decisions
        if budget.fits(point(space, first, decisions)):
            found.setdefault(identity(space, decisions), decisions)
    return list(found.values())


def measure(job: ScoringJob, decisions: Sequence[Decisions], budget: Budget,
            known: Values | None, jobs: int, tell: Callable[[int, int], None]) -> Sample:
    """Score these networks and the reference, on ``jobs`` processes."""
    space = job.genotype
    mine = {identity(space, d): d for d in decisions}
    compared = reference(space, budget) if job.compared else {}
    others = {k: d for k, d in compared.items() if k not in mine}
    todo = [*mine.items(), *others.items()]
    found: list[ScoredNetwork] = []
    tasks = [(job, k, d, k in mine, i < job.again) for i, (k, d) in enumerate(todo)]
    for (key, made), row in zip(todo, score_all(tasks, jobs), strict=True):
        cost = trace(space, made).cost()
        accuracy = known.of(key, cost, made) if known is not None and key in mine else None
        if accuracy is not None:    # means of equal accuracies differ in their last digits
            accuracy = float(f"{accuracy:.10g}")
        found.append(ScoredNetwork(dict(made), key, cost.macs, cost.params, accuracy,
                                   key in compared, key in mine, *row))
        tell(len(found), len(todo))
    return Sample(job, known.what if known else None, tuple(found))


def score_all(tasks: Sequence[Task], jobs: int) -> Iterator[Row]:
    """What is said of each task's network, in their order, on ``jobs`` processes."""
    with ExitStack() as stack:
        run: Callable[..., Iterable[Row]] = map
        if jobs > 1:            # threads of torch do not survive a fork
            run = stack.enter_context(
                ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))).map
        yield from run(_score, tasks)


def add_relative(sample: Sample, scores: Sequence[Relative]) -> dict[str, dict[str, float]]:
    """The values of relative scores by name and identity, from the parts that were measured."""
    space = sample.job.genotype
    rows = [(n, Scored(trace(space, n.decisions), n.values)) for n in sample.networks]
    found: dict[str, dict[str, float]] = {}
    for score in scores:
        rate = score.among([scored for n, scored in rows if n.reference])
        found[score.name] = {n.identity: rate(scored) for n, scored in rows
                             if all(p.name in n.values for p in score.parts)}
    return found


def _score(task: Task) -> Row:
    job, key, decisions, drawn, twice = task
    import torch

    torch.set_num_threads(1)
    subject = ScoringSubject(job.genotype, decisions, job.input, job.batch, job.seed,
                      derive(job.seed, "weights", key))
    values: dict[str, float] = {}
    seconds: dict[str, float] = {}
    errors: dict[str, str] = {}
    start = time.process_time()
    _ = subject.network, subject.images
    build = time.process_time() - start
    _ = subject.nodes
    for name in job.scores if drawn else job.compared:
        score = SCORES[name]
        start = time.process_time()
        try:
            values[name] = score(subject)
        except (ScoreError, GenotypeError, MemoryError) as error:
            errors[name] = str(error) or type(error).__name__
        seconds[name] = time.process_time() - start + build * score.uses_torch
    other = replace(subject, weight_seed=derive(job.seed, "again", key))
    again = measured((SCORES[name] for name in job.scores), other).values if twice else {}
    return values, seconds, errors, dict(again)
