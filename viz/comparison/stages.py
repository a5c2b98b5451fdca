"""The stages of a network as plain values, for comparison.

Pages hold outlines as JSON and compare any two of them (`web/static/difference.js`);
`align` does so in Python.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from searchspace.expansion import Node
from searchspace.ops import Cost
from searchspace.shapes import Shape
from viz.drawing.block_parts import without_sizes
from viz.drawing.levels import INPUT, stages
from viz.drawing.network import DrawnNetwork

LETTERS = 6          # of a structure's digest


class Work(NamedTuple):
    """Operations of a stage with the same label and number of output channels."""

    label: str
    channels: int
    uses: int


class Stage(NamedTuple):
    """A step of the net.

    ``what`` and ``times`` are its label and repeats in drawings, ``sources`` the names of its input
    stages. ``work``: its operations in order of appearance; ``structure``: digest of what costs and
    labels do not show, connections and settings.
    """

    name: str
    what: str
    times: int
    channels: int
    height: int
    width: int
    macs: int
    params: int
    sources: tuple[str, ...]
    work: tuple[Work, ...]
    structure: str

    @property
    def shape(self) -> Shape:
        """Shape (C, H, W) of its output."""
        return self.channels, self.height, self.width

    @property
    def kind(self) -> str:
        """The block or operations that it consists of, without inner repeats."""
        return self.what.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Outline:
    """A network: its title, its stages in order, its cost."""

    title: str
    stages: tuple[Stage, ...]
    cost: Cost


def outline(subject: DrawnNetwork) -> Outline:
    """The outline of a network, or of a space with its default decisions for drawing."""
    shown, nodes = stages(subject), subject.expansion.nodes
    sources: dict[str, tuple[str, ...]] = {}
    for edge in shown.edges:
        sources[edge.target] = (*sources.get(edge.target, ()), edge.source)
    boxes = [box for box in shown.boxes if box.key != INPUT]
    return Outline(subject.title, tuple(
        Stage(box.key, box.detail, box.count, *box.shape, box.macs, box.params,
              sources.get(box.key, ()), *_inside(nodes, span))
        for box, (_, span) in zip(boxes, subject.stages, strict=True)), subject.expansion.cost())


def _inside(nodes: Sequence[Node], span: range) -> tuple[tuple[Work, ...], str]:
    counts: dict[tuple[str, int], int] = {}
    outside: dict[int, int] = {}
    structure = []
    for i in span:
        node = nodes[i]
        key = node.op.label(), node.shape[0]
        counts[key] = counts.get(key, 0) + 1
        inputs = [j - i if j >= span.start else outside.setdefault(j, len(outside))
                  for j in node.inputs]
        structure.append((without_sizes(node.op), list(counts).index(key), inputs))
    digest = hashlib.sha256(repr(structure).encode()).digest()
    return (tuple(Work(label, channels, uses) for (label, channels), uses in counts.items()),
            base64.b64encode(digest).decode()[:LETTERS])
