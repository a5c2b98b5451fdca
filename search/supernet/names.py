"""Names under which the networks of a space share weights: the place of an operation, and its
context, which is what comes in.

Two networks share an operation's weights if it has the same path and kind in both. Sizes are no
part of the name: a smaller kernel, width or depth is a slice of the larger one (`weights`). The
context, which is optional, says through which operations the input has come. No torch.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from searchspace.building.module_paths import module_paths
from searchspace.expansion import Expansion, Node
from searchspace.ops import schema

WIDTHS = frozenset(("out", "start", "length"))      # parameters of operations that slices share


class SharedName(NamedTuple):
    """``place``: the operation's path and kind; ``context``: what comes in, '' for the image."""

    place: str
    context: str

    @property
    def full(self) -> str:
        """The name with its context."""
        return f"{self.place}|{self.context}" if self.context else self.place


def shared_names(expansion: Expansion) -> list[SharedName]:
    """A name for the weights of each node."""
    outputs: list[str] = []
    found = []
    for path, node in zip(module_paths(expansion), expansion.nodes, strict=True):
        inputs = [outputs[i] if i >= 0 else "" for i in node.inputs]
        found.append(SharedName(f"{path}|{_kind(node)}", _digest(inputs) if any(inputs) else ""))
        outputs.append(_digest([_described(node), *inputs]))
    return found


def _kind(node: Node) -> str:
    """The kind of an operation; a grouped convolution's weights fit no other number of groups."""
    groups = getattr(node.op, "groups", 1)
    return node.op.kind if groups == 1 else f"{node.op.kind}/{groups}"


def _described(node: Node) -> str:
    return " ".join([node.op.kind, *(f"{name}={getattr(node.op, name)}"
                                     for name in schema(type(node.op)) if name not in WIDTHS)])


def _digest(parts: Sequence[str]) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=6).hexdigest()
