"""Canonical form of a network: one graph for all spellings of the same function.

Two networks are the same if their graphs compute the same family of functions, each weight ranging
over all its values. Hence:

- composite operations are split: a convolution, its batch norm and its activation are three
  vertices, a depthwise convolution is a grouped one, a linear layer a convolution as large as its
  input; zeros padded before a convolution are its margins; defaults are explicit; identities
  (dropout with p = 0, a mean of one tensor) and dead ends are removed;
- concatenations and slices are not vertices: a tensor is a list of segments, each a range of some
  vertex's channels. Channel-wise operations act on each segment separately, and for an ungrouped
  convolution, which mixes all channels with free weights, the order of segments is ignored. For
  all other operations it counts;
- operations without weights are functions, so that applying one twice to the same tensor is the
  same as sharing it; operations with weights are never merged;
- nested sums, and nested products, are one sum or product;
- zeros (`searchspace.ops.zero`) are a constant: they do not depend on their input, are nothing in a
  sum, and all of a product; weights, pooling and activations through the origin keep them. A batch
  norm of zeros is its learned bias, and so no zero.

Not recognised: permutations of the channels within one vertex's output, and graphs that are equal
by other laws of arithmetic, as where a learned bias is added to what has one. Such networks count
as different. No torch.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from searchspace.expansion import Expansion
from searchspace.identity.signs import idle, kernel_sign, margins_of, plain, sign_of
from searchspace.ops import Op
from searchspace.ops.activation import Act, Dropout
from searchspace.ops.channels import Slice
from searchspace.ops.combine import Add, Concat, Mean, Mul
from searchspace.ops.conv import Conv, Depthwise, Linear
from searchspace.ops.normalization import BatchNorm
from searchspace.ops.pool import GlobalPool, Pad, Pool
from searchspace.ops.zero import Zero
from searchspace.shapes import Shape

MAX_TERMS = 64   # a chain of n sums, each used elsewhere too, would unfold to n² different terms

CHANNELWISE = (Act, BatchNorm, Dropout, GlobalPool, Pad, Pool)
RANDOM = (Dropout,)              # without weights, but twice is not the same as shared
ASSOCIATIVE = (Add, Mul)
OFF_ORIGIN = ("sigmoid", "hsigmoid")     # activations that make something of zero


class Vertex(NamedTuple):
    """An operation and its input vertices; labels distinguish the inputs."""

    sign: str
    inputs: tuple[tuple[int, str], ...]


class Segment(NamedTuple):
    """A range of the channels of one vertex's output."""

    vertex: int
    start: int
    length: int


Tensor = tuple[Segment, ...]


def canonical(expansion: Expansion) -> list[Vertex]:
    """The live vertices of a network's canonical graph, in order; the last is the output."""
    graph = _Graph()
    shapes = [node.shape for node in expansion.nodes] + [expansion.input]   # -1 is the input
    source = graph.add("input " + "×".join(map(str, expansion.input)), (), expansion.input[0])
    tensors: dict[int, Tensor] = {-1: (source,)}
    for i, node in enumerate(expansion.nodes):
        tensors[i] = graph.apply(node.op, [tensors[j] for j in node.inputs],
                                 [shapes[j] for j in node.inputs], node.shape,
                                 node.cost.params > 0)
    graph.add("output", graph.ordered(tensors[expansion.output]), shapes[expansion.output][0])
    live = {len(graph.vertices) - 1}
    for index in range(len(graph.vertices) - 1, -1, -1):
        if index in live:
            live.update(u for u, _ in graph.vertices[index].inputs)
    place = {index: i for i, index in enumerate(sorted(live))}
    return [Vertex(sign, tuple((place[u], label) for u, label in inputs))
            for sign, inputs in (graph.vertices[index] for index in place)]


