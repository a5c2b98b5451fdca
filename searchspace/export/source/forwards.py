"""Forward method of a class: one line a statement, with few and telling names."""

import re
from collections import Counter
from collections.abc import Iterator

from searchspace.export.source.constructors import attribute, flag, kept
from searchspace.export.source.layers import Function
from searchspace.export.source.merging import Class, Line
from searchspace.export.source.parameters import Code
from searchspace.export.source.statements import Body, Ref, Repeats, is_chain
from searchspace.export.source.units import write

FIT = {"": "{}", "flatten": "{}.flatten(1)", "unflatten": "{}[:, :, None, None]"}
_RESERVED = {"self", "torch", "nn", "x", "y", "lambda", "shift", "OrderedDict"}


class Forward:
    """Writes the forward method of one class."""

    def __init__(self, cls: Class) -> None:
        self.cls = cls
        self.uses = Counter(ref for line in cls.lines for ref in line.inputs)
        self.uses.update(cls.results)
        self.last: dict[Ref, int] = {}
        for i, line in enumerate(cls.lines):
            self.last |= dict.fromkeys(line.inputs, i)
        self.last |= dict.fromkeys(cls.results, len(cls.lines))
        self.names: dict[Ref, str] = {}

    def lines(self) -> list[str]:
        """The method."""
        names, parts = self.written()
        body = [text for part in parts for text in part]
        results = [self.names[ref] for ref in self.cls.results]
        last = f"{results[0]} = "
        if len(results) == 1 and body and body[-1].startswith(last) and \
                not self.cls.lines[-1].is_optional:
            body[-1] = f"return {body[-1].removeprefix(last)}"
        else:
            body.append(f"return {', '.join(results)}")
        return method("forward", names, body)

    def written(self) -> tuple[list[str], list[list[str]]]:
        """The names of the inputs, and the lines of each statement."""
        names = ["x"] if self.cls.inputs == 1 else [f"x{i}" for i in range(1, self.cls.inputs + 1)]
        self.names = {("", i): name for i, name in enumerate(names)}
        return names, [list(self.line(i, line)) for i, line in enumerate(self.cls.lines)]

    def live(self, count: int) -> list[Ref]:
        """What is still used behind the first ``count`` statements."""
        return [ref for ref, end in self.last.items() if end >= count and (
            not ref[0] or any(line.label == ref[0] for line in self.cls.lines[:count]))]

    def line(self, i: int, line: Line) -> Iterator[str]:
        """The lines of one statement."""
        sample = line.sample
        what = sample.what
        taken = [self.names[ref] for ref in line.inputs]
        if isinstance(what, Repeats) and not is_chain(what):
            yield from self.repeats(line, what, taken)
            return
        fits = sample.fits or ("",) * len(taken)
        fitted = [FIT[how].format(name) for how, name in zip(fits, taken, strict=True)]
        if isinstance(what, Function):
            value = what.write(fitted, {arg.name: self.argument(line, arg.name)
                                        for arg in what.args})
        else:
            if isinstance(what, Body):
                fitted = [fitted[k] for k in what.takes]
            value = f"{attribute(line.label)}({', '.join(fitted)})"
        if isinstance(what, Body) and what.made.outputs > 1:
            yield self.unpacked(line, what, value)
            return
        if sample.outputs > 1:
            for k, part in enumerate(sample.parts):
                self.names[line.label, k] = self.fresh(part)
            yield f"{', '.join(self.names[line.label, k] for k in range(sample.outputs))} = {value}"
            return
        name = self.output(i, line, taken)
        self.names[line.label, 0] = name
        if not line.is_optional or (sample.is_module and len(line.inputs) == 1):
            if name != value:
                yield f"{name} = {value}"
            return
        test = f"self.{flag(line)}" if isinstance(what, Function) else \
            f"{attribute(line.label)} is not None"
        if name == taken[0]:
            yield f"if {test}:"
            yield f"    {name} = {value}"
        else:
            yield f"{name} = {value} if {test} else {taken[0]}"

    def unpacked(self, line: Line, body: Body, value: str) -> str:
        """A call that gives several tensors, not all of which may be used."""
        names = ["_"] * body.made.outputs
        for k in range(line.sample.outputs):
            name = self.fresh(line.label if k == 0 else f"{line.label}_{k + 1}")
            self.names[line.label, k] = name
            names[body.gives[k]] = name
        return f"{', '.join(names)} = {value}"

    def repeats(self, line: Line, what: Repeats, taken: list[str]) -> Iterator[str]:
        """Repeats that hand on several tensors: a loop where all take theirs from the same
        places, else a call each."""
        where: dict[tuple[int, int], str] = {(-1, k): name for k, name in enumerate(taken)}
        loop = _steady(what)
        own = attribute(line.label)
        if loop is not None:
            cls = what.bodies[0].made
            first = [where[what.inputs[0][k]] for k in what.bodies[0].takes]
            after = {_place(what, loop, ref) for ref in what.outputs}
            state = [taken[0] if len(after) == 1 and k in after and len(line.inputs) == 1 and
                     self.last[line.inputs[0]] == self.cls.lines.index(line) else
                     self.fresh(line.label if k == 0 else f"{line.label}_{k + 1}")
                     for k in range(cls.inputs)]
            yield f"{', '.join(state)} = {', '.join(first)}"
            results = ["_"] * cls.outputs
            moved: list[tuple[str, str]] = []
            for k, (kind, source) in enumerate(loop):
                if kind == "out":
                    results[source] = state[k]
                else:
                    moved.append((state[k], state[source]))
            yield f"for block in {own}:"
            targets, values = [*results], [f"block({', '.join(state)})"]
            if moved:
                targets = [", ".join(results)] if len(results) == 1 else \
                    [f"({', '.join(results)})"]
                targets += [a for a, _ in moved]
                values += [b for _, b in moved]
            yield f"    {', '.join(targets)} = {', '.join(values)}"
            for k, ref in enumerate(what.outputs):
                self.names[line.label, k] = state[_place(what, loop, ref)]
            return
        wanted = {ref for refs in what.inputs for ref in refs} | set(what.outputs)
        for i, body in enumerate(what.bodies):
            args = [where[what.inputs[i][k]] for k in body.takes]
            names = ["_"] * body.made.outputs
            for k in range(len(body.outputs)):
                if (i, k) in wanted:
                    name = self.fresh(f"{line.label}_{i}" + (f"_{k + 1}" if k else ""))
                    where[i, k] = names[body.gives[k]] = name
            yield f"{', '.join(names)} = {own}[{i}]({', '.join(args)})"
        for k, ref in enumerate(what.outputs):
            self.names[line.label, k] = where[ref]

    def output(self, i: int, line: Line, taken: list[str]) -> str:
        """The name of a statement's result: that of its input along a chain, else its own."""
        first = line.inputs[0] if line.inputs else None
        own = (line.label, 0)
        dies = first is not None and self.last[first] == i
        if line.is_optional and not (line.sample.is_module and len(line.inputs) == 1):
            if dies:
                return taken[0]
        elif first is not None and self.goes_on(i, own):
            others = {n for ref, n in self.names.items() if ref != first and self.is_used(ref, i)}
            if dies and taken[0] not in others and (
                    taken[0] in ("x", "y") or self.uses[first] == 1):
                return taken[0]
            if not self.is_live("y", i):
                return "y"
        return self.fresh(line.label)

    def goes_on(self, i: int, ref: Ref) -> bool:
        """Whether what statement ``i`` gives is taken by the next one alone, and by that first; or
        is the result."""
        if i + 1 == len(self.cls.lines):
            return True
        following = self.cls.lines[i + 1]
        return self.uses[ref] == 1 and following.inputs[:1] == (ref,) and (
            len(following.inputs) == 1 or following.is_optional or
            self.cls.results == ((following.label, 0),))

    def is_used(self, ref: Ref, i: int) -> bool:
        """Whether a value is used after statement ``i``."""
        return self.last.get(ref, -1) > i

    def is_live(self, name: str, i: int) -> bool:
        """Whether what has this name is used after statement ``i``."""
        return any(n == name and self.last.get(ref, -1) > i for ref, n in self.names.items())

    def fresh(self, label: str) -> str:
        """A name that nothing has yet."""
        own = re.sub(r"\W", "_", label.rpartition(".")[2] if "." in label else label)
        own = own if own.isidentifier() and own not in _RESERVED else f"v_{own}"
        used = set(self.names.values())
        return next(n for n in (own, *(f"{own}_{k}" for k in range(2, 10_000)))
                    if n not in used and n not in _RESERVED)

    def argument(self, line: Line, name: str) -> str:
        """A number in a function."""
        value = self.cls.parameters.values[line.label, name]
        return f"self.{kept(line, name)}" if isinstance(value, Code) else write(value)


