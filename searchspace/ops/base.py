"""Base of operations: frozen dataclasses with shape, cost and module.

The typed fields define the YAML schema, the defaults and the messages for misspelt keys; the
``examples`` are the input of one conformance test for all operations.
"""

import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from fractions import Fraction
from types import TracebackType
from typing import Any, ClassVar, TypeVar

from searchspace.display import html
from searchspace.errors import (
    GenotypeError,
    Place,
    SearchspaceError,
    ShapeError,
    nearest,
    show,
)
from searchspace.identifiers import is_part
from searchspace.ops.ranges import ANY, Within
from searchspace.registry import Registry
from searchspace.shapes import Shape, show_shape

Example = tuple[dict[str, Any], tuple[Shape, ...]]
Layer = Callable[..., Any]   # takes and returns torch tensors; an nn.Module if it has weights


@dataclass(frozen=True, slots=True)
class Cost:
    """Multiply-adds of convolutions and linear layers; trainable parameters."""

    macs: int = 0
    params: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.macs + other.macs, self.params + other.params)

    def _repr_html_(self) -> str | None:
        """HTML display in notebooks."""
        return html(self)


FREE = Cost()


class Op:
    """Base of all operations. Subclasses are frozen dataclasses and final.

    A network is made of nodes, each an operation applied to the outputs of others; every
    operation has one output. Shapes are (C, H, W) without the batch.
    """

    kind: ClassVar[str]                        # its name in YAML; set by `op`
    inputs: ClassVar[tuple[int, int | None]] = (1, 1)   # least and greatest number of inputs
    commutes: ClassVar[bool] = False           # whether the order of the inputs is ignored
    takes_flat: ClassVar[bool] = False         # works as well on (N, C) tensors, as `linear` gives
    examples: ClassVar[tuple[Example, ...]]

    def shape(self, *inputs: Shape) -> Shape:
        """Output shape (C, H, W). Raises ShapeError if the inputs do not fit."""
        raise TypeError(f"{type(self).__name__} has no shape")

    def cost(self, *inputs: Shape) -> Cost:
        """MACs and parameters; 0 by default."""
        return FREE

    def is_view(self) -> bool:
        """Whether at inference its output is a view of its input."""
        return False

    def label(self) -> str:
        """A short label for drawings, as in papers."""
        return self.kind

    def module(self, *inputs: Shape) -> Layer:
        """A torch module or function taking as many (N, C, H, W) tensors as there are inputs."""
        raise TypeError(f"{type(self).__name__} has no module")


OpType = TypeVar("OpType", bound=type[Op])
OPS: Registry[type[Op]] = Registry("operation", "docs/operations.md", GenotypeError)


def op(kind: str) -> Callable[[OpType], OpType]:
    """Register an operation under its name in YAML."""
    def register(cls: OpType) -> OpType:
        if not is_part(kind):
            raise ValueError(f"{kind!a} cannot name an operation")
        if cls.__hash__ is None:        # equal ones are told apart by it everywhere
            raise ValueError(f"the operation {kind} can be changed: it is a dataclass with "
                             "frozen=True")
        OPS.add(kind, cls)
        cls.kind = kind
        schema(cls)  # an unsupported annotation fails here, not in a user's file
        return cls
    return register


def is_foreign(cls: type[Op]) -> bool:
    """Whether an operation is not one of this project's own."""
    return not cls.__module__.startswith(f"{__package__}.")


