"""Measurement of the scores of sampled networks of a space: the data of the score report."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import NamedTuple

from search.errors import ScoreError
from search.objectives.reference import reference
from search.process import deaf
from search.score_report.sample import Sample, ScoredNetwork, ScoringJob
from search.scores.base import ScoringSubject, TrainingFree
from search.scores.registry import SCORES
from search.scores.relative import Relative, measured
from search.seeds import derive
from search.tables import Values
from searchspace import Genotype, GenotypeError
from searchspace.expansion import trace
from searchspace.identity import identity
from searchspace.notation.holes import Decisions
from searchspace.safety.limits import current, hold
from searchspace.space.budget import Budget
from searchspace.space.enumeration import walk
from searchspace.space.point import Point, first, point, sample


class Task(NamedTuple):
    """A network to score: ``drawn`` if it belongs to the sample, ``twice`` for a second draw."""

    job: ScoringJob
    identity: str
    decisions: Decisions
    drawn: bool = True
    twice: bool = False


class Measured(NamedTuple):
    """The scores, CPU seconds and errors of a network, and the scores of a second draw."""

    values: dict[str, float]
    seconds: dict[str, float]
    errors: dict[str, str]
    again: dict[str, float]


@dataclass(frozen=True, slots=True)
class Processes:
    """Processes that score networks; ``tell`` is called with how many are done, of how many."""

    count: int
    tell: Callable[[int, int], None]

    def score(self, tasks: Sequence[Task]) -> Iterator[Measured]:
        """The measurements of each task's network, in their order."""
        with ExitStack() as stack:
            run: Callable[..., Iterable[Measured]] = map
            if self.count > 1:          # threads of torch do not survive a fork
                run = stack.enter_context(
                    ProcessPoolExecutor(self.count, get_context("spawn"), hold, (current(),))).map
            with deaf():                # a pool starts its processes when it is given work
                results = run(_score, tasks)
            for done, found in enumerate(results, 1):
                yield found
                self.tell(done, len(tasks))


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
            known: Values | None, processes: Processes) -> Sample:
    """Score these networks and the reference."""
    space = job.genotype
    mine = {identity(space, d): d for d in decisions}
    compared = reference(space, budget) if job.compared else {}
    others = {k: d for k, d in compared.items() if k not in mine}
    todo = [*mine.items(), *others.items()]
    found: list[ScoredNetwork] = []
    tasks = [Task(job, k, d, k in mine, i < job.again) for i, (k, d) in enumerate(todo)]
    for (key, made), row in zip(todo, processes.score(tasks), strict=True):
        cost = trace(space, made).cost()
        accuracy = known.of(key, cost, made) if known is not None and key in mine else None
        if accuracy is not None:    # means of equal accuracies differ in their last digits
            accuracy = float(f"{accuracy:.10g}")
        found.append(ScoredNetwork(dict(made), key, cost.macs, cost.params, accuracy,
                                   key in compared, key in mine, *row))
    return Sample(job, known.what if known else None, tuple(found))


def _score(task: Task) -> Measured:
    import torch

    torch.set_num_threads(1)
    job = task.job
    subject = ScoringSubject(job.genotype, task.decisions, job.input, job.batch, job.seed,
                             derive(job.seed, "weights", task.identity))
    values: dict[str, float] = {}
    seconds: dict[str, float] = {}
    errors: dict[str, str] = {}
    start = time.process_time()
    _ = subject.network, subject.images
    build = time.process_time() - start
    _ = subject.nodes
    for name in job.scores if task.drawn else job.compared:
        score = SCORES[name]
        start = time.process_time()
        try:
            values[name] = score(subject)
        except (ScoreError, GenotypeError, MemoryError) as error:
            errors[name] = str(error) or type(error).__name__
        seconds[name] = time.process_time() - start + build * score.uses_torch
    other = replace(subject, weight_seed=derive(job.seed, "again", task.identity))
    again = measured((SCORES[name] for name in job.scores), other).values if task.twice else {}
    return Measured(values, seconds, errors, dict(again))
