"""Published accuracies of the bundled networks: what a calibration is fitted to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from search.predictors.families import family
from search.predictors.features import position, vector
from search.predictors.layer_statistics import Digest, digest
from searchspace import load, published
from searchspace.expansion import trace
from searchspace.notation.metadata import Header

Array = NDArray[np.float64]
Words = NDArray[np.str_]

PAPER = "paper"                 # the recipe of a network's own paper, whatever it was
MODERN = "modern"               # hundreds of epochs, strong augmentation; the papers since 2020
OWN = (PAPER, MODERN)
NEAR_224 = (192, 256)           # pixels of ImageNet for which predictions are made
MOST_MACS = 2.5e9               # of small networks, twice the largest budgets; ResNets teach little


@dataclass(frozen=True, slots=True)
class DataSet:
    """Images of which accuracies are published. ``key``: its name in ``accuracies:``; ``edges``:
    least and greatest, in pixels, of the images that are looked at."""

    name: str
    key: str
    classes: int
    edges: tuple[int, int]


IMAGENET = DataSet("ImageNet", "imagenet", 1000, (128, 340))
DATA_SETS = {one.key: one for one in (IMAGENET, DataSet("CIFAR-10", "cifar10", 10, (28, 40)),
                                      DataSet("CIFAR-100", "cifar100", 100, (28, 40)))}


@dataclass(frozen=True)
class Measurements:
    """Several accuracies of one data set, in arrays of equal length; ``x``: (accuracies, features)
    in the order of `FEATURES`; ``top1`` in percent; ``recipes``: how each was trained."""

    networks: Words
    families: Words
    recipes: Words
    top1: Array
    x: Array = field(repr=False)

    def __len__(self) -> int:
        return len(self.top1)

    @classmethod
    def of(cls, rows: Sequence[tuple[str, str, str, float, Digest]]) -> "Measurements":
        """Those of rows: network, family, recipe, top-1, digest."""
        networks, families, recipes, top1, digests = zip(*rows, strict=True)
        return cls(np.array(networks), np.array(families), np.array(recipes), np.array(top1),
                   np.array([vector(one) for one in digests]))

    @cached_property
    def y(self) -> Array:
        """log(1 − top-1): what is predicted, since each point is dearer than the one before."""
        return np.asarray(np.log1p(-self.top1 / 100))

    @cached_property
    def weights(self) -> Array:
        """1/√n for one of a family of n: such a family says more than one network, not n times."""
        _, which, count = np.unique(self.families, return_inverse=True, return_counts=True)
        return np.asarray(1 / np.sqrt(count[which]))

    @property
    def macs(self) -> Array:
        """Multiply-adds."""
        return np.asarray(2 ** self.column("log_macs"))

    @property
    def edges(self) -> Array:
        """Edges of the images, in pixels."""
        return np.asarray(np.rint(2 ** self.column("log_input")))

    def column(self, name: str) -> Array:
        """One feature of all."""
        return np.asarray(self.x[:, position(name)])

    def of_features(self, names: tuple[str, ...]) -> Array:
        """Some features, (accuracies, names)."""
        return np.asarray(self.x[:, [position(name) for name in names]])

    def where(self, mask: NDArray[np.bool_]) -> "Measurements":
        """Those under a mask."""
        return Measurements(self.networks[mask], self.families[mask], self.recipes[mask],
                            self.top1[mask], self.x[mask])


def published_accuracies(data: DataSet = IMAGENET) -> Measurements:
    """All that count: one data set, one network each time as its file has it, no unsettled
    structure, no unchecked figure, up to 2.5 G multiply-adds. Takes seconds."""
    return Measurements.of([row for name in published() for row in _rows(name, data)])


def accuracies(header: Header, edge: int, data: DataSet = IMAGENET) -> Iterator[tuple[str, float]]:
    """Recipes and top-1 of a network for images of ``edge`` pixels, its paper's own first; figures
    that nothing confirms are left out. The paper's figure is of the data set with as many classes
    as the network."""
    figures = header.published
    if figures and figures.top1 is not None and not figures.unchecked:
        yield PAPER, figures.top1
    for known in header.accuracies:
        if known.data == data.key and known.size == edge:
            yield known.recipe, known.top1


def _rows(name: str, data: DataSet) -> Iterator[tuple[str, str, str, float, Digest]]:
    genotype = load(name)
    header = genotype.header
    if header.status == "unsettled" or not (header.published or header.accuracies):
        return
    expansion = trace(genotype)
    of, (least, most) = digest(expansion), data.edges
    if expansion.nodes[expansion.output].shape[0] != data.classes or of.macs > MOST_MACS or \
            not least <= of.edge <= most:
        return
    for recipe, top1 in accuracies(header, of.edge, data):
        yield name, family(name), recipe, top1, of
