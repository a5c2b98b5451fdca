"""One network's accuracy in percent, with its spread and what it rests on; or why none is told."""

from dataclasses import dataclass

import numpy as np

from search.errors import ScoreError
from search.predictors.calibration import Calibration
from search.predictors.features import position, vector
from search.predictors.layer_statistics import digest
from search.predictors.published_accuracies import PAPER
from searchspace.errors import ShapeError
from searchspace.expansion import Expansion

SHOWN = 3       # known networks beside a prediction


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A network whose accuracy is known: top-1 in percent, and its distance."""

    network: str
    recipe: str
    top1: float
    distance: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """Top-1 in percent for one recipe. ``spread``: half the 80 % interval, in points; ``lower``:
    its lower end, the 10 % quantile; ``nearest``: three known networks; ``distance``: to
    the eight nearest."""

    value: float
    spread: float
    lower: float
    recipe: str
    distance: float
    nearest: tuple[Neighbour, ...]


@dataclass(frozen=True)
class Scope:
    """About what a predictor says something: ``data`` in words, the classes, the edges of images in
    pixels, and how all of it was trained."""

    data: str
    classes: int
    edges: tuple[int, int]
    recipe: str = PAPER

    def refuses(self, expansion: Expansion) -> str | None:
        """Why nothing is said of a network with its images and classes; None where something is."""
        edges, classes = expansion.input[1:], expansion.nodes[expansion.output].shape[0]
        least, most = self.edges
        if not least <= min(edges) <= max(edges) <= most:
            return (f"accuracy on {self.data} is calibrated for images of {least} to {most} "
                    f"pixels, not {edges[0]}×{edges[1]}")
        if classes != self.classes:
            return (f"accuracy on {self.data} is calibrated for {self.classes:,} classes, not "
                    f"{classes:,}")
        return None


@dataclass(frozen=True)
class Predictor:
    """A calibration, and what it is about; no torch, and without scikit-learn."""

    scope: Scope
    calibration: Calibration

    def __call__(self, expansion: Expansion) -> Prediction:
        """The prediction for one network.

        Raises:
            ScoreError: its images, classes or structure are beyond what was calibrated.
        """
        scope, calibration = self.scope, self.calibration
        if (reason := scope.refuses(expansion)) is not None:
            raise ScoreError(reason)
        try:
            x = np.array([vector(digest(expansion))])
        except ShapeError as error:
            raise ScoreError(f"accuracy cannot be predicted: {error}") from None
        said = calibration(x)
        distance = float(said.distance[0])
        if distance > calibration.reach:
            raise ScoreError(f"the network is too far from all {len(calibration.known.networks)} "
                             f"with known accuracy on {scope.data}: distance {distance:.2f}, and "
                             f"nothing is said beyond {calibration.reach:.2f}")
        return Prediction(float(said.value[0]), float(said.spread[0]), float(said.lower[0]),
                          scope.recipe, distance, self._nearest(x))

    def _nearest(self, x: "np.typing.NDArray[np.float64]") -> tuple[Neighbour, ...]:
        near, known = self.calibration.near, self.calibration.known
        apart = near.apart(x[:, [position(name) for name in near.features]])[0]
        return tuple(Neighbour(known.networks[i], known.recipes[i], float(known.top1[i]),
                               float(apart[i])) for i in np.argsort(apart)[:SHOWN])
