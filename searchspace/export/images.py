"""Labelled images for calibration and accuracy, from data sets that another package knows.

Data sets are entry points of the group ``searchspace.images``, functions of a name and an input
shape; this project's `search` has one. So this package depends on none of them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from searchspace.errors import SearchspaceError
from searchspace.shapes import Shape

if TYPE_CHECKING:
    from torch import Tensor

GROUP = "searchspace.images"


class Images(NamedTuple):
    """Standardised images (n, C, H, W): some of the training set, and the test set with labels
    (n,)."""

    name: str
    training: "Tensor"
    test: "Tensor"
    labels: "Tensor"


def images(name: str, shape: Shape) -> Images:
    """The images of a data set in the size of a network's input.

    Raises SearchspaceError where nothing installed knows data sets, or the set does not fit.
    """
    from importlib import metadata

    entry = next(iter(metadata.entry_points(group=GROUP)), None)
    if entry is None:
        raise SearchspaceError("--data: no installed package knows data sets; install this project "
                               "(pip install .)")
    read: Callable[[str, Shape], tuple[str, Tensor, Tensor, Tensor]] = entry.load()
    return Images(*read(name, shape))
