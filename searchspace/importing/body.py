"""Operations as steps of the notation: what follows what, splits, residuals, excitation.

A body is a run of operations that takes one tensor, called x, and gives its last one. Its items are
the steps that a person would write for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from searchspace.importing.fusing import excitation
from searchspace.importing.torch_ops.values import Step
from searchspace.ops.channels import Slice
from searchspace.ops.combine import Add, Mul
from searchspace.ops.conv import Conv
from searchspace.ops.conv import pair as both
from searchspace.shapes import Shape

X = -1      # the tensor that a body takes
Ref = tuple[int, int]       # an item by number, and which of its outputs


@dataclass(frozen=True, slots=True)
class Item:
    """One step: its key, its parameters, and what it takes. ``nodes`` are the operations that it
    expands to, in order; ``project`` is a residual's, without ``out`` and ``stride``."""

    key: str
    params: Mapping[str, Any]
    inputs: tuple[Ref, ...]
    nodes: tuple[int, ...]
    project: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """Items in order with the shapes of what they give; ``before`` and ``after`` are the shapes of
    x and of the last tensor. ``path`` is the module that they have in common."""

    items: tuple[Item, ...]
    shapes: tuple[Shape, ...]
    before: Shape
    after: Shape
    path: str

    def shape(self, ref: Ref) -> Shape:
        """The shape of x or of an item's output."""
        return self.before if ref[0] == X else self.shapes[ref[0]]

    @property
    def nodes(self) -> tuple[int, ...]:
        """All operations in the order of expansion."""
        return tuple(n for item in self.items for n in item.nodes)


def body(steps: Sequence[Step], numbers: range, image: Shape) -> Body:
    """The body of the operations ``numbers``, all of which take only each other and the one before
    them."""
    return _Reader(steps, numbers, image).read()


