"""Records that go into the archive and come out of it: frozen, bound to no connection."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple


class Measure(NamedTuple):
    """How networks were evaluated, apart from the seed; see `EvaluationKey`. Values of different
    measures are not comparable."""

    score: str
    data: str
    recipe: str = ""
    fidelity: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """The greatest costs that are asked for: MACs, parameters, and bytes of activations."""

    macs: int | None = None
    params: int | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class EvaluationKey:
    """Key of an evaluation: the network, and how it was evaluated. Unique.

    ``identity`` is the network's (`searchspace.identity`); ``data``, in words, what it was
    evaluated on; ``recipe`` how it was trained, '' where nothing was; ``fidelity`` for how many
    epochs; ``seed`` that of the weights.
    """

    identity: str
    score: str
    data: str
    seed: int
    recipe: str = ""
    fidelity: int = 0


@dataclass(frozen=True, slots=True)
class NetworkRecord:
    """A network in the archive: ``genotype`` is its YAML, ``memory`` its peak activations in
    bytes, ``input_size`` the greater edge of the images in pixels."""

    genotype: str
    name: str
    macs: int
    params: int
    input_size: int
    space: str | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """Result of an evaluation: a finite value, or None and an ``error``. ``curve`` is any JSON
    value, one entry per epoch of training.

    Raises:
        ValueError: neither a finite value nor an error, or both.
    """

    value: float | None
    seconds: float
    error: str | None = None
    curve: Sequence[Any] | None = None

    def __post_init__(self) -> None:
        if (self.value is None) is (self.error is None) or \
                (self.value is not None and not math.isfinite(self.value)):
            raise ValueError(f"a finite value or an error, not {self.value} and {self.error!r}")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One network evaluated once; ``value`` is None, and ``error`` says why, where that failed."""

    identity: str             # of the network: searchspace.identity.isomorphism
    score: str                # "naswot"
    data: str                 # "digits 32×3×224×224"
    seed: int                 # of the weights
    value: float | None
    seconds: float
    error: str | None
    study: str | None
    trial: int | None
    versions: Mapping[str, str]
    created: datetime         # UTC
    recipe: str = ""          # how it was trained; '' where nothing was
    fidelity: int = 0         # epochs; 0 where nothing was trained
    curve: Sequence[Any] | None = None      # learning curve, one entry per epoch
    machine: str = ""         # '' where it was not kept

    @property
    def measure(self) -> Measure:
        """How it was evaluated."""
        return Measure(self.score, self.data, self.recipe, self.fidelity)


@dataclass(frozen=True, slots=True)
class Standing:
    """A network with its values over all seeds: mean, least and greatest, and how many."""

    identity: str
    name: str
    genotype: str             # YAML
    macs: int
    params: int
    input_size: int
    mean: float
    least: float
    greatest: float
    count: int
    memory: int | None = None       # bytes of peak activations
