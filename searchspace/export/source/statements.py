"""Statements of a network's groups: what each module makes, and what it does with its inputs."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from searchspace.building.hierarchy import Group, Leaf, fits, hierarchy
from searchspace.expansion import Expansion
from searchspace.export.source.layers import Arg, Function, Layer, layer_of
from searchspace.ops import OPS
from searchspace.ops.channels import Slice

Ref = tuple[str, int]       # a statement's label, empty for the inputs, and which of its outputs


@dataclass(slots=True)
class Statement:
    """One line of a module's forward, and the line of its constructor."""

    label: str                          # an attribute, unless it is a function
    what: "Layer | Function | Body | Repeats"
    inputs: tuple[Ref, ...]
    fits: tuple[str, ...] = ()          # what is done to each input; see `hierarchy.fits`
    outputs: int = 1
    parts: tuple[str, ...] = ()         # the names of several outputs of a function

    @property
    def is_module(self) -> bool:
        """Whether it is a registered module."""
        return not isinstance(self.what, Function)


@dataclass(slots=True, eq=False)
class Body:
    """The statements of one group. ``hint``: the name of its block, or of its step."""

    path: str
    hint: str
    statements: list[Statement]
    inputs: int
    outputs: tuple[Ref, ...]
    channels: int = 0                   # of the first input
    made: Any = None                    # the class that it became,
    values: dict[str, Any] = field(default_factory=dict)        # its arguments,
    takes: tuple[int, ...] = ()         # for each input of the class its own,
    gives: tuple[int, ...] = ()         # and for each of its outputs that of the class


@dataclass(slots=True, eq=False)
class Repeats:
    """Repeats of a step: bodies, with what each takes. References are (number, output), or
    (-1, input)."""

    bodies: list[Body]
    inputs: list[tuple[tuple[int, int], ...]]
    outputs: tuple[tuple[int, int], ...]


def read(expansion: Expansion, name: str) -> Body:
    """The statements of a network."""
    return _Reader(expansion).body(hierarchy(expansion), name)


def bodies(body: Body) -> Iterator[Body]:
    """All bodies inside a body and itself, the inner ones first."""
    for statement in body.statements:
        if isinstance(statement.what, Body):
            yield from bodies(statement.what)
        elif isinstance(statement.what, Repeats):
            for inner in statement.what.bodies:
                yield from bodies(inner)
    yield body


