"""Final comparison: the best networks and the published ones, re-scored with fresh seeds.

A single score depends on the initial weights. All networks that are compared are scored from
several fresh initialisations, and a win is claimed only if the spreads do not overlap.
"""

import statistics
from dataclasses import dataclass, replace

from search.objectives import Candidate
from search.objectives.score import Scorer
from search.objectives.usual import PREDICTED, predicted
from search.predictors.prediction import Prediction
from search.predictors.published_accuracies import IMAGENET, accuracies
from search.scores.registry import find_score, is_quick
from search.seeds import derive
from search.study.settings import Settings
from search.study.trial import Trial
from searchspace import Genotype, load
from searchspace.expansion import trace
from searchspace.notation.holes import Decisions
from searchspace.phases import phase
from searchspace.shapes import Size, show_size, sides
from searchspace.space.budget import Costs
from searchspace.space.point import first, point
from searchspace.zoo.published import published_at

SEEDS = 3
TOP = 10
FAMILIES = 12      # of published networks in the table
LARGER = 2         # times the size that a published network was made for, at which it is compared
TOLERANCE = 1.05   # published networks this far above the budget are still compared


@dataclass(frozen=True, slots=True)
class Entry:
    """A network to compare: found (with its trial's number) or published.

    ``start``: its name, if it is a known network of the space.
    """

    name: str
    genotype: Genotype
    decisions: Decisions | None
    cost: Costs
    trial: int | None
    over: bool
    start: str | None = None
    published: tuple[str, float] | None = None  # recipe and top-1 on ImageNet at this input size
    prediction: Prediction | None = None    # of it; None where nothing is predicted


@dataclass(frozen=True, slots=True)
class FinalResult:
    """An entry with its scores from fresh initialisations."""

    entry: Entry
    scores: tuple[float, ...]

    @property
    def prediction(self) -> Prediction | None:
        """The entry's."""
        return self.entry.prediction

    @property
    def mean(self) -> float:
        """Mean score."""
        return statistics.fmean(self.scores)

    @property
    def spread(self) -> float:
        """Standard deviation over the initialisations."""
        return statistics.stdev(self.scores) if len(self.scores) > 1 else 0.0

    def beats(self, other: "FinalResult") -> bool:
        """Whether the means differ by more than both spreads together."""
        return self.mean - other.mean > self.spread + other.spread


def contestants(space: Genotype, best: list[Trial], settings: Settings) -> list[Entry]:
    """The best trials, and the published networks that (nearly) fit the budget at the search's
    input size and were made for about such images, one of each family and the best families only:
    by predicted accuracy if that is the score, else by how much of the budget they use."""
    found = [_found(space, t) for t in best]
    budget, by_accuracy = settings.budget, settings.score == PREDICTED
    chosen: dict[tuple[str, bool], tuple[float, Entry]] = {}
    for name, network, expansion in published_at(settings.input):
        total = point(network, first)
        filled = budget.excess(total)
        prediction = predicted(expansion) if by_accuracy else None
        rank = filled if not by_accuracy else prediction.value if prediction else 0.0
        # One a little above the budget must not hide the family's best inside: a win is over all.
        key = name.partition("@")[0], by_accuracy and filled > 1
        if filled <= TOLERANCE and rank > chosen.get(key, (0.0,))[0] and \
                _is_made_for(name, settings.input):
            chosen[key] = rank, Entry(name, network, None, total, None, filled > 1,
                                      prediction=prediction)
    known = sorted(chosen.values(), key=lambda pair: pair[0], reverse=True)[:FAMILIES]
    return [*found, *(replace(
        entry, published=_published(entry.name, settings.input),
        prediction=entry.prediction if by_accuracy else predicted(trace(entry.genotype)))
        for _, entry in known)]


def _found(space: Genotype, trial: Trial) -> Entry:
    known = None if trial.brought else trial.start
    name = f"trial {trial.number}" + (f" ({known})" if known else "")
    return Entry(name, space, trial.decisions, trial, trial.number, False, known,
                 prediction=predicted(trace(space, trial.decisions)))


