"""Hierarchy of an expanded network: steps of the net, blocks and repeats inside, operations.

Its levels are the parts of the modules' paths, ``stage3.0.expand``. Torch-free but for the names
that modules cannot have.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from searchspace.building.module_paths import module_paths
from searchspace.expansion import Expansion
from searchspace.ops.conv import Linear


@dataclass(frozen=True, slots=True)
class Leaf:
    """An operation: its name in the group around it, and the number of its node."""

    label: str
    node: int


@dataclass(frozen=True, slots=True)
class Group:
    """What runs as one module: its children in order of execution, the tensors that it takes, and
    those of its own that are used outside, all as numbers of nodes, ascending; -1 is the image.

    ``block`` is the name of the genotype's block, else empty.
    """

    label: str
    path: str
    block: str
    children: tuple["Leaf | Group", ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def nodes(self) -> Iterator[int]:
        """The numbers of its operations, in order of execution."""
        for child in self.children:
            yield from (child.node,) if isinstance(child, Leaf) else child.nodes()


def hierarchy(expansion: Expansion, outputs: Sequence[int] | None = None) -> Group:
    """The groups of a network; the outermost has no label.

    ``outputs``: the nodes whose tensors it gives, if not the network's; what none of them needs is
    left out.

    Raises:
        GenotypeError: names that no module can have; see `module_paths`.
    """
    wanted = (expansion.output,) if outputs is None else tuple(outputs)
    needed = set(wanted)
    for number in range(len(expansion.nodes) - 1, -1, -1):
        if number in needed:
            needed.update(expansion.nodes[number].inputs)
    kept = [number for number in range(len(expansion.nodes)) if number in needed]
    return _Reader(expansion, kept, wanted).group(kept, ())


class _Reader:
    """Reads the groups of one network off the paths of its nodes."""

    def __init__(self, expansion: Expansion, kept: Sequence[int], outputs: Sequence[int]) -> None:
        self.nodes = expansion.nodes
        self.parts = [path.split(".") for path in module_paths(expansion)]
        self.last_use: dict[int, int] = {}
        for number in kept:
            self.last_use |= dict.fromkeys(self.nodes[number].inputs, number)
        self.last_use |= dict.fromkeys(outputs, len(self.nodes))

    def group(self, numbers: Sequence[int], prefix: tuple[str, ...]) -> Group:
        """The group of consecutive nodes whose paths begin with ``prefix``."""
        depth = len(prefix)
        runs = [(label, list(run)) for label, run in
                groupby(numbers, key=lambda number: self.parts[number][depth])]
        times = Counter(label for label, _ in runs)
        children: list[Leaf | Group] = []
        for label, run in runs:
            if len(self.parts[run[0]]) == depth + 1:
                children.append(Leaf(label, run[0]))
            elif times[label] == 1:
                children.append(self.group(run, (*prefix, label)))
            else:       # interrupted by other steps: it cannot run as one
                children += [Leaf(".".join(self.parts[n][depth:]), n) for n in run]
        own = set(numbers)
        taken = {i for n in numbers for i in self.nodes[n].inputs} - own
        end = numbers[-1] if numbers else -1
        return Group(prefix[-1] if prefix else "", ".".join(prefix), self._block(numbers, depth),
                     tuple(children), tuple(sorted(taken)),
                     tuple(n for n in numbers if self.last_use[n] > end))

    def _block(self, numbers: Sequence[int], depth: int) -> str:
        """The block that a group at ``depth`` is a call of."""
        for number in numbers if depth else ():
            for call in self.nodes[number].calls:
                if call.name.count(".") == depth - 1 and len(self.parts[number]) > depth:
                    return call.block
        return ""


def fits(expansion: Expansion) -> tuple[list[tuple[str, ...]], list[bool]]:
    """What is done to each node's inputs, ``""``, ``flatten`` or ``unflatten``, and which outputs
    have the shape (N, C) instead of (N, C, 1, 1)."""
    done: list[tuple[str, ...]] = []
    flat: list[bool] = []
    for node in expansion.nodes:
        given = [i >= 0 and flat[i] for i in node.inputs]
        if isinstance(node.op, Linear):
            done.append(tuple("" if is_flat else "flatten" for is_flat in given))
            flat.append(True)
        elif node.op.takes_flat and all(given):
            done.append(("",) * len(given))
            flat.append(True)
        else:
            done.append(tuple("unflatten" if is_flat else "" for is_flat in given))
            flat.append(False)
    return done, flat