class _Graph:
    """The canonical graph under construction; vertices come after their inputs."""

    def __init__(self) -> None:
        self.vertices: list[Vertex] = []
        self.widths: list[int] = []
        self.known: dict[Vertex, int] = {}
        self.zeros: set[int] = set()
        self.pads: dict[int, Pad] = {}

    def zero(self, shape: Shape) -> Tensor:
        """A tensor of zeros."""
        made = self.add("zero " + "×".join(map(str, shape)), (), shape[0])
        self.zeros.add(made.vertex)
        return (made,)

    def is_zero(self, tensor: Tensor) -> bool:
        """Whether all channels of a tensor are zeros."""
        return all(s.vertex in self.zeros for s in tensor)

    def add(self, sign: str, inputs: Iterable[tuple[int, str]], width: int,
            own: bool = False) -> Segment:
        """Add a vertex; an equal one without weights is reused."""
        vertex = Vertex(sign, tuple(sorted(inputs)))
        index = len(self.vertices) if own else self.known.setdefault(vertex, len(self.vertices))
        if index == len(self.vertices):
            self.vertices.append(vertex)
            self.widths.append(width)
        return Segment(index, 0, self.widths[index])

    def label(self, s: Segment) -> str:
        """The range of a segment (``start:length``); empty if it is the whole vertex."""
        return "" if s.length == self.widths[s.vertex] else f"{s.start}:{s.length}"

    def ordered(self, tensor: Tensor) -> list[tuple[int, str]]:
        """The segments as inputs of an operation for which their order counts."""
        return [(s.vertex, f"{i},{self.label(s)}") for i, s in enumerate(tensor)]

    def whole(self, tensor: Tensor) -> int:
        """The vertex of a tensor; a new one for several segments, or for a part of one."""
        if len(tensor) == 1 and not self.label(tensor[0]):
            return tensor[0].vertex
        return self.add("concat", self.ordered(tensor), sum(s.length for s in tensor)).vertex

    def each(self, sign: str, tensor: Tensor, own: bool) -> Tensor:
        """A channel-wise operation; without weights it is moved before slicing."""
        if own:
            return tuple(self.add(sign, [(s.vertex, self.label(s))], s.length, own) for s in tensor)
        return _join(s._replace(vertex=self.add(sign, [(s.vertex, "")],
                                                self.widths[s.vertex]).vertex) for s in tensor)

    def conv(self, op: Conv, x: Tensor, shape: Shape, out: Shape) -> Tensor:
        """A convolution with its norm and activation, one vertex each; ``shape`` and ``out`` are
        those of its input and output."""
        for part in op.order.split("-"):
            if part == "bn" and op.bn:
                x = self.each(sign_of(BatchNorm(op.eps)), x, own=True)
            elif part == "act" and op.act != "none":
                zero = self.zeros and self.is_zero(x) and op.act not in OFF_ORIGIN
                x = x if zero else self.each(sign_of(Act(op.act)), x, own=False)
            elif part == "conv":
                zero = self.zeros and self.is_zero(x) and not op.bias
                x = self.zero(out) if zero else self.kernel(op, x, shape)
        return x

    def kernel(self, op: Conv, x: Tensor, shape: Shape) -> Tensor:
        """The convolution alone, with the zeros around its input, whoever adds them."""
        channels, height, width = shape
        padded = {self.pads.get(s.vertex) for s in x}
        around = padded.pop() if len(padded) == 1 else None
        if around is not None:
            x = tuple(s._replace(vertex=self.vertices[s.vertex].inputs[0][0]) for s in x)
        margins = margins_of(op, height, width, around or Pad())
        if op.groups == op.out == channels:
            return tuple(self.add(kernel_sign(replace(op, out=s.length, groups=s.length), margins),
                                  [(s.vertex, self.label(s))], s.length, own=True) for s in x)
        if op.groups == 1:
            inputs = [(s.vertex, self.label(s)) for s in _join(sorted(
                x if self.is_zero(x) else (s for s in x if s.vertex not in self.zeros)))]
        else:
            inputs = [(self.whole(x), "")]
        return (self.add(kernel_sign(op, margins), inputs, op.out, own=True),)

    def apply(self, op: Op, tensors: list[Tensor], shapes: list[Shape], shape: Shape,
              weighted: bool) -> Tensor:
        """The output of one operation of the network."""
        x, (channels, height, width) = tensors[0], shapes[0]
        match op:
            case Concat():
                return _join(chain.from_iterable(tensors))
            case Slice():
                return _cut(x, op.start, op.start + op.length)
            case Conv():
                return self.conv(op, x, shapes[0], shape)
            case Depthwise():
                return self.conv(op.conv(channels), x, shapes[0], shape)
            case Linear():
                return self.conv(Conv(op.out, (height, width), pad=0, bias=op.bias, bn=False,
                                      act=op.act), x, shapes[0], shape)
            case Zero():
                return self.zero(shape)
        if idle(op, shapes):
            return x
        if self.zeros:
            if self._vanishes(op, tensors):
                return self.zero(shape)
            if isinstance(op, Add):
                kept = [i for i, t in enumerate(tensors) if not self.is_zero(t)]
                if any(shapes[i] == shape for i in kept):       # else zeros spread the others
                    tensors = [tensors[i] for i in kept]
                if len(tensors) == 1:
                    return tensors[0]
        own = weighted or isinstance(op, RANDOM)
        if isinstance(op, CHANNELWISE):
            made = self.each(sign_of(plain(op, shapes[0])), x, own)
            if isinstance(op, Pad) and min(op.top, op.bottom, op.left, op.right) >= 0:
                self.pads.update((s.vertex, op) for s in made)
            return made
        sign, terms = sign_of(op), [self.whole(t) for t in tensors]
        if isinstance(op, ASSOCIATIVE):
            inputs = self.flat(sign, terms)
        else:
            inputs = [(t, "" if op.commutes else f"{i}") for i, t in enumerate(terms)]
        return (self.add(sign, inputs, shape[0], own),)


    def flat(self, sign: str, terms: list[int]) -> list[tuple[int, str]]:
        """The terms of a sum or product, nested ones unfolded, each once with its number (``×3``)
        where that is more than one."""
        nested: Counter[int] = Counter()
        for t in terms:
            vertex = self.vertices[t]
            nested.update({u: int(label[1:] or 1) for u, label in vertex.inputs}
                          if vertex.sign == sign else [t])
        counted = nested if len(nested) <= MAX_TERMS else Counter(terms)
        return [(u, f"×{n}" if n > 1 else "") for u, n in counted.items()]

    def _vanishes(self, op: Op, tensors: list[Tensor]) -> bool:
        """Whether zeros among the inputs make the whole output zeros."""
        match op:
            case Mul():
                return any(map(self.is_zero, tensors))
            case Act():
                return op.fn not in OFF_ORIGIN and self.is_zero(tensors[0])
            case Add() | Mean() | Pool() | GlobalPool() | Pad() | Dropout():
                return all(map(self.is_zero, tensors))
        return False


def _join(segments: Iterable[Segment]) -> Tensor:
    """Concatenate segments; adjacent ranges become one."""
    joined: list[Segment] = []
    for s in segments:
        last = joined[-1] if joined else None
        if last and last.vertex == s.vertex and last.start + last.length == s.start:
            joined[-1] = last._replace(length=last.length + s.length)
        else:
            joined.append(s)
    return tuple(joined)


def _cut(tensor: Tensor, start: int, stop: int) -> Tensor:
    """Channels ``start`` to ``stop`` of a list of segments."""
    kept, at = [], 0
    for s in tensor:
        low, high = max(start - at, 0), min(stop - at, s.length)
        if low < high:
            kept.append(Segment(s.vertex, s.start + low, high - low))
        at += s.length
    return tuple(kept)
