"""Merging of bodies: what is the same but for numbers and optional lines becomes one class.

Blocks are used many times with other arguments, and ``when`` leaves steps out. A line that some
bodies lack can stand in a class if, where it is absent, what follows takes its first input instead.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from searchspace.export.source.layers import Function
from searchspace.export.source.parameters import Parameters, parameters
from searchspace.export.source.statements import (
    Body,
    Ref,
    Repeats,
    Statement,
    bodies,
    head,
)


@dataclass(slots=True, eq=False)
class Line:
    """A statement of a class, with its references; ``there``: for each body, its own one."""

    label: str
    inputs: tuple[Ref, ...]
    there: list[Statement | None]

    @property
    def sample(self) -> Statement:
        """One of the statements."""
        return next(s for s in self.there if s is not None)

    @property
    def is_optional(self) -> bool:
        """Whether some bodies lack it."""
        return None in self.there


@dataclass(slots=True, eq=False)
class Class:
    """A class of modules."""

    hint: str
    bodies: list[Body]
    lines: list[Line]
    inputs: int
    results: tuple[Ref, ...]
    parameters: Parameters = field(default_factory=Parameters)
    name: str = ""

    @property
    def outputs(self) -> int:
        """The number of tensors that it gives."""
        return len(self.results)


def classes(root: Body) -> list[Class]:
    """The classes of a network, those that others use first; every body knows its own."""
    _wrap(root)
    made: list[Class] = []
    for group in _in_order(root):
        for cls in _merged(group):
            cls.parameters = parameters(cls)
            for i, body in enumerate(cls.bodies):
                body.made, body.values = cls, cls.parameters.of(i)
                body.gives = _gives(cls, i)
            made.append(cls)
    return made


def _inner(body: Body) -> Iterator[Body]:
    for statement in body.statements:
        if isinstance(statement.what, Body):
            yield statement.what
        elif isinstance(statement.what, Repeats):
            yield from statement.what.bodies


def _in_order(root: Body) -> list[list[Body]]:
    """Bodies of one hint together, those of hints that are used inside first."""
    everything = list(bodies(root))

    def ordered(key: dict[int, Hashable]) -> list[list[Body]]:
        uses: dict[Hashable, set[Hashable]] = defaultdict(set)
        for body in everything:
            uses[key[id(body)]] |= {key[id(inner)] for inner in _inner(body)}
        groups: dict[Hashable, list[Body]] = defaultdict(list)
        for body in everything:
            groups[key[id(body)]].append(body)
        return [groups[k] for k in TopologicalSorter(uses).static_order()]

    hints: dict[int, Hashable] = {id(b): b.hint if b is not root else ("", b.hint)
                                  for b in everything}
    try:
        return ordered(hints)
    except CycleError:          # a block inside itself, by way of an argument
        heights: dict[int, int] = {}
        for body in everything:
            heights[id(body)] = 1 + max((heights[id(b)] for b in _inner(body)), default=0)
        return ordered({key: (hint, heights[key]) for key, hint in hints.items()})


def _wrap(root: Body) -> None:
    """Make a function a body where other bodies of the same block have one at this place, which
    does more: an addition with a projected shortcut."""
    larger: dict[tuple[str, str], str] = {}
    for body in bodies(root):
        for s in body.statements:
            if isinstance(s.what, Body) and s.what.statements and \
                    isinstance(last := s.what.statements[-1].what, Function):
                larger[body.hint, s.label] = last.kind
    for body in list(bodies(root)):
        order = {"": -1} | {s.label: i for i, s in enumerate(body.statements)}
        for s in body.statements:
            what = s.what
            if isinstance(what, Function) and larger.get((body.hint, s.label)) == what.kind:
                taken = sorted(set(s.inputs), key=lambda ref: (order[ref[0]], ref[1]))
                inner = Statement(what.kind, what, tuple(("", taken.index(r)) for r in s.inputs),
                                  s.fits)
                s.what = Body(f"{body.path}.{s.label}", s.label, [inner], len(taken),
                              ((inner.label, 0),), body.channels)
                s.inputs, s.fits = tuple(taken), ()


def _merged(group: Sequence[Body]) -> list[Class]:
    """As few classes as possible for some bodies of one hint."""
    alike: dict[Hashable, list[Body]] = defaultdict(list)
    for body in group:
        alike[(body.inputs, body.outputs, tuple((s.label, head(s), s.inputs)
                                                for s in body.statements))].append(body)
    found: list[Class] = []
    ordered = sorted(alike.values(), key=lambda bs: (-bs[0].inputs, -len(bs[0].outputs),
                                                     -len(bs[0].statements)))
    for some in ordered:
        for i, cls in enumerate(found):
            if (larger := _unified([*cls.bodies, *some])) is not None:
                found[i] = larger
                break
        else:
            alone = _unified(some)
            assert alone is not None
            found.append(alone)
    for cls in found:
        settled = _unified(cls.bodies)       # a failed attempt may have changed what bodies take
        assert settled is not None
    return found


def _unified(group: list[Body]) -> Class | None:
    """One class for bodies, the first of which has the most inputs; None where there is none."""
    base = group[0]
    order = _common_order(group)
    if order is None:
        return None
    tables = [{s.label: s for s in body.statements} for body in group]
    takes: list[dict[int, int]] = [{} for _ in group]
    takes[0] = {i: i for i in range(base.inputs)}
    rank = {label: i for i, label in enumerate(order)}
    lines: dict[str, Line] = {}

    def resolve(ref: Ref, i: int, wanted: Ref) -> Ref | None:
        label, output = ref
        if not label:
            if wanted[0]:
                return None
            return ("", takes[i].setdefault(output, wanted[1]))
        if label in tables[i]:
            return ref
        return resolve(lines[label].inputs[0], i, wanted)

    def common(refs: list[tuple[int, Ref]]) -> Ref | None:
        """The reference of the class for those that bodies have at one place."""
        named = [ref for _, ref in refs if ref[0]]
        if named:
            best: Ref | None = max(named, key=lambda ref: rank[ref[0]])
        else:
            i, ref = refs[0]
            best = next((("", own) for own, theirs in takes[i].items() if theirs == ref[1]), None)
        if best is None or any(resolve(best, i, ref) != ref for i, ref in refs):
            return None
        return best

    for label in order:
        there = [table.get(label) for table in tables]
        present = [(i, s) for i, s in enumerate(there) if s is not None]
        if len({head(s) for _, s in present}) > 1:
            return None
        optional = len(present) < len(there)
        if optional and (present[0][1].outputs > 1 or not present[0][1].inputs):
            return None
        inputs = [common([(i, s.inputs[k]) for i, s in present])
                  for k in range(len(present[0][1].inputs))]
        if None in inputs:
            return None
        lines[label] = Line(label, tuple(ref for ref in inputs if ref is not None), there)
    results = []
    most = max(len(body.outputs) for body in group)
    for k in range(most):
        found = common([(i, body.outputs[k]) for i, body in enumerate(group)
                        if len(body.outputs) == most])
        if found is None:
            return None
        results.append(found)
    for i, body in enumerate(group):
        if len(body.outputs) < most and any(
                all(resolve(result, i, ref) != ref for result in results)
                for ref in body.outputs):
            return None
        body.takes = tuple(takes[i].get(k, 0) for k in range(base.inputs))
    return Class(base.hint, group, list(lines.values()), base.inputs, tuple(results))


def _gives(cls: Class, i: int) -> tuple[int, ...]:
    """Which outputs of a class those of its body ``i`` are."""
    body = cls.bodies[i]
    if len(body.outputs) == len(cls.results):
        return tuple(range(len(cls.results)))
    lines = {line.label: line for line in cls.lines}

    def settled(ref: Ref) -> Ref:
        while ref[0] and lines[ref[0]].there[i] is None:
            ref = lines[ref[0]].inputs[0]
        return ref if ref[0] else ("", body.takes[ref[1]])
    results = [settled(result) for result in cls.results]
    return tuple(results.index(output) for output in body.outputs)


def _common_order(group: Sequence[Body]) -> list[str] | None:
    """The labels of all bodies in an order that each of them has."""
    after: dict[str, dict[str, None]] = {}
    for body in group:
        labels = [s.label for s in body.statements]
        for label in labels:
            after.setdefault(label, {})
        for a, b in pairwise(labels):
            after[b][a] = None
    try:
        return list(TopologicalSorter({k: list(v) for k, v in after.items()}).static_order())
    except CycleError:
        return None