@phase("scoring")
def rescore(entry: Entry, scorer: Scorer, settings: Settings) -> FinalResult | None:
    """Scores of an entry from three fresh initialisations; None if it cannot be scored."""
    seeds = 1 if is_quick(settings.score) else SEEDS        # the graph alone has no initialisation
    scores = [scorer.evaluation(Candidate(
        entry.genotype, entry.decisions, settings.input,
        derive(settings.seed, "final", entry.name, settings.input, i), entry.name)).value
        for i in range(seeds)]
    rated = tuple(value for value in scores if value is not None)
    return FinalResult(entry, rated) if len(rated) == seeds else None


def verdict(results: list[FinalResult], settings: Settings) -> str:
    """One sentence: whether the search beat the published networks at its input size."""
    found = [r for r in results if r.entry.trial is not None]
    known = [r for r in results if r.entry.trial is None and not r.entry.over]
    if not found:
        return "No network was found."
    best = max(found, key=lambda r: r.mean)
    if not known:
        return f"No published network fits the budget at {show_size(settings.input)}."
    if settings.score == PREDICTED:
        return _predicted_verdict(best, known, _within(settings))
    rival = max(known, key=lambda r: r.mean)
    shown = find_score(settings.score).shown
    names = f"{best.entry.name} ({shown(best.mean)} ± {shown(best.spread)})"
    other = f"{rival.entry.name} ({shown(rival.mean)} ± {shown(rival.spread)})"
    if best.entry.start and not rival.beats(best):
        return f"{names} is best, a network that the space knew; nothing found scores above it."
    if best.beats(rival):
        return f"{names} scores above the best published network {_within(settings)}, {other}."
    if rival.beats(best):
        return f"The published {other} scores above everything found; the best is {names}."
    return f"{names} and the published {other} cannot be ranked: their spreads overlap."


def _within(settings: Settings) -> str:
    """Which published networks are compared: those that cost no more; in a band also less."""
    band = any(bound.least is not None for bound in settings.budget.bounds)
    return "of no greater cost" if band else "inside the budget"


def _predicted_verdict(best: FinalResult, known: list[FinalResult], within: str) -> str:
    """A win is a lower end above the predicted accuracy of every published network."""
    rivals = [(r.prediction.value, r) for r in known if r.prediction]
    assert best.prediction is not None
    mine, name = best.prediction, best.entry.name
    claim = f"{name} is predicted at {mine.value:.1f} ± {mine.spread:.1f} % ({mine.recipe})"
    if not rivals:
        return f"{claim}; no published network {within} has a prediction."
    value, rival = max(rivals, key=lambda pair: pair[0])
    other = f"{rival.entry.name}, {value:.1f} ± {rival.prediction.spread:.1f} %" \
        if rival.prediction else rival.entry.name
    if mine.lower > value:
        return (f"{claim}: its lower end, {mine.lower:.1f} %, is above the prediction of every "
                f"published network {within} (the best: {other}).")
    return (f"{claim}; this is no win over the best published network {within} ({other}): "
            f"its lower end, {mine.lower:.1f} %, is not above that.")


def _is_made_for(name: str, size: Size) -> bool:
    """Whether a published network was made for images about as large: one for CIFAR's 32 pixels
    spends at 224 what it does at full resolution, and was never meant to."""
    return max(sides(size)) <= LARGER * max(trace(load(name)).input[1:])


def _published(name: str, size: Size) -> tuple[str, float] | None:
    """The recipe and published top-1 on ImageNet of a network that is as its file has it."""
    own = load(name)
    expansion = trace(own)
    if expansion.input[1:] != sides(size) or expansion.nodes[-1].shape[0] != IMAGENET.classes:
        return None
    return next(accuracies(own.header, max(sides(size))), None)


def caveat(score: str) -> str:
    """The limitations of a score, in a few sentences."""
    if score == PREDICTED:
        return ("The score is the lower end (the 10 % quantile) of the ImageNet top-1 that is "
                "predicted from the published accuracies of the bundled networks. It is a "
                "prediction: the spread beside it held four of five families that it had not seen. "
                "Train what you intend to use.")
    if score == "naswot":
        return ("The score (NASWOT, Mellor et al. 2021) looks at untrained networks: how "
                "differently their non-linearities respond to images of digits. It ranks networks, "
                "it is no accuracy; it grows with the number of activations, so compare it only at "
                "one input size, and train what you intend to use.")
    chosen = find_score(score)
    return (f"The score ({chosen.title}) looks at untrained networks: it ranks them, it is no "
            f"accuracy. {chosen.failures} Compare it only at one input size, and train what you "
            "intend to use.")
