"""What comes out of the archive: frozen rows, bound to no connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One network evaluated once; ``value`` is None, and ``error`` says why, where that failed."""

    identity: str             # of the network: searchspace.identity
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
    curve: Sequence[Any] | None = None      # what training went through, in order
    machine: str = ""         # '' where it was not kept


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
