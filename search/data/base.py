"""Interface of data sets: labelled training and test images.

Images are 8-bit until a batch is made: either stored in one array, or in files that are read batch
by batch. Validation images are split off the training images; the test images are used by a final
training only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from search.data.errors import DataError
from searchspace.expansion import Expansion
from searchspace.text import counted

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Stored:
    """Images in memory: ``pixels`` of shape (n, channels, height, width), ``labels`` of (n,)."""

    pixels: Pixels
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, which: Sequence[int]) -> Self:
        """These images alone."""
        return type(self)(self.pixels[list(which)], self.labels[list(which)])


@dataclass(frozen=True, eq=False)
class Files:
    """Images in files, three channels each, of any size; see `search.data.folder`."""

    paths: tuple[Path, ...]
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, which: Sequence[int]) -> Self:
        """These images alone."""
        return type(self)(tuple(self.paths[i] for i in which), self.labels[list(which)])


Images = Stored | Files


@dataclass(frozen=True, eq=False)
class Data:
    """A data set. ``edge``: default edge of its images in pixels; ``digest`` distinguishes sets of
    the same name; ``notes`` are human-readable; ``folder`` is that of images in files."""

    name: str
    classes: tuple[str, ...]
    channels: int
    edge: int
    train: Images
    test: Images
    digest: str = ""
    notes: tuple[str, ...] = ()
    folder: Path | None = None

    def lacking(self, network: Expansion) -> str:
        """What a network lacks for these classes; empty if nothing."""
        outputs = network.nodes[network.output].shape[0]
        return "" if outputs >= len(self.classes) else \
            f"{outputs} outputs, and {self.name} has {counted(len(self.classes), 'class')}"

    def split(self, share: float, seed: int) -> tuple[Images, Images]:
        """Training and validation images: a stratified random split, with ``share`` of the images
        for validation, drawn from ``seed``.

        Raises:
            DataError: a class has too few images.
        """
        from sklearn.model_selection import train_test_split

        try:
            fitted, held = train_test_split(range(len(self.train)), test_size=share,
                                            stratify=self.train.labels, random_state=seed)
        except ValueError as error:
            raise DataError(f"{self.name}: no {share:.0%} of the {len(self.train)} training images "
                            f"can be held out for validation: {error}") from None
        return self.train.take(sorted(fitted)), self.train.take(sorted(held))


def check_labels(labels: Labels, classes: int, where: str) -> Labels:
    """The labels, after a check.

    Raises:
        DataError: there are none, or one is not in 0 … ``classes`` − 1.
    """
    if not len(labels):
        raise DataError(f"{where} has no images")
    if labels.min() < 0 or labels.max() >= classes:
        odd = labels[(labels < 0) | (labels >= classes)][0]
        raise DataError(f"{where} is damaged: among the labels is {odd}, and the classes are 0 to "
                        f"{classes - 1}")
    return labels
