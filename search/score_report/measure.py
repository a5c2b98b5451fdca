"""Scores of sampled networks of a space, stored as JSON: the data of the score report."""

import json
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np

from search.benchmark_table import BenchmarkTable
from search.errors import ScoreError
from search.objectives.reference import reference
from search.score_report.correlations import spearman
from search.scores.base import ScoringSubject, TrainingFree
from search.scores.registry import SCORES
from search.scores.relative import Relative, Scored, measured
from search.seeds import derive
from searchspace import Genotype, GenotypeError, SearchspaceError, load, spaces
from searchspace.expansion import trace
from searchspace.identity import identity
from searchspace.notation.holes import Decisions
from searchspace.notation.tree import Atom
from searchspace.safety.files import write_file
from searchspace.safety.reading import MAX_JSON, parse_json, read_bytes
from searchspace.space.budget import Budget
from searchspace.space.counting import walk
from searchspace.space.point import Point, first, point, sample

PUBLISHED = "published"         # in place of a space: the bundled networks with their accuracies

# Scores, seconds, errors and the scores of a second draw.
Row = tuple[dict[str, float], dict[str, float], dict[str, str], dict[str, float]]


@dataclass(frozen=True)
class ScoringJob:
    """Settings of the measurements, the same for all networks."""

    space: str
    input: int
    batch: int
    seed: int
    scores: tuple[str, ...]
    compared: tuple[str, ...]       # of them, those that the reference needs
    again: int                      # networks that are scored twice

    @property
    def genotype(self) -> Genotype:
        """The space at the input size."""
        return _genotype(self.space, self.input)


# A job, a network's identity and decisions, whether it is drawn, whether it is scored twice.
Task = tuple[ScoringJob, str, Decisions, bool, bool]


@dataclass(frozen=True)
class ScoredNetwork:
    """One network with its scores, each with its CPU seconds on one core (building included), or
    the reason of its failure.

    ``accuracy``: from the table, or None. ``reference``: whether it belongs to the reference of
    relative scores. ``drawn``: whether it belongs to the sample. ``again``: scores from a second
    draw of weights, for some networks.
    """

    decisions: dict[str, Atom]
    identity: str
    macs: int
    params: int
    accuracy: float | None
    reference: bool
    drawn: bool
    values: dict[str, float]
    seconds: dict[str, float]
    errors: dict[str, str] = field(default_factory=dict)
    again: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """A job with its networks, in one JSON file."""

    job: ScoringJob
    what: str | None                # name of the accuracies
    networks: tuple[ScoredNetwork, ...]

    def seconds(self, parts: Sequence[str]) -> float:
        """Median seconds per network, for a relative score summed over its parts; nan where they
        were not taken."""
        found = [sum(n.seconds[part] for part in parts) for n in self.networks
                 if n.drawn and all(part in n.seconds for part in parts)]
        return median(found) if found else math.nan

    def agreement(self, name: str) -> float:
        """Spearman between the scores from two draws of weights; nan for a relative score."""
        pairs = [(n.values[name], n.again[name]) for n in self.networks
                 if name in n.values and name in n.again]
        if len(pairs) < 2:
            return math.nan
        first, second = np.array(pairs).T
        return float(spearman(first, second))

    def write(self, path: Path) -> None:
        """Write the sample, one network per line."""
        head = json.dumps({**asdict(self.job), "what": self.what})
        rows = ",\n".join(json.dumps(_short(asdict(n))) for n in self.networks)
        write_file(path, f'{{"job": {head},\n"networks": [\n{rows}\n]}}\n')

    @classmethod
    def read(cls, path: Path, space: str) -> "Sample":
        """Read a file of `write`; raises SearchspaceError if it is invalid, or its space is neither
        ``space`` nor bundled: a file must not choose what else is read."""
        try:
            content = parse_json(read_bytes(path, MAX_JSON))
            head = dict(content["job"])
            what = head.pop("what")
            job = ScoringJob(**{**head, "scores": tuple(head["scores"]),
                         "compared": tuple(head["compared"])})
            networks = tuple(ScoredNetwork(**row) for row in content["networks"])
        except OSError as error:
            raise SearchspaceError(f"cannot read {path}: {error.strerror or error}") from None
        except (ValueError, KeyError, TypeError) as error:
            raise SearchspaceError(f"{path} is no sample of scores: {error}") from None
        if job.space not in (space, PUBLISHED, *spaces()):
            raise SearchspaceError(f"{path} is of the space {job.space!r}: say so by --space, if "
                                   "that is your file")
        return cls(job, what, networks)


def _short(row: dict[str, object]) -> dict[str, object]:
    """A network without fields that are mostly empty, and with ten digits per number."""
    def short(value: object) -> object:
        if isinstance(value, float):
            return float(f"{value:.10g}")
        return {k: short(v) for k, v in value.items()} if isinstance(value, dict) else value

    row["seconds"] = {k: round(v, 4) for k, v in row["seconds"].items()}  # type: ignore[attr-defined]
    return {k: short(v) for k, v in row.items() if v != {} or k not in ("errors", "again")}


def parts_of(scores: Sequence[TrainingFree | Relative]) -> tuple[str, ...]:
    """The names of the single scores that these are made of, in the registry's order."""
    names = {p.name for s in scores for p in (s.parts if isinstance(s, Relative) else (s,))}
    return tuple(name for name in SCORES if name in names)


def draw(space: Genotype, count: int, seed: int, budget: Budget,
         table: BenchmarkTable | None) -> list[Decisions]:
    """At most ``count`` distinct networks inside a budget: all of a table or a small space if there
    are no more, else random ones, each hole uniform over its options."""
    rng = random.Random(f"networks {seed}")
    points: list[Point] | None = None
    if table is None:
        points = walk(space)
    chosen = [dict(row.decisions) for row in table.rows] if table else \
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
            table: BenchmarkTable | None, jobs: int, tell: Callable[[int, int], None]) -> Sample:
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
        accuracy = table.value(key, cost) if table is not None and key in mine else None
        if accuracy is not None:    # means of equal accuracies differ in their last digits
            accuracy = float(f"{accuracy:.10g}")
        found.append(ScoredNetwork(dict(made), key, cost.macs, cost.params, accuracy,
                                   key in compared, key in mine, *row))
        tell(len(found), len(todo))
    return Sample(job, table.what if table else None, tuple(found))


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


@cache
def _genotype(space: str, size: int) -> Genotype:
    return load(space).with_input(size)


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
