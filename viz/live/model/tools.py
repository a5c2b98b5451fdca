"""What the playground is given from outside: predictions, studies and searches.

`viz` does not import `search`; the command `viz/playground.py` does, and hands these functions to
the page and to its worker processes. They are functions of a module, so that a process that is
spawned finds them by their names; what a function needs is loaded when it is first called.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from searchspace.expansion import Expansion
from viz.results import Progress, Results


class Near(NamedTuple):
    """A published network near to a predicted one; ``distance`` is the predictor's."""

    name: str
    top1: float
    distance: float


@dataclass(frozen=True, slots=True)
class Told:
    """A predicted top-1 accuracy in percent: half the 80 % interval is ``spread``, its lower end
    ``lower``; ``about`` says of which data, and by which training."""

    value: float
    spread: float
    lower: float
    about: str
    nearest: tuple[Near, ...]


class Known(NamedTuple):
    """A published network: its multiply-adds, and its top-1 accuracy in percent."""

    name: str
    macs: float
    top1: float


@dataclass(frozen=True, slots=True)
class Follow:
    """Which study is read: its folder, and its database where that is not in the folder."""

    folder: Path
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Tools:
    """``predict``: the accuracy of a network; raises SearchspaceError where nothing is told.
    ``known``: the published networks with accuracies. ``clock``: from a latency table's file a
    function that gives nanoseconds. ``study``: a study so far; None if it has no more finished
    trials than the given number. ``trial``: a study with the row of the trial of this number alone;
    None if there is none. ``prepare``: loads what these two need. ``command``: the arguments of the
    process that searches, by the names of options."""

    predict: Callable[[Expansion], Told] | None = None
    known: Callable[[], tuple[Known, ...]] | None = None
    clock: Callable[[Path], Callable[[Expansion], int]] | None = None
    study: Callable[[Follow, int], Progress | None] | None = None
    trial: Callable[[Follow, int], Results | None] | None = None
    prepare: Callable[[], None] | None = None
    command: Callable[[Mapping[str, str]], list[str]] | None = None
