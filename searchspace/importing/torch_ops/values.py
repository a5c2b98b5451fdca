"""What a traced tensor is: an image that some step gives, in one of its forms, or a parameter.

A step is an operation of the notation. Tensors of other shapes than (N, C, H, W) are forms of one:
flattened, with the channels last, in groups. What is neither is `Unknown`, which is an error only
if the output depends on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from searchspace.ops import Op
from searchspace.shapes import Shape

Form = Literal["image", "last", "flat", "rows"]


class Step(NamedTuple):
    """One operation: its inputs by number (-1: the image), its output's shape, the keys of its
    weights in the module's state dict by our role (``conv.weight``), and the module's path."""

    op: Op
    inputs: tuple[int, ...]
    shape: Shape
    weights: Mapping[str, str]
    path: str


@dataclass(frozen=True, slots=True)
class Image:
    """The output of a step as (N, C, H, W), or ``last`` (N, H, W, C), ``rows`` (N, C, H·W),
    ``flat`` (N, C·H·W). ``groups`` > 0: (N, groups, C/groups, H, W), and the other way round where
    ``swapped``."""

    step: int
    shape: Shape
    form: Form = "image"
    groups: int = 0
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter or buffer of the module by its key; ``shape`` as it is viewed here."""

    key: str
    shape: tuple[int, ...]
    sigmoid: bool = False
    index: int | None = None     # one entry of it


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that the notation cannot say, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Weighted:
    """A sum of images, each times one entry of a parameter behind a sigmoid."""

    key: str
    size: int
    terms: tuple[tuple[int, int], ...]          # (step, entry)
    shape: Shape = field(default=(0, 0, 0))


Value = Image | Parameter | Unknown | Weighted | tuple[Any, ...] | int | float | bool | str | None
