"""Expansion of a genotype to the graph of its primitive operations, shapes and costs.

One pass over the steps: blocks are unrolled, formulas evaluated, shapes inferred, holes decided
when they are reached, so that inactive conditional holes are never decided. No torch.
"""

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from searchspace.errors import GenotypeError, Place
from searchspace.expansion.fragment import Fragment, Leaf, flat
from searchspace.expansion.graph import Call, Expansion, Node, Tensor, infer
from searchspace.expansion.interpreter import run_steps
from searchspace.expansion.scope import Decide, Env, Run
from searchspace.genotype import Genotype
from searchspace.notation.holes import Decisions, Hole, check_names
from searchspace.notation.tree import Atom
from searchspace.ops import Cost
from searchspace.phases import phase
from searchspace.safety.limits import Limits, beyond
from searchspace.shapes import Shape

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Call", "Expansion", "Node", "expand", "infer", "trace"]


class Network(NamedTuple):
    """A network as the steps made it; its costs need no list of nodes."""

    input: Shape
    fragment: Fragment
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def size(self) -> int:
        """The number of operations."""
        return self.fragment.nodes

    def cost(self) -> Cost:
        """MACs and parameters."""
        return Cost(self.fragment.macs, self.fragment.params)

    @property
    def uneven(self) -> float:
        """The share of its MACs or parameters, whichever is greater, in steps with a formula that
        may fall where what it is given rises: elsewhere costs rise with every width."""
        whole = self.fragment
        uneven = [part.piece.needed(part.ends) for part in whole.parts
                  if isinstance(part.piece, Fragment) and part.piece.is_uneven]
        if not uneven:
            return float(self.fragment.is_uneven)
        return max(sum(live.macs for live in uneven) / max(whole.macs, 1),
                   sum(live.params for live in uneven) / max(whole.params, 1))

    def expansion(self) -> Expansion:
        """The list of nodes."""
        nodes, output = flat(self.fragment)
        return Expansion(self.input, tuple(nodes), output, self.notes)


@phase("costs")
def run(genotype: Genotype, decisions: Decisions | Decide | None = None,
        named: bool = False) -> Network:
    """Run the steps of a genotype; see `trace`.

    What earlier networks have in common with this one is not run again, unless it is ``named``.
    """
    given: object = genotype
    if not isinstance(given, Genotype):     # the name of one, most likely
        name = f"({str(given)!r})" if isinstance(given, str | PurePath) else ""
        raise GenotypeError(f"a genotype is needed, as load{name} gives one, not "
                            f"{type(given).__name__}")
    if decisions and not callable(decisions):
        check_names(decisions, genotype.holes)
    decide = decisions if callable(decisions) else _lookup(decisions or {})
    program = genotype.program
    state = Run(decide, named)
    env = Env(state, {})
    try:
        for name, value in program.args:
            env.args[name] = value.get(env)
        state.everywhere = tuple([(name, v.get(env)) for name, v in program.everywhere])
        shape = _input_shape(tuple(v.get(env) for v in program.input), program.place,
                             state.limits.size)
        env.current = env.focus = Tensor(-1, shape)
        run_steps(env, program.net)
        if env.current is None:
            raise GenotypeError("the network ends in several tensors; join them", program.place)
    except RecursionError:
        raise GenotypeError("blocks are nested too deeply", program.place) from None
    except GenotypeError as error:
        error.place = error.place or program.place
        raise
    fragment = Fragment(state.parts, state.size, (env.current, {}), is_uneven=state.is_uneven)
    _check_cost(fragment, state.limits, program.place)
    if named:
        live = {part.base for part in fragment.parts}
        state.notes += [(part.piece.name, "leads nowhere and is left out") for part in state.parts
                        if isinstance(part.piece, Leaf) and part.base not in live]
    return Network(shape, fragment, tuple(state.notes))


def trace(genotype: Genotype, decisions: Decisions | Decide | None = None,
          named: bool = True) -> Expansion:
    """Expand a genotype to its list of nodes; `expand` gives the same as a networkx graph.

    ``decisions``: labels by hole name, or a function called once for each hole that is reached.
    Without ``named``, nodes have arbitrary names and there are no notes, but it is several times
    faster for networks that share steps with earlier ones.

    Raises:
        UnknownNameError: a decision about a hole that does not exist.
        GenotypeError: an open hole, or steps that do not fit each other.
    """
    return run(genotype, decisions, named).expansion()


def expand(genotype: Genotype, decisions: Decisions | None = None) -> "nx.DiGraph[str]":
    """The graph of a network's primitive operations.

    Nodes are names in order of execution, beginning with ``input``. Each has plain attributes, so
    that networkx writes the graph as GraphML, GEXF or JSON: ``op``, its ``settings``
    (``k=3 stride=2``), ``takes`` (names of its inputs), ``channels``, ``height``, ``width``,
    ``macs``, ``params`` and ``block`` (the innermost around it). Beside these ``shape`` (C, H, W),
    ``inputs`` (names, in order: an edge set cannot hold ``add: [x, x]``), ``calls`` (the blocks
    around it) and ``place`` are looked up by name. The graph has ``input`` and ``output``;
    `trace` has remarks and the operations themselves.

    >>> from searchspace import load
    >>> graph = expand(load("mobilenet-v2"))
    >>> graph.nodes["classifier"]["shape"]
    (1000, 1, 1)
    """
    from searchspace.expansion.attributes import INPUT, NetworkGraph

    expansion = trace(genotype, decisions)
    names = expansion.names()
    graph = NetworkGraph(name=genotype.title, input=INPUT,
                         output=names[expansion.output] if names else INPUT)
    graph.add_image(expansion.input)
    for node in expansion.nodes:
        graph.add_operation(node, tuple(INPUT if i < 0 else names[i] for i in node.inputs))
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


def _check_cost(fragment: Fragment, limits: Limits, place: Place) -> None:
    for count, most, things in ((fragment.macs, limits.macs, "MACs of the network"),
                                (fragment.params, limits.params,
                                 "parameters of the network")):
        if count > most:
            raise GenotypeError(beyond(count, most, things), place)


def _input_shape(values: tuple[Any, ...], place: Place, most: int) -> Shape:
    if len(values) != 3 or any(not isinstance(v, int | float) or isinstance(v, bool)
                               or not 1 <= v <= most or v != int(v) for v in values):
        raise GenotypeError("input is [channels, height, width], three whole numbers from 1 to "
                            f"{most:,}", place)
    c, h, w = (int(v) for v in values)
    return c, h, w
