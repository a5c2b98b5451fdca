"""Expansion: a genotype becomes the graph of its primitive operations, shapes and costs.

One pass over the steps: blocks are unrolled, formulas evaluated, shapes inferred, holes asked for
when they are reached, so that a conditional hole that does not exist is never decided. No torch.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import GenotypeError, Place, SearchspaceError, ShapeError, nearest
from .formula import Shape
from .holes import Decisions, Hole, check_names
from .ops import Cost, Op
from .tree import Atom

if TYPE_CHECKING:
    import networkx as nx

    from .genotype import Genotype

MAX_NODES = 50_000
MAX_EFFORT = 300_000   # steps run, inputs named: ten times what the largest bundled network takes
MAX_CHANNELS = 10_000_000

Decide = Callable[[str, Hole], Atom]


class Call(NamedTuple):
    """One block around a node: the step's full name, the block's name, and which repeat."""

    name: str
    block: str
    repeat: int | None


class Node(NamedTuple):
    """One primitive operation of the expanded network."""

    name: str
    op: Op
    inputs: tuple[int, ...]        # positions of the inputs; -1 is the network's input
    shape: Shape
    cost: Cost
    calls: tuple[Call, ...]
    place: Place


class Expansion(NamedTuple):
    """The live nodes in order of execution, the last tensor, and what fell away on the way."""

    input: Shape
    nodes: tuple[Node, ...]
    output: int
    notes: tuple[tuple[str, str], ...]   # (node name, what a reader should know)

    def cost(self) -> Cost:
        """MACs and parameters of the whole network."""
        macs = params = 0
        for node in self.nodes:
            macs += node.cost.macs
            params += node.cost.params
        return Cost(macs, params)


class Tensor(NamedTuple):
    node: int
    shape: Shape


@lru_cache(maxsize=1 << 16)
def infer(cls: Callable[..., Op], params: tuple[tuple[str, Any], ...],
          shapes: tuple[Shape, ...]) -> tuple[Op, Shape, Cost]:
    """An operation with its output shape and cost; remembered, since candidates share layers."""
    op = cls(**dict(params))
    least, most = op.inputs
    if len(shapes) < least or (most is not None and len(shapes) > most):
        wanted = f"{least}" if least == most else f"{least} or more" if most is None else \
            f"{least} to {most}"
        raise ShapeError(f"{op.kind} takes {wanted} inputs, not {len(shapes)}"
                         + ("; name them: from: [a, b]" if len(shapes) == 1 else ""))
    shape = op.shape(*shapes)
    if shape[0] > MAX_CHANNELS:
        raise ShapeError(f"{op.kind}: {shape[0]:,} channels are more than the {MAX_CHANNELS:,} "
                         "allowed")
    return op, shape, op.cost(*shapes)


class Run:
    """State of one expansion."""

    def __init__(self, decide: Decide) -> None:
        self.ask = decide
        self.decided: dict[str, Atom] = {}
        self.nodes: list[Node] = []
        self.notes: list[tuple[str, str]] = []
        self.effort = 0

    def spend(self, effort: int) -> None:
        """Count work that makes no nodes: twenty lines of nested blocks can ask for 2³⁰ of it."""
        self.effort += effort
        if self.effort > MAX_EFFORT:
            raise GenotypeError(f"the network takes more than {MAX_EFFORT:,} steps to expand")

    def add(self, name: str, cls: Callable[..., Op], params: tuple[tuple[str, Any], ...],
            inputs: tuple[Tensor, ...], calls: tuple[Call, ...], place: Place) -> Tensor:
        try:
            op, shape, cost = infer(cls, params, tuple([t.shape for t in inputs]))
        except ShapeError as error:
            raise GenotypeError(str(error), place) from None
        index = len(self.nodes)
        if index >= MAX_NODES:
            raise GenotypeError(f"the network has more than {MAX_NODES:,} operations", place)
        self.nodes.append(Node(name, op, tuple([t.node for t in inputs]), shape, cost, calls,
                               place))
        return Tensor(index, shape)


class Env:
    """Scope of one body while it runs: arguments, tensors by name, and what travels."""

    __slots__ = ("args", "calls", "current", "focus", "prefix", "repeat", "run", "tensors",
                 "travel", "used")

    def __init__(self, run: Run, args: dict[str, Any], prefix: str,
                 calls: tuple[Call, ...]) -> None:
        self.run = run
        self.args = args
        self.prefix = prefix
        self.calls = calls
        self.tensors: dict[str, Tensor] = {}
        self.travel: dict[str, Tensor] = {}    # the previous step's outputs by name
        self.current: Tensor | None = None     # the previous step's main output
        self.focus: Tensor | None = None       # the running step's own input: `_` in formulas
        self.used: set[int] = set()            # tensors consumed in this body, for `loose`
        self.repeat: int | None = None         # which repeat an `each: true` step is at

    def shape_of(self, name: str) -> Shape:
        """Shape of a named tensor, for formulas."""
        tensor = self.focus if name == "_" else self.tensors.get(name)
        if tensor is None:
            raise GenotypeError("there is no input yet" if name == "_" else
                                f"no tensor {name!r} so far{nearest(name, self.tensors)}")
        return tensor.shape

    def decide(self, hole: Hole) -> Atom:
        """The decision about a hole, here and in this repeat; asked for once."""
        name = f"{hole.name}.{self.repeat}" if hole.each else hole.name
        decided = self.run.decided
        if name not in decided:
            decided[name] = hole.labels[hole.option(self.run.ask(name, hole))]
        return decided[name]

    def inner(self, focus: Tensor | None) -> "Env":
        """The same scope with another current tensor, for inline branches and passed steps."""
        env = Env(self.run, self.args, self.prefix, self.calls)
        env.tensors, env.used, env.repeat = self.tensors, self.used, self.repeat
        env.current = env.focus = focus
        return env


def trace(genotype: "Genotype", decisions: Decisions | Decide | None = None) -> Expansion:
    """Expand a genotype to its list of nodes; `expand` gives the same as a networkx graph.

    ``decisions``: labels by hole name, or a function asked once for each hole that is reached.

    Raises:
        UnknownNameError: a decision about no hole.
        GenotypeError: an open hole, or steps that do not fit each other.
    """
    from .invoke import run_steps

    if decisions and not callable(decisions):
        check_names(decisions, genotype.holes)
    decide = decisions if callable(decisions) else _lookup(decisions or {})
    program = genotype.program
    run = Run(decide)
    env = Env(run, {}, "", ())
    try:
        for name, value in program.args:
            env.args[name] = value.get(env)
        shape = _input_shape(tuple(v.get(env) for v in program.input), program.place)
        env.current = env.focus = Tensor(-1, shape)
        run_steps(env, program.net)
        if env.current is None:
            raise GenotypeError("the network ends in several tensors; join them", program.place)
    except RecursionError:
        raise GenotypeError("blocks are nested too deeply", program.place) from None
    except GenotypeError as error:
        error.place = error.place or program.place
        raise
    return _prune(shape, run, env.current.node)


def expand(genotype: "Genotype", decisions: Decisions | None = None) -> "nx.DiGraph[str]":
    """The graph of a network's primitive operations.

    Nodes are names in order of execution, beginning with ``input``; each has the attributes
    ``op``, ``inputs`` (names, in order: an edge set cannot hold ``add: [x, x]``), ``shape``
    (C, H, W), ``macs``, ``params``, ``calls`` (the blocks around it) and ``place``. The graph has
    ``input``, ``output`` and ``notes``.

    >>> from searchspace import load
    >>> graph = expand(load("mobilenet-v2"))
    >>> graph.nodes["classifier"]["shape"]
    (1000, 1, 1)
    """
    import networkx as nx

    expansion = trace(genotype, decisions)
    names = [node.name for node in expansion.nodes]
    graph: nx.DiGraph[str] = nx.DiGraph(name=genotype.title, input="input", notes=expansion.notes,
                                        output=names[expansion.output] if names else "input")
    graph.add_node("input", op=None, inputs=(), shape=expansion.input, macs=0, params=0, calls=(),
                   place=None)
    for node in expansion.nodes:
        inputs = tuple("input" if i < 0 else names[i] for i in node.inputs)
        graph.add_node(node.name, op=node.op, inputs=inputs, shape=node.shape,
                       macs=node.cost.macs, params=node.cost.params, calls=node.calls,
                       place=node.place)
        graph.add_edges_from((source, node.name) for source in inputs)
    if len(graph) <= len(names):
        twice = next(name for name in names if names.count(name) > 1 or name == "input")
        raise GenotypeError(f"two operations are named {twice!r}; give their steps other names")
    return graph


def _lookup(decisions: Decisions) -> Decide:
    def decide(name: str, hole: Hole) -> Atom:
        try:
            return decisions[name]
        except KeyError:
            raise GenotypeError(f"hole {name!r} is open; decide it (options: "
                                f"{_some(hole.labels)})", hole.place) from None
    return decide


def _some(labels: tuple[Atom, ...]) -> str:
    shown = [str(label) for label in labels]
    return ", ".join(shown if len(shown) <= 6 else [*shown[:3], "…", shown[-1]])


def _input_shape(values: tuple[Any, ...], place: Place) -> Shape:
    if len(values) != 3 or any(not isinstance(v, int | float) or isinstance(v, bool) or v != int(v)
                               or not 1 <= v <= 100_000 for v in values):
        raise GenotypeError("input is [channels, height, width], three whole numbers from 1 to "
                            "100,000", place)
    c, h, w = (int(v) for v in values)
    return c, h, w


def _prune(shape: Shape, run: Run, output: int) -> Expansion:
    """Leave out the operations that do not lead to the output; a note tells of them."""
    live = [False] * len(run.nodes)
    if output >= 0:
        live[output] = True
    for index in range(len(live) - 1, -1, -1):
        if live[index]:
            for source in run.nodes[index].inputs:
                if source >= 0:
                    live[source] = True
    if all(live):
        return Expansion(shape, tuple(run.nodes), output, tuple(run.notes))
    place = {-1: -1}
    kept: list[Node] = []
    for index, node in enumerate(run.nodes):
        if live[index]:
            place[index] = len(kept)
            kept.append(node._replace(inputs=tuple(place[i] for i in node.inputs)))
        else:
            run.notes.append((node.name, "leads nowhere and is left out"))
    return Expansion(shape, tuple(kept), place[output], tuple(run.notes))


__all__ = ["Call", "Env", "Expansion", "Node", "Run", "SearchspaceError", "Tensor", "expand",
           "infer", "trace"]
