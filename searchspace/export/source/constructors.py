"""Constructor of a class: a line for each module, with its arguments as expressions."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from searchspace.export.source.format import Call, Each, Expression, flat, lay_out, signature
from searchspace.export.source.layers import REQUIRED, Function, Layer
from searchspace.export.source.merging import Class, Line
from searchspace.export.source.parameters import ABSENT, Code
from searchspace.export.source.statements import Body, Repeats, is_chain, uniform
from searchspace.export.source.units import Unit, write

LEAST = 3       # repeats that differ by a constant, to be written as a loop


class Constructor:
    """Writes the constructor of one class."""

    def __init__(self, cls: Class, units: dict[str, Unit]) -> None:
        self.cls = cls
        self.units = units

    def lines(self, chain: bool) -> list[str]:
        """The constructor; a ``chain`` has no module for what is left out."""
        listed = self.cls.parameters.listed
        names = ["self", *(p.name if p.default is ABSENT else f"{p.name}={write(p.default)}"
                           for p in listed)]
        return [*signature("def __init__", names, ":", 4), "        super().__init__()",
                *(text for line in self.cls.lines for text in self.line(line, chain))]

    def line(self, line: Line, chain: bool) -> Iterator[str]:
        """The lines of one statement."""
        condition = self.cls.parameters.conditions.get(line.label)
        what = line.sample.what
        if isinstance(what, Function):
            for arg in what.args:
                value = self.cls.parameters.values[line.label, arg.name]
                if isinstance(value, Code):
                    yield f"        self.{kept(line, arg.name)} = {value.text}"
            if condition is not None:
                yield f"        self.{flag(line)} = {condition}"
            return
        target = f"{attribute(line.label)} = "
        made = self.module(line)
        if condition is None:
            yield from lay_out(made, 8, target)
        elif chain:
            yield f"        if {condition}:"
            yield from lay_out(made, 12, target)
        else:
            absent = "nn.Identity()" if len(line.inputs) == 1 else "None"
            short = f"        {target}{flat(made)} if {condition} else {absent}"
            if len(short) <= 100:
                yield short
                return
            yield f"        {target}{absent}"
            yield f"        if {condition}:"
            yield from lay_out(made, 12, target)

    def module(self, line: Line) -> Expression:
        """What constructs the module of a line."""
        what, values = line.sample.what, self.cls.parameters.values
        if isinstance(what, Layer):
            return self.layer(what, lambda name: values[line.label, name])
        if isinstance(what, Body):
            return call(what.made, {p.name: values[line.label, p.name]
                                    for p in what.made.parameters.listed})
        assert isinstance(what, Repeats)
        if uniform(what):
            body = what.bodies[0]
            one = call(body.made, {p.name: values[line.label, p.name]
                                   for p in body.made.parameters.listed})
            n = values[line.label, "n"]
            if n == 1:
                return Call("nn.Sequential", (one,))
            count = n.text if isinstance(n, Code) else str(n)
            return Call("nn.Sequential", (Each(one, f"for _ in range({count})"),))
        calls = [(body.made, {p.name: values[line.label, f"{p.name}@{i}"]
                              for p in body.made.parameters.listed})
                 for i, body in enumerate(what.bodies)]
        if is_chain(what):
            return Call("nn.Sequential", tuple(shortened(calls)))
        return Call("nn.ModuleList", (Call("", tuple(shortened(calls)), "[]"),))

    def layer(self, layer: Layer, value: Any) -> Expression:
        """A call of the class of a layer."""
        unit = self.units.get(layer.callee)
        args = []
        for arg in layer.args:
            given = value(arg.name)
            default, positional = arg.default, arg.is_positional
            if unit is not None:
                if arg.name not in unit.defaults:
                    continue
                default = unit.defaults[arg.name]
            if not isinstance(given, Code) and default is not REQUIRED and \
                    repr(given) == repr(default):
                continue
            text = given.text if isinstance(given, Code) else write(given)
            args.append(text if positional else f"{arg.name}={text}")
        return Call(unit.name if unit else layer.callee, tuple(args))


def call(cls: Class, values: dict[str, Any]) -> Call:
    """A call of a class with values by parameter."""
    args = []
    for p in cls.parameters.listed:
        value = values[p.name]
        if not isinstance(value, Code) and not p.is_required and repr(value) == repr(p.default):
            continue
        text = value.text if isinstance(value, Code) else write(value)
        args.append(text if p.is_required else f"{p.name}={text}")
    return Call(cls.name, tuple(args))


def shortened(calls: list[tuple[Class, dict[str, Any]]]) -> Iterator[Expression]:
    """Calls with loops for those that are equal, or in which numbers grow evenly."""
    i = 0
    while i < len(calls):
        end = i + 1
        while end < len(calls) and repr(calls[end][1]) == repr(calls[i][1]) and \
                calls[end][0] is calls[i][0]:
            end += 1
        if end - i > 1:
            yield Each(call(*calls[i]), f"for _ in range({end - i})")
            i = end
            continue
        end = _even(calls, i)
        if end - i >= LEAST:
            cls, first = calls[i]
            steps = {name: calls[i + 1][1][name] - value for name, value in first.items()
                     if calls[i + 1][1][name] != value}
            grown = {name: Code(f"{value} + {steps[name]} * i" if steps[name] > 0 else
                                f"{value} - {-steps[name]} * i") if name in steps else value
                     for name, value in first.items()}
            yield Each(call(cls, grown), f"for i in range({end - i})")
            i = end
            continue
        yield call(*calls[i])
        i += 1


def _even(calls: list[tuple[Class, dict[str, Any]]], start: int) -> int:
    """The end of the run from ``start`` on in which whole numbers grow evenly."""
    if start + 1 == len(calls):
        return start
    steps: dict[str, int] | None = None
    end = start + 1
    for (cls, a), (other, b) in pairwise(calls[start:]):
        if cls is not other:
            break
        differ = [name for name in a if repr(a[name]) != repr(b[name])]
        if any(type(v) is not int for name in differ for v in (a[name], b[name])):
            break
        found = {name: b[name] - a[name] for name in differ}
        if steps is not None and found != steps:
            break
        steps = found
        end += 1
    return end


def attribute(label: str) -> str:
    """How a class speaks of a module of its own."""
    return f"self.{label}" if is_plain(label) else f'self["{label}"]'


def is_plain(label: str) -> bool:
    """Whether a label can be written as an attribute."""
    return label.isidentifier()


def kept(line: Line, name: str) -> str:
    """The attribute that keeps a number for a function."""
    return f"{line.label.replace('.', '_')}_{name}"


def flag(line: Line) -> str:
    """The attribute that says whether a function is there."""
    own = line.label.replace(".", "_").replace("-", "_")
    return own if own == "residual" else f"has_{own}"
