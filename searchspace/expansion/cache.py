"""Cache of expanded blocks, most of which candidates have in common.

A block without holes has the same operations for the same arguments and input shapes. Only the
names of its operations differ, so this is for costs and graphs, where names do not matter
(`point`).
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from searchspace.compiler.program import Block, Closure
from searchspace.expansion.graph import Node, Tensor
from searchspace.expansion.scope import Milestone, Outputs, Run
from searchspace.shapes import Shape

MAX_KEPT = 200_000     # operations, some 100 MB; then the cache is cleared

Key = tuple[Block, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...], tuple[Shape, ...],
            tuple[int, ...]]


class Made(NamedTuple):
    """The operations of a call, numbered from its first one; -1, -2, … are its inputs."""

    nodes: tuple[Node, ...]
    main: Tensor | None
    outputs: tuple[tuple[str, Tensor], ...]
    effort: int


@dataclass
class Recall:
    """Calls by block, arguments and shapes."""

    made: dict[Key, Made] = field(default_factory=dict)
    kept: int = 0

    def replay(self, key: Key | None, run: Run, inputs: tuple[Tensor, ...]) -> Outputs | None:
        """Add the cached operations of a call to ``run``; None if it is not cached."""
        made = self.made.get(key) if key is not None else None
        if made is None:
            return None
        base, sources = len(run.nodes), [t.node for t in inputs]
        run.spend(made.effort)
        run.extend([Node(name, op, tuple([base + i if i >= 0 else sources[-1 - i] for i in taken]),
                         shape, cost, calls, place)
                    for name, op, taken, shape, cost, calls, place in made.nodes])

        def here(tensor: Tensor) -> Tensor:
            node = tensor.node
            return Tensor(base + node if node >= 0 else sources[-1 - node], tensor.shape)

        return (None if made.main is None else here(made.main),
                {name: here(tensor) for name, tensor in made.outputs})

    def keep(self, key: Key, run: Run, start: Milestone, inputs: tuple[Tensor, ...],
             outputs: Outputs) -> None:
        """Remember the operations of ``run`` from ``start`` on."""
        base = start.nodes
        place = {t.node: -1 - i for i, t in reversed(list(enumerate(inputs)))}
        nodes = tuple(n._replace(inputs=tuple([i - base if i >= base else place[i]
                                               for i in n.inputs])) for n in run.nodes[base:])

        def there(tensor: Tensor) -> Tensor:
            node = tensor.node
            return Tensor(node - base if node >= base else place[node], tensor.shape)

        main, named = outputs
        if self.kept > MAX_KEPT:
            self.made.clear()
            self.kept = 0
        self.made[key] = Made(nodes, None if main is None else there(main),
                              tuple((name, there(t)) for name, t in named.items()),
                              run.effort - start.effort)
        self.kept += len(nodes) + 1


def key_of(block: Block, given: tuple[tuple[str, Any], ...],
           inputs: tuple[Tensor, ...], everywhere: tuple[tuple[str, Any], ...] = ()) -> Key | None:
    """Cache key of a call; None if an argument is a step, which can use the caller's tensors."""
    kinds = []
    for _, value in given:
        if isinstance(value, Closure):
            return None
        kinds.append(repr(value) if isinstance(value, tuple) else type(value))   # 1 is not True
    numbers = [t.node for t in inputs]
    return (block, given, tuple(kinds), everywhere, tuple([t.shape for t in inputs]),
            tuple([numbers.index(n) for n in numbers]))


RECALL = Recall()
