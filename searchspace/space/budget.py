"""Budgets: hard bounds on the costs of a network, alone or combined."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from searchspace.errors import BudgetError
from searchspace.expansion import Expansion
from searchspace.units import (
    exactly,
    parse_amount,
    parse_bytes,
    parse_range,
    parse_time,
    show_amount,
    show_bytes,
    show_time,
)

__all__ = ["MEASURES", "Bound", "Budget", "Costs", "Measure", "amount", "macs", "memory",
           "params", "parse_amount", "show", "show_amount", "show_bytes", "show_time"]


class Costs(Protocol):
    """Protocol of anything with costs, such as a `space.Point`."""

    @property
    def macs(self) -> int: ...          # multiply-adds

    @property
    def params(self) -> int: ...        # trainable parameters

    @property
    def memory(self) -> int: ...        # bytes of peak activations, see `memory`


Measure = Callable[[Costs], float]


def macs(costs: Costs) -> float:
    """The multiply-adds, as a measure."""
    return costs.macs


def params(costs: Costs) -> float:
    """The parameters, as a measure."""
    return costs.params


def memory(costs: Costs) -> float:
    """The peak activation memory in bytes, as a measure."""
    return costs.memory


MEASURES: dict[str, Measure] = {"macs": macs, "params": params, "memory": memory}


Predict = Callable[[Expansion], int]

_UNITS = {"macs": "MACs", "params": "params", "memory": "of activations", "latency": "predicted"}
_EXACT = {"params": (("M", "K", ""), "params"), "memory": (("M", "K", ""), "B"),
          "latency": (("ms", "us", "ns"), "")}
_PARSERS = {"macs": parse_amount, "params": parse_amount, "memory": parse_bytes,
            "latency": parse_time}


class Bound(NamedTuple):
    """One bounded cost: its name, and its least and greatest allowed value."""

    name: str
    least: float | None
    most: float
    measure: Measure

    @property
    def ends(self) -> tuple[float, ...]:
        """The upper bound, or the lower and the upper one."""
        return (self.most,) if self.least is None else (self.least, self.most)

    def __str__(self) -> str:
        return show(self.name, *self.ends)


@dataclass(frozen=True, slots=True, init=False)
class Budget:
    """Bounds on costs, each optional; a network fits if it is inside all of them.

    Upper bounds on multiply-adds, parameters, bytes of peak activations and nanoseconds of latency,
    each with an optional lower bound. They are numbers, or what users write: ``"60M"``, ``"4MB"``,
    ``"20ms"``, ``"280M-300M"`` for both bounds. ``predict`` returns the latency of an expanded
    network on a device (`search.latency`), and is required for comparisons if latency is bounded.
    ``known``: bounds on costs that are known of some networks, and infinite of all others
    (`search.tables`). ``own``: bounds on functions of the user's, see
    `searchspace.space.constraint`.

    >>> print(Budget("280M-300M", memory="4MB", latency="20ms"))
    280.0M to 300.0M MACs and 4.00 MB of activations and 20.0 ms predicted

    Raises:
        BudgetError: a lower bound without an upper one, or above it; a text that is neither an
        amount nor a range.
    """

    macs: int | None = None
    params: int | None = None
    memory: int | None = None
    latency: int | None = None
    least_macs: int | None = None
    least_params: int | None = None
    least_memory: int | None = None
    least_latency: int | None = None
    predict: Predict | None = field(default=None, compare=False, repr=False)
    known: tuple[Bound, ...] = ()
    own: tuple[Bound, ...] = ()

    def __init__(self, macs: int | str | None = None, params: int | str | None = None,
                 memory: int | str | None = None, latency: int | str | None = None,
                 least_macs: int | None = None, least_params: int | None = None,
                 least_memory: int | None = None, least_latency: int | None = None,
                 predict: Predict | None = None, known: tuple[Bound, ...] = (),
                 own: tuple[Bound, ...] = ()) -> None:
        ends = {"macs": (least_macs, macs), "params": (least_params, params),
                "memory": (least_memory, memory), "latency": (least_latency, latency)}
        others = {"predict": predict, "known": known, "own": own}
        for name, value in others.items():
            object.__setattr__(self, name, value)
        for name, (least, most) in ends.items():
            if isinstance(most, str):
                low, most = parse_range(most, _PARSERS[name])
                least = low if least is None else least
            object.__setattr__(self, name, most)
            object.__setattr__(self, f"least_{name}", least)
        for name in _UNITS:
            least, most = getattr(self, f"least_{name}"), getattr(self, name)
            if most is not None and not most > 0:
                raise BudgetError(f"a bound is above 0, not {most}")
            if least is not None and (most is None or least > most):
                raise BudgetError(f"the lower bound {show(name, least)} has no upper bound above "
                                  "it")

    @classmethod
    def read(cls, macs: str | None = None, params: str | None = None,
             memory: str | None = None, latency: str | None = None) -> "Budget":
        """A budget as a command line says it."""
        return cls(macs, params, memory, latency)

    @property
    def bounds(self) -> Iterator[Bound]:
        """The bounds that are set."""
        for name in _UNITS:
            if (most := getattr(self, name)) is not None:
                yield Bound(name, getattr(self, f"least_{name}"), most,
                            MEASURES.get(name, self._latency))
        yield from self.known
        yield from self.own

    def _latency(self, costs: Costs) -> float:
        """The latency in nanoseconds: the object's own if it has one, else predicted."""
        known: int | None = getattr(costs, "latency", None)
        if known is not None:
            return known
        if self.predict is None:
            raise BudgetError("a latency is bounded, and nothing predicts it: give predict=, for "
                              "example the nanoseconds of a search.latency.Predictor")
        network: Any = costs
        return self.predict(network.expansion)

    def values(self, costs: Costs) -> tuple[float, ...]:
        """The bounded costs, in the order of `bounds`."""
        return tuple([b.measure(costs) for b in self.bounds])

    def fits(self, costs: Costs) -> bool:
        """Whether costs are inside every bound; measures behind the first that is not are spared,
        the dear ones being the last."""
        return all((b.least or 0) <= b.measure(costs) <= b.most for b in self.bounds)

    def contains(self, values: Sequence[float]) -> bool:
        """Whether `values` are inside every bound."""
        return all((b.least or 0) <= v <= b.most for b, v in zip(self.bounds, values, strict=True))

    def excess(self, costs: Costs) -> float:
        """The greatest ratio of a cost to its upper bound; at most 1 for a network that fits."""
        return self.fullness(self.values(costs))

    def fullness(self, values: Sequence[float]) -> float:
        """`excess` of `values`."""
        return max((v / b.most for b, v in zip(self.bounds, values, strict=True)), default=0.0)

    def miss(self, costs: Costs) -> float:
        """The greatest violation of a bound relative to that bound; 0 inside."""
        found = 0.0
        for bound in self.bounds:
            value = bound.measure(costs)
            found = max(found, value / bound.most - 1)
            if bound.least is not None:
                found = max(found, 1 - value / bound.least)
        return found

    @property
    def text(self) -> str:
        """The exact bounds, short enough for the name of a study."""
        parts = []
        for bound in replace(self, known=(), own=()).bounds:
            units, rest = _EXACT.get(bound.name, (("M", "K", ""), ""))
            parts.append("to".join(exactly(int(end), *units) + rest for end in bound.ends))
        known = [f"{b.name}={'to'.join(f'{end!r}' for end in b.ends)}"
                 for b in (*self.known, *self.own)]
        return " ".join(["-".join(parts), *known])

    def __str__(self) -> str:
        return " and ".join(str(bound) for bound in self.bounds) or "no bound"


def amount(name: str, *values: float) -> str:
    """A cost or a range of it, human-readable: 300.8M, 2.00 MB to 6.02 MB."""
    shown = {"memory": show_bytes, "latency": show_time}.get(
        name, show_amount if name in _UNITS else "{:g}".format)
    return " to ".join(shown(v) for v in values)


def show(name: str, *values: float) -> str:
    """A cost or a range of it with its name: 300.8M MACs, 2.00 MB to 6.02 MB of activations."""
    return f"{amount(name, *values)} {_UNITS.get(name, name)}"