class guarded:
    """Context in which the code of an operation runs: whatever that of a foreign one raises becomes
    a ShapeError, so that it spoils a network and not a search."""

    __slots__ = ("cls",)

    def __init__(self, cls: type[Op]) -> None:
        self.cls = cls

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if isinstance(error, Exception | SystemExit) and \
                not isinstance(error, SearchspaceError) and \
                is_foreign(self.cls):
            raise ShapeError(f"{self.cls.kind}: its code raised {type(error).__name__}: "
                             f"{error}") from error


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of an operation in YAML."""

    name: str
    types: tuple[type, ...]
    choices: tuple[str, ...]   # of a Literal
    pair: bool                 # a two-element list is allowed: [height, width]
    optional: bool             # null is allowed
    required: bool
    default: Any
    within: Within = ANY       # of its numbers

    def coerce(self, value: Any, place: Place | None = None) -> Any:
        """``value`` converted to this field's type. Raises GenotypeError if that is impossible."""
        if type(value) is int and int in self.types and self.within.holds(value):
            return value            # what most are, in less time
        if value is None and self.optional:
            return None
        if self.pair and isinstance(value, tuple) and len(value) == 2:
            return tuple(self.scalar(v, place) for v in value)
        return self.scalar(value, place)

    def scalar(self, value: Any, place: Place | None) -> Any:
        """A single value converted to this field's type; raises as `coerce`."""
        if bool in self.types and type(value) is bool:
            return value
        if value in self.choices:
            return value
        if self.choices and not self.types:
            raise GenotypeError(f"{self.name}: {value!r} is not one of {', '.join(self.choices)}"
                                f"{_only_hint(value, self.choices)}", place)
        number = isinstance(value, int | float | Fraction) and type(value) is not bool
        if int in self.types and number:
            if value == int(value):
                return self.ranged(int(value), place)
            raise GenotypeError(f"{self.name}: {show(value)} is not a whole number", place)
        if float in self.types and number:
            return self.ranged(float(value), place)
        if str in self.types and isinstance(value, str):
            return value
        names = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}
        wanted = " or ".join([*(names[t] for t in self.types), *(["[h, w]"] if self.pair else []),
                              *(repr(c) for c in self.choices)])
        raise GenotypeError(f"{self.name}: {wanted} expected, not {show(value)}", place)


    def ranged(self, number: int | float, place: Place | None) -> int | float:
        """The number. Raises GenotypeError if it is out of range."""
        if self.within.holds(number):
            return number
        kind = "a number" if float in self.types else "a whole number"
        raise GenotypeError(f"{self.name}: {kind} {self.within} expected, not {number:g}", place)


_SCHEMAS: dict[type[Op], dict[str, Field]] = {}


def schema(cls: type[Op]) -> dict[str, Field]:
    """The parameters of an operation, from its dataclass fields."""
    if cls not in _SCHEMAS:
        hints = typing.get_type_hints(cls, include_extras=True)
        made = {}
        for f in fields(cls):  # type: ignore[arg-type]
            options, within = _options(hints[f.name])
            choices = tuple(c for o in options if typing.get_origin(o) is typing.Literal
                            for c in typing.get_args(o))
            plain = tuple(o for o in options if o in (int, float, bool, str))
            pair = any(typing.get_origin(o) is tuple for o in options)
            if not plain and not choices:
                raise TypeError(f"{cls.__name__}.{f.name}: unsupported type {hints[f.name]}")
            required = f.default is MISSING
            made[f.name] = Field(f.name, plain, choices, pair, type(None) in options, required,
                                 None if required else f.default, within)
        _SCHEMAS[cls] = made
    return _SCHEMAS[cls]


def _options(hint: Any) -> tuple[tuple[Any, ...], Within]:
    """The alternatives of an annotation, and the range in it."""
    if typing.get_origin(hint) is typing.Annotated:
        options, _ = _options(hint.__origin__)
        return options, next((m for m in hint.__metadata__ if isinstance(m, Within)), ANY)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [_options(arg) for arg in typing.get_args(hint)]
        return (tuple(o for options, _ in parts for o in options),
                next((within for _, within in parts if within is not ANY), ANY))
    return (hint,), ANY


def _only_hint(value: object, known: tuple[str, ...]) -> str:
    hint = nearest(value, known)
    return hint if "did you mean" in hint else ""


def same_size(kind: str, inputs: tuple[Shape, ...], broadcast: bool = False) -> tuple[int, int]:
    """The common height and width of several inputs; with ``broadcast``, 1×1 fits any."""
    sizes = {(h, w) for _, h, w in inputs}
    if broadcast:
        sizes = sizes - {(1, 1)} or sizes
    if len(sizes) != 1:
        shown = ", ".join(show_shape(s) for s in inputs)
        raise ShapeError(f"{kind}: the inputs differ in size: {shown}")
    return sizes.pop()
