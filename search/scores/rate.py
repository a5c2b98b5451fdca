"""Any networks scored by any score: one line each, human-readable or as JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from search.errors import ScoreError
from search.predictors.artefact import bundled
from search.predictors.prediction import Prediction, Predictor
from search.predictors.user_accuracies import calibrated, own
from search.scores.base import ScoringSubject, TrainingFree, usual_batch
from search.scores.registry import find_score
from search.scores.relative import Relative
from searchspace import GenotypeError, SearchspaceError, load
from searchspace.cli import Parser, output, remark, run
from searchspace.expansion import trace
from searchspace.shapes import size_of
from searchspace.units import show_amount

SEED = 0
PREDICTED: dict[str, Callable[[Prediction], float]] = {"top1": lambda said: said.value,
                                                       "top1-lower": lambda said: said.lower}


@dataclass(frozen=True, slots=True)
class Rated:
    """One network with its value; ``said`` where accuracy is what was asked for."""

    network: str
    score: str
    value: float
    shown: str
    macs: int
    params: int
    said: Prediction | None

    @property
    def text(self) -> str:
        """A human-readable line."""
        line = f"{self.network}  {self.score} {self.shown}"
        if self.said:
            near = ", ".join(f"{one.network} {one.top1:g}" + (
                f" ({one.recipe})" if one.recipe != self.said.recipe else "")
                for one in self.said.nearest)
            line += f" ± {self.said.spread:.1f} %, recipe: {self.said.recipe}; nearest: {near};"
        return f"{line}  {show_amount(self.macs)} MACs, {show_amount(self.params)} params"

    @property
    def json(self) -> str:
        """A line for programs."""
        fields: dict[str, object] = {"network": self.network, "score": self.score,
                                     "value": self.value}
        if self.said:
            fields |= {"spread": self.said.spread, "lower": self.said.lower,
                       "recipe": self.said.recipe, "distance": self.said.distance,
                       "nearest": [{"network": one.network, "recipe": one.recipe,
                                    "top1": one.top1, "distance": one.distance}
                                   for one in self.said.nearest]}
        return json.dumps(fields | {"macs": self.macs, "params": self.params})


def main(arguments: list[str]) -> int:
    """``python -m search.scores rate …``; 2 where a network could not be rated."""
    given = _parser().parse_args(arguments)
    return run(lambda: _rate(given.networks, given.score, given.json, given.calibrate))


def _parser() -> Parser:
    parser = Parser("python -m search.scores rate", __doc__)
    parser.add_argument("networks", nargs="+", metavar="NETWORK", help="a bundled name, or a file")
    parser.add_argument("--score", default="top1", help="one of python -m search.scores; top1")
    parser.add_argument("--json", action="store_true", help="JSON lines")
    parser.add_argument("--calibrate", type=Path, metavar="CSV",
                        help="predict accuracy from your own networks: columns network, accuracy")
    return parser


def _rate(networks: list[str], name: str, as_json: bool, csv: Path | None) -> int:
    score = find_score(name)
    if isinstance(score, Relative):
        raise SearchspaceError(f"{name} compares networks of one search, and rates none alone")
    if csv is not None and name not in PREDICTED:
        raise SearchspaceError(f"--calibrate is for top1 and top1-lower, not {name}")
    predictor = calibrated(*own(csv)) if csv is not None else bundled()
    console, failed = output(110), 0
    for network in networks:
        try:
            rated = rate(network, score, predictor)
        except (SearchspaceError, ScoreError, MemoryError) as error:
            remark(f"error: {network}: {error}")
            failed = 2
        else:
            console.out(rated.json if as_json else rated.text)
    return failed


def rate(network: str, score: TrainingFree, predictor: Predictor) -> Rated:
    """One network, a bundled name or a file, by one score.

    Raises:
        ScoreError: it cannot be rated. SearchspaceError: it cannot be loaded or built.
    """
    genotype = load(network)
    if genotype.is_space:
        raise GenotypeError("it is a space; a point of it can be rated")
    expansion = trace(genotype)
    cost, said = expansion.cost(), None
    if score.name in PREDICTED:
        said = predictor(expansion)
        value = PREDICTED[score.name](said)
    else:
        size = size_of(*expansion.input[1:])
        value = score(ScoringSubject(genotype, None, size, usual_batch(size), SEED, SEED))
    return Rated(network, score.name, value, score.shown(value), cost.macs, cost.params, said)