class _Reader:
    def __init__(self, expansion: Expansion) -> None:
        self.expansion = expansion
        self.nodes = expansion.nodes
        self.fits, self.flat = fits(expansion)
        self.blocks = {call.name: call.block for node in self.nodes for call in node.calls}

    def shape(self, number: int) -> tuple[int, int, int]:
        return self.expansion.input if number < 0 else self.nodes[number].shape

    def has_modules(self, group: Group) -> bool:
        return any(isinstance(self.layer(n), Layer) for n in group.nodes())

    def layer(self, number: int) -> Layer | Function:
        node = self.nodes[number]
        return layer_of(node, [self.shape(i) for i in node.inputs])

    def body(self, group: Group, name: str = "") -> Body:
        """The statements of a group."""
        inputs = group.inputs if group.path else (-1,)
        where: dict[int, Ref] = {number: ("", i) for i, number in enumerate(inputs)}
        made = list(self.statements(group.children, "", where))
        outputs = group.outputs if group.path else (self.expansion.output,)
        if not group.path:
            last = self.expansion.output
            flat = last >= 0 and self.flat[last]
            if not flat and self.shape(last)[1:] == (1, 1):
                made.append(Statement("flat", Function("flatten", (), lambda xs, _: f"{xs[0]}"),
                                      (where[last],), ("flatten",)))
                where[last] = ("flat", 0)
        return Body(group.path, name or self.hint(group), made, len(inputs),
                    tuple(where[number] for number in outputs), self.shape(inputs[0])[0])

    def hint(self, group: Group) -> str:
        """What a group is called: by its block, or by its step; a step with only the name of its
        operation, by the step around it too."""
        own = group.block or group.label
        parts = [part for part in group.path.split(".") if not part.isdecimal()]
        if not group.block and own.rstrip("0123456789") in OPS and len(parts) > 1:
            around = self.blocks.get(group.path.rpartition(".")[0], parts[-2])
            return f"{around}_{own}"
        return own

    def statements(self, children: Sequence[Leaf | Group], prefix: str,
                   where: dict[int, Ref]) -> Iterator[Statement]:
        """Statements of some children; what they give is added to ``where``."""
        done: set[int] = set()
        for child in children:
            if isinstance(child, Leaf):
                if child.node not in done:
                    found = self.leaf(child, children, prefix, where)
                    done |= {n for n, ref in where.items() if ref[0] == found.label}
                    yield found
                continue
            if not child.block and not self.has_modules(child):
                yield from self.statements(child.children, f"{prefix}{child.label}.", where)
                continue
            taken = tuple(where[i] for i in child.inputs)
            what = self.repeats(child) or self.body(child)
            label = prefix + child.label
            where |= {number: (label, i) for i, number in enumerate(child.outputs)}
            yield Statement(label, what, taken, outputs=len(child.outputs))

    def leaf(self, leaf: Leaf, children: Sequence[Leaf | Group], prefix: str,
             where: dict[int, Ref]) -> Statement:
        """The statement of an operation, or of the slices that share out its input's channels."""
        node, label = self.nodes[leaf.node], prefix + leaf.label
        taken = tuple(where[i] for i in node.inputs)
        if isinstance(node.op, Slice) and (parts := self.slices(leaf, children)):
            sizes = tuple(self.nodes[n].shape[0] for n in parts)
            where |= {number: (label, i) for i, number in enumerate(parts)}
            how = Function(f"chunk {len(sizes)}", (), lambda xs, _:
                           f"{xs[0]}.chunk({len(sizes)}, 1)") if len(set(sizes)) == 1 else Function(
                f"split {len(sizes)}", (Arg("sizes", sizes),),
                lambda xs, a: f"{xs[0]}.split({a['sizes']}, 1)")
            names = {child.node: child.label for child in children if isinstance(child, Leaf)}
            return Statement(label, how, taken, self.fits[leaf.node], len(parts),
                             tuple(names[number] for number in parts))
        where[leaf.node] = (label, 0)
        return Statement(label, self.layer(leaf.node), taken, self.fits[leaf.node])

    def slices(self, leaf: Leaf, children: Sequence[Leaf | Group]) -> list[int]:
        """The slices that begin with this one and share out all channels of its input."""
        source, = self.nodes[leaf.node].inputs
        found, end = [], 0
        for child in children[children.index(leaf):]:
            if not isinstance(child, Leaf):
                break
            node = self.nodes[child.node]
            if not isinstance(node.op, Slice) or node.inputs != (source,) or node.op.start != end:
                break
            found.append(child.node)
            end += node.op.length
            if end == self.shape(source)[0]:
                return found if len(found) > 1 else []
        return []

    def repeats(self, group: Group) -> Repeats | None:
        """The repeats of a group that has nothing else."""
        labels = [child.label for child in group.children]
        inner = [child for child in group.children if isinstance(child, Group)]
        if labels != [str(i) for i in range(len(labels))] or len(inner) < len(labels):
            return None
        if any(not child.block and not self.has_modules(child) for child in inner):
            return None
        where = {number: (-1, i) for i, number in enumerate(group.inputs)}
        taken = []
        for i, child in enumerate(inner):
            taken.append(tuple(where[number] for number in child.inputs))
            where |= {number: (i, j) for j, number in enumerate(child.outputs)}
        return Repeats([self.body(child) for child in inner], taken,
                       tuple(where[number] for number in group.outputs))


def head(statement: Statement) -> Hashable:
    """What two statements have in common if one line says both."""
    what = statement.what
    own: Hashable
    if isinstance(what, Layer):
        own = what.callee
    elif isinstance(what, Function):
        own = what.kind
    elif isinstance(what, Body):
        own = (id(what.made), what.takes, what.gives)
    elif uniform(what):
        own = ("repeats", id(what.bodies[0].made))
    else:
        own = (tuple((id(body.made), body.takes, body.gives) for body in what.bodies),
               tuple(what.inputs), what.outputs)
    return (own, len(statement.inputs), statement.fits, statement.outputs)


def uniform(what: Repeats) -> bool:
    """Whether repeats are one behind the other and all the same: only their number counts."""
    first = what.bodies[0]
    return is_chain(what) and all(body.made is first.made and body.values == first.values
                                  for body in what.bodies)


def is_chain(what: Repeats) -> bool:
    """Whether each repeat takes the one before it, and nothing else."""
    return what.outputs == ((len(what.bodies) - 1, 0),) and all(
        taken == ((i - 1, 0),) and body.takes == (0,) and len(body.outputs) == 1
        and body.made.outputs == 1
        for i, (taken, body) in enumerate(zip(what.inputs, what.bodies, strict=True)))


def slots(statement: Statement) -> dict[str, Any]:
    """The values of a statement that another may have otherwise."""
    what = statement.what
    if isinstance(what, Layer | Function):
        return {arg.name: arg.value for arg in what.args}
    if isinstance(what, Body):
        return dict(what.values)
    if uniform(what):
        return {"n": len(what.bodies), **what.bodies[0].values}
    return {f"{name}@{i}": value for i, body in enumerate(what.bodies)
            for name, value in body.values.items()}
