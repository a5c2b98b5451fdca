"""Parameters of a class: the numbers in which its bodies differ, as few as possible.

Numbers that are always equal are one parameter; one that is always a multiple of another is written
so. A line that some bodies lack stands under a condition on the parameters.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from searchspace.export.source.layers import Function, Layer
from searchspace.export.source.statements import Body, Repeats, slots, uniform

if TYPE_CHECKING:
    from searchspace.export.source.merging import Class, Line

CHANNELS = "channels"
_OF_CHANNELS = {"cin", "out", "c", "start", "stop", "groups"}
MULTIPLES = range(2, 65)


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()                  # the value of a line that a body lacks
Values = tuple[Any, ...]            # one for each body of a class


@dataclass(slots=True)
class Parameter:
    """A parameter of a constructor; ``values``: those of each body."""

    name: str
    domain: str
    values: Values
    default: Any = ABSENT           # absent: it has none

    @property
    def is_required(self) -> bool:
        """Whether every call gives it."""
        return self.default is ABSENT


@dataclass(slots=True)
class Code:
    """A value that is written as an expression of the parameters."""

    text: str


@dataclass(slots=True)
class Parameters:
    """The parameters of a class, the value of each slot, and the conditions of optional lines."""

    listed: list[Parameter] = field(default_factory=list)
    values: dict[tuple[str, str], Any] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)

    def of(self, body: int) -> dict[str, Any]:
        """The arguments of one body by name."""
        return {p.name: p.default if p.values[body] is ABSENT else p.values[body]
                for p in self.listed}


def parameters(cls: "Class") -> Parameters:
    """The parameters of a class whose lines are known."""
    made = Parameters()
    entries = list(_entries(cls))
    taken = {line.label for line in cls.lines if isinstance(line.sample.what, Function)}
    widths = tuple(body.channels for body in cls.bodies)
    if len(set(widths)) > 1:
        made.listed.append(Parameter("cin", CHANNELS, widths))
    for label, slot, domain, values in sorted(entries, key=_rank(entries)):
        known = {repr(v) for v in values if v is not ABSENT}
        if len(known) == 1:
            made.values[label, slot] = next(v for v in values if v is not ABSENT)
            continue
        found = _equal(made.listed, domain, values) or _derived(made.listed, domain, values)
        if found is None:
            name = _name(label, slot, taken | {p.name for p in made.listed})
            made.listed.append(Parameter(name, domain, values))
            found = name
        made.values[label, slot] = Code(found)
    for line in cls.lines:
        if line.is_optional:
            made.conditions[line.label] = _condition(made.listed, line, taken)
    written = " ".join([*(v.text for v in made.values.values() if isinstance(v, Code)),
                        *made.conditions.values()])
    made.listed = [p for p in made.listed if re.search(rf"\b{p.name}\b", written)]
    for p in made.listed:
        _set_default(p, f"{p.name} is not None" in made.conditions.values())
    made.listed.sort(key=lambda p: not p.is_required)
    return made


def _entries(cls: "Class") -> Iterator[tuple[str, str, str, Values]]:
    """Label, slot, domain and values of everything that may differ."""
    for line in cls.lines:
        tables = [None if s is None else slots(s) for s in line.there]
        first = next(t for t in tables if t is not None)
        for slot in first:
            yield (line.label, slot, domain(line.sample.what, slot),
                   tuple(ABSENT if t is None else t[slot] for t in tables))


def domain(what: Any, slot: str) -> str:
    """Numbers of one domain may be the same parameter."""
    if isinstance(what, Body):
        return str(next(p.domain for p in what.made.parameters.listed if p.name == slot))
    if isinstance(what, Repeats):
        if uniform(what):
            return "repeats" if slot == "n" else domain(what.bodies[0], slot)
        name, _, number = slot.rpartition("@")
        return domain(what.bodies[int(number)], name)
    assert isinstance(what, Layer | Function)
    return CHANNELS if slot in _OF_CHANNELS else slot


def _rank(entries: list[tuple[str, str, str, Values]]) -> Callable[[Any], tuple[bool, int]]:
    """What comes in is first, then what goes out: others are multiples of these. What all bodies
    have stands before what some have."""
    channels = [i for i, e in enumerate(entries) if e[2] == CHANNELS and e[1] != "groups"
                and ABSENT not in e[3]]
    first = {channels[0]: -2, channels[-1]: -1} if channels else {}
    order = {(e[0], e[1]): (ABSENT in e[3], first.get(i, i)) for i, e in enumerate(entries)}
    return lambda e: order[e[0], e[1]]


def _equal(listed: list[Parameter], domain: str, values: Values) -> str | None:
    for p in listed:
        if p.domain == domain and any(a is not ABSENT and b is not ABSENT
                                      for a, b in zip(p.values, values, strict=True)) and \
                all(a is ABSENT or b is ABSENT or (a == b and type(a) is type(b))
                    for a, b in zip(p.values, values, strict=True)):
            p.values = tuple(b if a is ABSENT else a
                             for a, b in zip(p.values, values, strict=True))
            return p.name
    return None


def _derived(listed: list[Parameter], domain: str, values: Values) -> str | None:
    """A multiple, a part, a sum or a difference of channels."""
    if domain != CHANNELS:
        return None
    bases = [p for p in listed if p.domain == CHANNELS]
    known = [i for i, v in enumerate(values) if v is not ABSENT]
    if any(type(values[i]) is not int for i in known) or len(known) < 2:
        return None

    def ratio(p: Parameter, up: bool) -> int | None:
        """The number that divides all values without a rest, or that all are divided by."""
        if any(type(p.values[i]) is not int for i in known):
            return None
        pairs = [(values[i], p.values[i]) if up else (p.values[i], values[i]) for i in known]
        found = {a // b if b and a % b == 0 else 0 for a, b in pairs}
        return m if len(found) == 1 and (m := found.pop()) in MULTIPLES else None

    for p in bases:
        if (m := ratio(p, up=True)) is not None:
            return f"{m} * {p.name}"
        if (m := ratio(p, up=False)) is not None:
            return f"{p.name} // {m}"
    for p in bases:
        for q in bases:
            if p is q or any(type(q.values[i]) is not int for i in known):
                continue
            for sign, symbol in ((1, "+"), (-1, "-")):
                if (sign < 0 or p.name < q.name) and all(
                        type(p.values[i]) is int and
                        values[i] == p.values[i] + sign * q.values[i] for i in known):
                    return f"{p.name} {symbol} {q.name}"
    return None


def _name(label: str, slot: str, taken: set[str]) -> str:
    slot = slot.partition("@")[0]
    slot = {"c": "cin", "p": "dropout"}.get(slot, slot)
    own = label.replace(".", "_").replace("-", "_")
    own = own if own.isidentifier() else f"at_{own}"
    options = [slot, "mid" if slot in ("cin", "out") else f"{own}_{slot}",
               own if slot == "out" else f"{own}_{slot}", f"{own}_{slot}"]
    for option in [*options, *(f"{options[-1]}{i}" for i in range(2, 1000))]:
        if option not in taken and option.isidentifier() and option not in _BAD:
            return option
    raise AssertionError(label)


_BAD = {"self", "x", "y", "nn", "torch", "in", "as", "is", "if", "or", "and", "not", "for", "i"}


def _condition(listed: list[Parameter], line: "Line", taken: set[str]) -> str:
    """Where an optional line is there: a comparison of the parameters, one that is given only then,
    or a parameter of its own."""
    there = [s is not None for s in line.there]
    channels = [p for p in listed if p.domain == CHANNELS and ABSENT not in p.values]
    strides = [p for p in listed if p.domain == "stride" and ABSENT not in p.values]
    tests: list[tuple[str, list[bool]]] = []
    for i, p in enumerate(channels):
        for q in channels[i + 1:]:
            same = [a == b for a, b in zip(p.values, q.values, strict=True)]
            tests += [(f"{p.name} == {q.name}", same),
                      (f"{p.name} != {q.name}", [not t for t in same])]
            for s in strides:
                both = [a and b == 1 for a, b in zip(same, s.values, strict=True)]
                tests += [(f"{s.name} == 1 and {p.name} == {q.name}", both),
                          (f"{s.name} != 1 or {p.name} != {q.name}", [not t for t in both])]
    for s in strides:
        ones = [v == 1 for v in s.values]
        tests += [(f"{s.name} == 1", ones), (f"{s.name} != 1", [not t for t in ones])]
    tests += [(f"{p.name} is not None", [v is not ABSENT for v in p.values]) for p in listed
              if ABSENT in p.values and None not in p.values]
    tests += [(p.name, list(p.values)) for p in listed
              if all(type(v) is bool for v in p.values)]
    if isinstance(line.sample.what, Function):      # a shortcut, which depends on all of the shape
        tests.sort(key=lambda test: " and " not in test[0])
    for text, values in tests:
        if values == there:
            return text
    own = line.label.replace(".", "_").replace("-", "_")
    names = taken | {p.name for p in listed}
    name = next(n for n in (own if own.isidentifier() else f"has_{own}", f"has_{own}",
                            *(f"has_{own}{i}" for i in range(2, 1000)))
                if n not in names or (n == own and n not in {p.name for p in listed}))
    listed.append(Parameter(name, "flag", tuple(there)))
    return name


def _set_default(p: Parameter, may_be_none: bool) -> None:
    """The commonest value; None where that means that a line is left out."""
    known = [v for v in p.values if v is not ABSENT]
    some = len(known) < len(p.values)
    if may_be_none or (some and p.domain in (CHANNELS, "repeats")):
        p.default = None
    elif some or p.domain not in (CHANNELS, "repeats", "sizes"):
        text, count = Counter(map(repr, known)).most_common(1)[0]
        if some or 2 * count >= len(known):
            p.default = {repr(v): v for v in known}[text]
