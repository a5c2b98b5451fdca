"""Published accuracies of the bundled networks: what a calibration is fitted to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from search.predictors.digest import Digest, digest
from search.predictors.families import family
from search.predictors.features import FEATURES, vector
from searchspace import load, published
from searchspace.expansion import trace
from searchspace.notation.metadata import Header

Array = NDArray[np.float64]

PAPER = "paper"                 # the recipe of a network's own paper, whatever it was
CLASSES, EDGES = 1000, (128, 340)       # of ImageNet, and pixels of the images that are looked at
NEAR_224 = (192, 256)           # pixels for which predictions are made


@dataclass(frozen=True)
class Measurement:
    """One accuracy of one network; ``top1`` in percent, ``recipe``: how it was trained."""

    network: str
    family: str
    recipe: str
    top1: float
    digest: Digest = field(repr=False)
    vector: tuple[float, ...] = field(repr=False)


@dataclass(frozen=True)
class Measurements:
    """Several accuracies of one data set, as arrays of shape (measurements, …)."""

    rows: tuple[Measurement, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def x(self) -> Array:
        """All features, (measurements, features)."""
        return np.array([row.vector for row in self.rows])

    @cached_property
    def y(self) -> Array:
        """log(1 − top-1): what is predicted, since each point is dearer than the one before."""
        return np.log1p(-np.array([row.top1 for row in self.rows]) / 100)

    @cached_property
    def families(self) -> NDArray[np.str_]:
        """The family of each."""
        return np.array([row.family for row in self.rows])

    @cached_property
    def recipes(self) -> NDArray[np.str_]:
        """The recipe of each."""
        return np.array([row.recipe for row in self.rows])

    @cached_property
    def weights(self) -> Array:
        """1/√n for one of a family of n: such a family says more than one network, not n times."""
        _, which, count = np.unique(self.families, return_inverse=True, return_counts=True)
        return np.asarray(1 / np.sqrt(count[which]))

    def column(self, name: str) -> Array:
        """One feature of all."""
        return np.asarray(self.x[:, list(FEATURES).index(name)])

    def of(self, names: tuple[str, ...]) -> Array:
        """Some features, (measurements, names)."""
        order = list(FEATURES)
        return self.x[:, [order.index(name) for name in names]]

    def where(self, mask: NDArray[np.bool_]) -> "Measurements":
        """Those under a mask."""
        return Measurements(tuple(row for row, kept in zip(self.rows, mask, strict=True) if kept))


def imagenet() -> Measurements:
    """All that count: ImageNet, one network each time as its file has it, no unsettled structure,
    no unchecked figure, images of 128 to 340 pixels. Takes seconds."""
    return Measurements(tuple(row for name in published() for row in _rows(name)))


def accuracies(header: Header) -> Iterator[tuple[str, float]]:
    """Recipes and top-1 of a network on ImageNet, its paper's own first."""
    figures = header.published
    if figures and figures.top1 is not None and not getattr(figures, "unchecked", False):
        yield PAPER, figures.top1
    for known in getattr(header, "accuracies", ()):
        if known.data.lower().startswith("imagenet"):
            yield known.recipe, known.top1


def _rows(name: str) -> Iterator[Measurement]:
    genotype = load(name)
    known = list(accuracies(genotype.header))
    if not known or genotype.header.status == "unsettled":
        return
    expansion = trace(genotype)
    of = digest(expansion)
    if expansion.nodes[expansion.output].shape[0] != CLASSES or not EDGES[0] <= of.edge <= EDGES[1]:
        return
    for recipe, top1 in known:
        yield Measurement(name, family(name), recipe, top1, of, vector(of))