def method(name: str, arguments: list[str], body: list[str]) -> list[str]:
    """The lines of a method."""
    return [f"    def {name}({', '.join(['self', *arguments])}):", *(f"        {b}" for b in body)]


Loop = list[tuple[str, int]]


def _steady(what: Repeats) -> Loop | None:
    """For each input of the class, the output or the input of the repeat before that it takes; None
    where this differs."""
    cls = what.bodies[0].made
    if len(what.bodies) < 2 or any(body.made is not cls for body in what.bodies):
        return None
    loop: Loop = []
    for k in range(cls.inputs):
        found: set[tuple[str, int]] = set()
        for i in range(1, len(what.bodies)):
            number, place = what.inputs[i][what.bodies[i].takes[k]]
            before = what.bodies[i - 1]
            if number == i - 1:
                found.add(("out", before.gives[place]))
                continue
            same = [q for q in range(cls.inputs)
                    if what.inputs[i - 1][before.takes[q]] == (number, place)]
            if len(same) == 0:
                return None
            found.add(("in", same[0]) if len(same) == 1 else ("in", -1 - same[0]))
        certain = {f for f in found if f[1] >= 0}
        if len(certain) != 1:
            return None
        loop.append(certain.pop())
    last = len(what.bodies) - 1
    if any(_place(what, loop, ref) < 0 for ref in what.outputs) or last < 1:
        return None
    return loop


def _place(what: Repeats, loop: Loop, ref: tuple[int, int]) -> int:
    """Which of the loop's names has an output of the repeats after the last; -1 if none."""
    last = len(what.bodies) - 1
    body = what.bodies[last]
    for k, (kind, source) in enumerate(loop):
        if kind == "out" and ref[0] == last and \
                body.gives[ref[1]] == source:
            return k
        if kind == "in" and what.inputs[last][body.takes[source]] == ref:
            return k
    return -1
