"""Compiled form of a genotype: values, steps and blocks, ready for expansion.

All errors that do not depend on shapes are raised while compiling (`steps`, `blocks`), so that
expanding one genotype for thousands of decisions does not repeat these checks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from searchspace.errors import Place
from searchspace.notation.holes import Hole, chosen
from searchspace.notation.tree import Scalar, Seq, Tree
from searchspace.ops import Field, Op

RESERVED = ("from", "as", "of", "repeat", "first", "each", "when")


# --- values: what a parameter may be; each has get(env) -----------------------------------------


@dataclass(frozen=True, slots=True)
class Const:
    """A constant."""

    value: Any
    place: Place

    def get(self, env: Any) -> Any:
        return self.value


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula, evaluated in the scope of a body."""

    run: Callable[[Any], Any]
    place: Place

    def get(self, env: Any) -> Any:
        return self.run(env)


@dataclass(frozen=True, slots=True)
class HoleValue:
    """The value of a hole's chosen option."""

    hole: Hole
    options: Mapping[Any, "Value"]   # empty for a drawn graph
    place: Place

    def get(self, env: Any) -> Any:
        label = env.decide(self.hole)
        if not self.options:
            return _plain_lists(chosen(self.hole, label))
        return self.options[label].get(env)


@dataclass(frozen=True, slots=True)
class ListValue:
    """A list of values."""

    items: tuple["Value", ...]
    place: Place

    def get(self, env: Any) -> Any:
        return tuple(item.get(env) for item in self.items)


@dataclass(frozen=True, slots=True)
class StepValue:
    """A step passed as an argument; the block runs it in the scope in which it was written."""

    step: "Step"
    place: Place

    def get(self, env: Any) -> Any:
        return Closure(self.step, env)


@dataclass(frozen=True, slots=True)
class Closure:
    """A passed step with the scope in which it was written."""

    step: "Step"
    env: Any


Value = Const | Formula | HoleValue | ListValue | StepValue


# --- steps and blocks ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Params:
    """Parameters of a step: constants of the right type, and values to evaluate."""

    fixed: tuple[tuple[str, Any], ...] = ()
    dynamic: tuple[tuple[str, Field | None, Value], ...] = ()

    def get(self, env: Any) -> tuple[tuple[str, Any], ...]:
        """Names and values in a scope. Raises GenotypeError for a value of the wrong type."""
        if not self.dynamic:
            return self.fixed
        given = [*self.fixed]
        for name, f, value in self.dynamic:
            found = value.get(env)
            given.append((name, found if f is None else f.coerce(found, value.place)))
        return tuple(given)


Branch = str | tuple["Step", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A compiled step of a body."""

    label: str                       # its name in the body, part of every node's name
    key: str
    kind: str                        # op, block, arg, choice, or a structural word
    target: "type[Op] | Block | None"
    params: Params
    place: Place
    first: Params | None = None
    each: tuple[tuple[str, Field | None, tuple[Value, ...]], ...] = ()
    sources: tuple[Value, ...] | None = None
    branches: tuple[Branch, ...] | None = None
    names: tuple[str, ...] = ()
    when: Value | None = None
    repeat: Value | None = None
    options: Mapping[Any, "Step"] = field(default_factory=dict)
    hole: Hole | None = None
    per_repeat: bool = False         # its holes are decided per repeat
    args: tuple[str, ...] = ()       # the arguments of its body that it reads,
    tensors: tuple[str, ...] = ()    # and the named tensors whose shapes its formulas read
    is_closed: bool = False          # its result depends on these, its inputs and decisions alone
    is_steady: bool = False          # its parameters are the same in all repeats after the first
    is_uneven: bool = False          # a formula may fall where what it is given rises


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A compiled block: arguments, inputs, outputs and body."""

    name: str
    args: tuple[tuple[str, Value | None], ...]      # None: required
    ins: tuple[tuple[str, str | None], ...]         # input, and the input it falls back to
    outs: tuple[tuple[str, str], ...]               # travelling name, tensor of the body
    body: tuple[Step, ...]
    place: Place
    is_uneven: bool                                 # see `Step`; of its arguments' defaults

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the arguments without a default."""
        return tuple(name for name, default in self.args if default is None)


def _plain_lists(tree: Tree) -> Any:
    if isinstance(tree, Seq):
        return tuple(_plain_lists(t) for t in tree)
    assert isinstance(tree, Scalar)
    return tree.value


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled genotype, the input of `expand`."""

    args: tuple[tuple[str, Value], ...]
    input: tuple[Value, ...]
    net: tuple[Step, ...]
    place: Place
    everywhere: tuple[tuple[str, Value], ...] = ()   # parameters of all operations that have them
