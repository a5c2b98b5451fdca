"""Expansion of a genotype to the graph of its primitive operations, shapes and costs.

One pass over the steps: blocks are unrolled, formulas evaluated, shapes inferred, holes decided
when they are reached, so that inactive conditional holes are never decided. No torch.
"""

from typing import TYPE_CHECKING, Any

from searchspace.errors import GenotypeError, Place
from searchspace.expansion.graph import Call, Expansion, Node, Tensor, infer
from searchspace.expansion.interpreter import run_steps
from searchspace.expansion.scope import Decide, Env, Run
from searchspace.genotype import Genotype
from searchspace.notation.holes import Decisions, Hole, check_names
from searchspace.notation.tree import Atom
from searchspace.shapes import Shape

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Call", "Expansion", "Node", "expand", "infer", "trace"]


def trace(genotype: Genotype, decisions: Decisions | Decide | None = None,
          named: bool = True) -> Expansion:
    """Expand a genotype to its list of nodes; `expand` gives the same as a networkx graph.

    ``decisions``: labels by hole name, or a function called once for each hole that is reached.
    Without ``named``, nodes have arbitrary names and there are no notes, but it is several times
    faster for networks that share blocks with earlier ones.

    Raises:
        UnknownNameError: a decision about a hole that does not exist.
        GenotypeError: an open hole, or steps that do not fit each other.
    """
    if decisions and not callable(decisions):
        check_names(decisions, genotype.holes)
    decide = decisions if callable(decisions) else _lookup(decisions or {})
    program = genotype.program
    run = Run(decide, named)
    env = Env(run, {}, "", ())
    try:
        for name, value in program.args:
            env.args[name] = value.get(env)
        run.everywhere = tuple((name, v.get(env)) for name, v in program.everywhere)
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


def expand(genotype: Genotype, decisions: Decisions | None = None) -> "nx.DiGraph[str]":
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
    names = expansion.names()
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
    if len(values) != 3 or any(not isinstance(v, int | float) or isinstance(v, bool)
                               or not 1 <= v <= 100_000 or v != int(v) for v in values):
        raise GenotypeError("input is [channels, height, width], three whole numbers from 1 to "
                            "100,000", place)
    c, h, w = (int(v) for v in values)
    return c, h, w


def _prune(shape: Shape, run: Run, output: int) -> Expansion:
    """Remove the operations that do not lead to the output, with a note for each."""
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