class _Reader:
    """Reads items off a run of operations."""

    def __init__(self, steps: Sequence[Step], numbers: range, image: Shape) -> None:
        self.steps, self.numbers, self.image = steps, numbers, image
        self.source = numbers.start - 1
        self.refs: dict[int, Ref] = {self.source: (X, 0)}
        self.items: list[Item] = []
        self.shapes: list[Shape] = []
        self.uses: dict[int, int] = {}
        for i in numbers:
            for j in steps[i].inputs:
                self.uses[j] = self.uses.get(j, 0) + 1

    def shape(self, index: int) -> Shape:
        return self.image if index < 0 else self.steps[index].shape

    def read(self) -> Body:
        projections = {j for i in self.numbers for j in self.projection(i)}
        at = self.numbers.start
        while at < self.numbers.stop:
            if at not in projections:
                at += self.excited(at) or self.split(at) or self.single(at)
            else:
                at += 1
        return Body(tuple(self.items), tuple(self.shapes), self.shape(self.source),
                    self.shape(self.numbers.stop - 1), common(self.steps[i].path
                                                              for i in self.numbers))

    def add(self, item: Item, *outputs: int) -> None:
        for part, index in enumerate(outputs):
            self.refs[index] = (len(self.items), part)
        self.items.append(item)
        self.shapes.append(self.shape(outputs[0]))

    def single(self, i: int) -> int:
        step = self.steps[i]
        if (shortcut := self.residual(i)) is not None:
            project = self.projection(i)
            if project:
                conv = self.steps[project[0]].op
                held = {k: v for k, v in settings(conv).items() if k not in ("out", "stride")}
                source = self.refs[self.steps[project[0]].inputs[0]]
                self.add(Item("residual", {}, (source,), (project[0], i), held), i)
            else:
                self.add(Item("residual", {}, (self.refs[shortcut],), (i,)), i)
            return 1
        self.add(Item(step.op.kind, settings(step.op), tuple(self.refs[j] for j in step.inputs),
                      (i,)), i)
        return 1

    def residual(self, i: int) -> int | None:
        """What is added to the previous tensor, if operation ``i`` does that."""
        step = self.steps[i]
        if not isinstance(step.op, Add) or len(step.inputs) != 2:
            return None
        previous = self.previous(i)
        behind_split = self.items and self.items[-1].key == "split"     # several tensors
        if behind_split or previous not in step.inputs or step.inputs[0] == step.inputs[1]:
            return None
        other, = (j for j in step.inputs if j != previous)
        return other if self.shape(previous) == self.shape(other) else None

    def previous(self, i: int) -> int:
        """The operation whose output is the previous tensor where ``i`` is written: its
        projection is written within it."""
        skipped = self.projection(i)
        i -= 1
        while i in skipped:
            i -= 1
        return i

    def projection(self, i: int) -> tuple[int, ...]:
        """The convolution of a shortcut that a residual may hold, if ``i`` adds one."""
        step = self.steps[i]
        if not isinstance(step.op, Add) or len(step.inputs) != 2:
            return ()
        pairs = (step.inputs, step.inputs[::-1])        # the shortcut begins before the other path
        for j, main in sorted(pairs, key=lambda p: self.steps[p[0]].inputs[0] if p[0] >= 0 else X):
            conv = self.steps[j].op if j >= self.numbers.start else None
            last = i - 1 if j != i - 1 else i - 2
            if isinstance(conv, Conv) and self.uses[j] == 1 and main == last and conv.act == "none":
                source, target = self.shape(self.steps[j].inputs[0]), self.shape(main)
                stride = -(-source[1] // target[1])
                if source != target and both(conv.stride) == (stride, stride):
                    return (j,)
        return ()

    def excited(self, i: int) -> int:
        """Squeeze and excitation that begins with the global pooling ``i``."""
        if i + 3 >= self.numbers.stop:
            return 0
        row, last = excitation(self.steps, i + 2), self.steps[i + 3]
        x = self.steps[i].inputs[0]
        if row != (i, i + 1, i + 2) or not isinstance(last.op, Mul) or \
                set(last.inputs) != {x, i + 2} or any(self.uses[n] != 1 for n in row) or \
                not all(isinstance(self.steps[n].op, Conv) for n in row[1:]):
            return 0
        squeeze, excite = (self.steps[n].op for n in row[1:])
        assert isinstance(squeeze, Conv) and isinstance(excite, Conv)
        params = {"mid": squeeze.out, "act": squeeze.act, "gate": excite.act}
        self.add(Item("se", params, (self.refs[x],), (*row, i + 3)), i + 3)
        return 4

    def split(self, i: int) -> int:
        """Slices of one tensor that follow each other and leave nothing out."""
        x, end, n = self.steps[i].inputs[0], 0, 0
        channels = self.shape(x)[0]
        while i + n < self.numbers.stop and end < channels:
            step = self.steps[i + n]
            if not isinstance(step.op, Slice) or step.inputs[0] != x or step.op.start != end:
                return 0
            end, n = end + step.op.length, n + 1
        if end != channels or n < 2:
            return 0
        sizes = tuple(self.shape(j)[0] for j in range(i, i + n))
        even = len(set(sizes)) == 1
        self.add(Item("split", {} if even else {"sizes": sizes}, (self.refs[x],),
                      tuple(range(i, i + n))), *range(i, i + n))
        return n


def settings(op: Any) -> dict[str, Any]:
    """All parameters of an operation by name."""
    return {f.name: getattr(op, f.name) for f in fields(op)}


def common(paths: Any) -> str:
    """The longest module path that all of these begin with; empty ones count for nothing."""
    parts = [path.split(".") for path in paths if path]
    if not parts:
        return ""
    shared = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return ".".join(shared)


def without_residual(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items without a residual of x: what takes its output takes what was before it."""
    kept: list[Item] = []
    place: dict[int, int] = {X: X}
    for i, item in enumerate(items):
        if item.key == "residual" and item.inputs == ((X, 0),):
            place[i] = len(kept) - 1
            continue
        place[i] = len(kept)
        kept.append(replace(item, inputs=tuple((place[n], part) for n, part in item.inputs)))
    return tuple(kept)
