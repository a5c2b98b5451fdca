"""Training-free score as an objective: evaluated on one batch, timed, archived."""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from search.archive import Archive, Evaluation, EvaluationKey
from search.errors import ScoreError
from search.objectives.base import Context, Evaluated, Evaluator, Objective, Progress, objective
from search.objectives.cache import archived, evaluated
from search.objectives.candidate import Candidate
from search.objectives.reference import SIZE
from search.scores.base import ScoringSubject, TrainingFree
from search.scores.registry import DEFAULT_SCORE, find_score
from search.scores.relative import Rate, Relative, Scored, measured
from search.seeds import derive
from search.torch_state import usual
from searchspace import Genotype
from searchspace.identity import identity
from searchspace.notation.holes import Decisions
from searchspace.phases import phase
from searchspace.shapes import Size
from searchspace.space.point import Point

if TYPE_CHECKING:
    from search.study.settings import Settings


@dataclass(frozen=True)
class Scorer(Evaluator):
    """Scores networks on one batch, unless the archive has the score already.

    ``score``: its name in the registry. A relative score ranks networks among the ``reference``
    (decisions by identity, see `reference`) of ``space``.
    """

    archive: Archive
    study: str
    batch: int
    data_seed: int
    score: str = DEFAULT_SCORE
    space: Genotype | None = None
    reference: Callable[[], Mapping[str, Decisions]] = field(default=dict, compare=False)

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        return evaluated(self.evaluation(candidate))

    @property
    def notes(self) -> Sequence[str]:
        chosen = find_score(self.score)
        return (f"score {chosen.name}: compared with {SIZE} random networks inside the budget, "
                "which are scored first",) if isinstance(chosen, Relative) else ()

    def evaluation(self, candidate: Candidate) -> Evaluation:
        """The score with weights from the candidate's seed, higher is better; None, with the
        reason, if the network cannot be scored."""
        chosen = find_score(self.score)
        if isinstance(chosen, TrainingFree):
            return self._single(chosen, candidate)

        def combined() -> float:
            return self._rate(chosen, candidate.size)(Scored(candidate.expansion, {
                part.name: _value(self._single(part, candidate)) for part in chosen.parts}))

        data = f"{self._subject(candidate).data(chosen.needs)} {self._digest}"
        return self._archived(chosen.name, data, candidate, combined)

    def _single(self, score: TrainingFree, candidate: Candidate) -> Evaluation:
        subject = self._subject(candidate)
        return self._archived(score.name, subject.data(score.needs), candidate,
                              usual()(lambda: score(subject)))

    def _archived(self, name: str, data: str, candidate: Candidate,
                  work: Callable[[], float]) -> Evaluation:
        key = EvaluationKey(candidate.identity, name, data, candidate.seed)
        return archived(self.archive, self.study, key, candidate, work)

    def _subject(self, candidate: Candidate) -> ScoringSubject:
        return ScoringSubject(candidate.genotype, candidate.decisions, candidate.size, self.batch,
                       self.data_seed, candidate.seed)

    @cached_property
    def _reference(self) -> Mapping[str, Decisions]:
        return self.reference()

    @cached_property
    def _digest(self) -> str:
        """Digest of the reference, on which the values depend; part of the archive's key."""
        text = "\n".join(self._reference)
        return f"among {hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"

    @cached_property
    def _rates(self) -> dict[Size, Rate]:
        return {}

    def _rate(self, score: Relative, size: Size) -> Rate:
        """The score relative to its reference, which is measured unless it is archived."""
        if size not in self._rates:
            assert self.space is not None
            known = []
            for key, decisions in self._reference.items():
                one = Candidate(self.space, decisions, size,
                                derive(self.data_seed, "weights", key))
                found = {part.name: self._single(part, one).value for part in score.parts}
                known.append(Scored(one.expansion,
                                    {n: v for n, v in found.items() if v is not None}))
            self._rates[size] = score.among(known)
        return self._rates[size]


def _value(evaluation: Evaluation) -> float:
    if evaluation.value is None:
        raise ScoreError(evaluation.error or "it could not be scored")
    return evaluation.value


@objective("score")
@dataclass(frozen=True)
class Score(Objective):
    """A training-free score."""

    score: str = DEFAULT_SCORE
    direction = "maximize"

    @classmethod
    def described(cls, score: str, argument: str = "") -> Self:
        """Titled as the score of this name."""
        return cls(score)

    @property
    def title(self) -> str:
        """The score's."""
        return find_score(self.score).title

    @property
    def unit(self) -> str:
        """The score's."""
        return find_score(self.score).unit

    def shown(self, value: float) -> str:
        """A value as the score shows it."""
        return find_score(self.score).shown(value)

    def configured(self, settings: "Settings", space: Genotype) -> Self:
        """The score of the search."""
        return replace(self, score=settings.score)

    def open(self, context: Context) -> Scorer:
        return scorer_of(context)


def scorer_of(context: Context) -> Scorer:
    """The scorer of a study, even if the score is not one of its objectives."""
    settings = context.settings
    return Scorer(context.archive, context.name, settings.batch, settings.seed, settings.score,
                  context.space, lambda: context.reference)


def of_graph(space: Genotype, name: str) -> Callable[[Point], float]:
    """A `quick` score of the points of a space; −∞ where it refuses one.

    Raises:
        ScoreError: the score looks at more than the graph.
    """
    chosen = find_score(name)
    if not isinstance(chosen, TrainingFree) or not chosen.quick:
        raise ScoreError(f"{name} looks at more than the graph of a network: it can screen none")

    @phase("scoring")
    def rate(at: Point) -> float:
        try:
            return chosen(ScoringSubject.of_graph(space, at.decisions, at.expansion))
        except ScoreError:
            return -math.inf
    return rate


def training_free(genotype: Genotype, size: Size, batch: int, seed: int,
                  name: str = DEFAULT_SCORE,
                  reference: Callable[[], Mapping[str, Decisions]] = dict,
                  ) -> Callable[[Decisions], float]:
    """A score of networks of a space, as a function of their decisions, with the same weights and
    images as in a search of the same seed. Nothing is archived.

    The function raises ScoreError for a network that cannot be scored, GenotypeError for one that
    cannot be built.
    """
    chosen = find_score(name)

    def subject(decisions: Decisions) -> ScoringSubject:
        return ScoringSubject(genotype, decisions, size, batch, seed,
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
