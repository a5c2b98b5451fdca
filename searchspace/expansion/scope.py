"""State of one expansion: nodes made so far, and the scope of the running body."""

from collections.abc import Callable
from typing import Any, NamedTuple

from searchspace.compiler.program import Step
from searchspace.errors import GenotypeError, Place, ShapeError, nearest
from searchspace.expansion.graph import Call, Node, Tensor, infer
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.ops import Op, schema
from searchspace.shapes import Shape

MAX_NODES = 50_000
MAX_EFFORT = 300_000   # steps run, inputs named: ten times what the largest bundled network takes

Decide = Callable[[str, Hole], Atom]


Given = tuple[tuple[str, Any], ...]                   # parameters by name
Outputs = tuple[Tensor | None, dict[str, Tensor]]     # the main tensor, and all by name


class Invocation(NamedTuple):
    """A step about to run once: under which full name, with which parameters and tensors."""

    step: Step
    name: str
    given: Given
    inputs: tuple[Tensor, ...]
    travel: dict[str, Tensor]           # the previous step's outputs by name
    repeat: int | None = None


class Milestone(NamedTuple):
    """How far an expansion has come."""

    nodes: int
    asked: int
    effort: int


class Run:
    """State of one expansion. Unless it is ``named``, names and notes are arbitrary."""

    def __init__(self, decide: Decide, named: bool = True) -> None:
        self.ask = decide
        self.named = named
        self.asked = 0                         # number of look-ups of holes
        self.decided: dict[str, Atom] = {}
        self.nodes: list[Node] = []
        self.notes: list[tuple[str, str]] = []
        self.effort = 0
        self.everywhere: Given = ()            # what every operation gets that has such a parameter

    def spend(self, effort: int) -> None:
        """Count work without nodes, and limit it: twenty lines of nested blocks can need 2³⁰."""
        self.effort += effort
        if self.effort > MAX_EFFORT:
            raise GenotypeError(f"the network takes more than {MAX_EFFORT:,} steps to expand")

    def mark(self) -> Milestone:
        """How far it has come by now."""
        return Milestone(len(self.nodes), self.asked, self.effort)

    def add(self, name: str, cls: Callable[..., Op], params: tuple[tuple[str, Any], ...],
            inputs: tuple[Tensor, ...], calls: tuple[Call, ...], place: Place) -> Tensor:
        """Add a node; its output. Raises GenotypeError if the inputs do not fit, or at the limit
        of nodes."""
        if self.everywhere:
            params += self.common(cls, dict(params), place)
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

    def common(self, cls: Callable[..., Op], own: dict[str, Any], place: Place) -> Given:
        """Parameters given everywhere that this operation has and its step does not give."""
        assert isinstance(cls, type)
        known = schema(cls)
        return tuple((name, known[name].coerce(value, place)) for name, value in self.everywhere
                     if name in known and name not in own)

    def extend(self, nodes: list[Node]) -> None:
        """Add the cached nodes of a call."""
        if len(self.nodes) + len(nodes) > MAX_NODES:
            raise GenotypeError(f"the network has more than {MAX_NODES:,} operations")
        self.nodes += nodes


class Env:
    """Scope of one running body: arguments, tensors by name, and travelling tensors."""

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
        """The decision about a hole in this repeat; made once."""
        name = f"{hole.name}.{self.repeat}" if hole.each else hole.name
        decided = self.run.decided
        self.run.asked += 1
        if name not in decided:
            decided[name] = hole.labels[hole.option(self.run.ask(name, hole))]
        return decided[name]

    def inner(self, focus: Tensor | None) -> "Env":
        """The same scope with another current tensor, for inline branches and passed steps."""
        env = Env(self.run, self.args, self.prefix, self.calls)
        env.tensors, env.used, env.repeat = self.tensors, self.used, self.repeat
        env.current = env.focus = focus
        return env
