"""State of one expansion: nodes made so far, and the scope of the running body."""

from collections.abc import Callable
from typing import Any, NamedTuple

from searchspace.compiler.program import Step
from searchspace.errors import GenotypeError, Place, ShapeError, nearest
from searchspace.expansion.fragment import Asked, Fragment, Leaf, Outputs, Part
from searchspace.expansion.graph import Call, Tensor, infer
from searchspace.expansion.memo import MEMO, Key
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.ops import Op, schema
from searchspace.safety.limits import beyond, current
from searchspace.shapes import Shape, show_shape

_ITSELF = (0,)         # the outputs of a single operation, by number

Decide = Callable[[str, Hole], Atom]


Given = tuple[tuple[str, Any], ...]                   # parameters by name


class Invocation(NamedTuple):
    """A step about to run once: under which full name, with which parameters and tensors."""

    step: Step
    name: str
    given: Given
    inputs: tuple[Tensor, ...]
    travel: dict[str, Tensor]           # the previous step's outputs by name
    repeat: int | None = None


class Run:
    """State of one expansion: parts of the fragment that is being made, and the limits.

    Unless it is ``named``, fragments come from the memo where they can; names and notes are then
    arbitrary.
    """

    def __init__(self, decide: Decide, named: bool = True) -> None:
        self.limits = current()
        self.ask = decide
        self.named = named
        self.asked: list[str] = []             # the name in every look-up of a hole
        self.decided: dict[str, Atom] = {}
        self.holes: dict[str, Hole] = {}
        self.parts: list[Part] = []            # of the current fragment,
        self.size = 0                          # and their operations
        self.nodes = 0                         # operations in all of the network
        self.notes: list[tuple[str, str]] = []
        self.effort = 0
        self.depth = 0                         # of the deepest block so far in this fragment
        self.is_uneven = False                 # a formula in it may fall where its input rises
        self.everywhere: Given = ()            # what every operation gets that has such a parameter

    def spend(self, effort: int) -> None:
        """Count work without nodes, and limit it: twenty lines of nested blocks can need 2³⁰."""
        self.effort += effort
        if self.effort > self.limits.steps:
            raise GenotypeError(f"the network takes more than {self.limits.steps:,} steps to "
                                "expand")

    def decide(self, name: str, hole: Hole) -> Atom:
        """The decision of this name; made once."""
        self.asked.append(name)
        decided = self.decided
        if name not in decided:
            decided[name] = hole.labels[hole.option(self.ask(name, hole))]
            self.holes[name] = hole
        return decided[name]

    def add(self, name: str, cls: Callable[..., Op], params: tuple[tuple[str, Any], ...],
            inputs: tuple[Tensor, ...], calls: tuple[Call, ...], place: Place) -> Tensor:
        """Add an operation; its output. Raises GenotypeError if the inputs do not fit, or at the
        limit of operations."""
        if self.everywhere:
            params += self._common(cls, dict(params), place)
        try:
            op, shape, cost = infer(cls, params, tuple([t.shape for t in inputs]))
        except ShapeError as error:
            raise GenotypeError(str(error), place) from None
        limits, (channels, rows, columns) = self.limits, shape
        if self.nodes >= limits.operations:
            raise GenotypeError(f"the network has more than {limits.operations:,} operations",
                                place)
        if channels > limits.channels:
            raise GenotypeError(f"{op.kind}: {beyond(channels, limits.channels, 'channels')}",
                                place)
        if rows > limits.size or columns > limits.size:
            raise GenotypeError(f"{op.kind}: {show_shape(shape)} has more than {limits.size:,} "
                                "rows or columns", place)
        number = self.size
        self.parts.append(Part(Leaf(op, shape, cost, place, name, calls), number,
                               tuple([t.node for t in inputs]), _ITSELF))
        self.nodes += 1
        self.size += 1
        return Tensor(number, shape)

    def _common(self, cls: Callable[..., Op], own: dict[str, Any], place: Place) -> Given:
        """Parameters given everywhere that this operation has and its step does not give."""
        assert isinstance(cls, type)
        known = schema(cls)
        return tuple((name, known[name].coerce(value, place)) for name, value in self.everywhere
                     if name in known and name not in own)

    @property
    def held(self) -> tuple[Any, ...]:
        """What holds for the whole network, for keys."""
        return self.everywhere, self.limits

    def recall(self, key: Key, inputs: tuple[Tensor, ...], depth: int) -> Outputs | None:
        """Add the remembered fragment of a key; None where there is none.

        ``key`` says all on which it depends besides decisions, `held` among it; ``depth``: the
        blocks around it.
        """
        fragment = MEMO.find(key, self.decide)
        return None if fragment is None else self._placed(fragment, inputs, depth)

    def again(self, inputs: tuple[Tensor, ...], depth: int) -> Outputs | None:
        """Add the fragment that was added last once more, for inputs of the same shapes; None
        where that is not possible."""
        last = self.parts[-1].piece if self.parts else None
        return self._placed(last, inputs, depth) if isinstance(last, Fragment) else None

    def _placed(self, fragment: Fragment, inputs: tuple[Tensor, ...], depth: int) -> Outputs | None:
        """Add a fragment that was made before; None where it exceeds a limit, so that it is made
        anew, which says which limit and where."""
        limits = self.limits
        if self.effort + fragment.effort > limits.steps or \
                depth + fragment.depth > limits.levels or \
                self.nodes + fragment.size > limits.operations:
            return None
        self.effort += fragment.effort
        self.nodes += fragment.size
        self.depth = max(self.depth, depth + fragment.depth)
        self.is_uneven |= fragment.is_uneven
        return self._append(fragment, inputs)

    def begin(self, inputs: tuple[Tensor, ...], depth: int) -> tuple["Frame", tuple[Tensor, ...]]:
        """Begin a fragment with these inputs, and what they are called inside."""
        frame = Frame(self.parts, self.size, self.depth, self.is_uneven, len(self.asked),
                      self.effort, inputs, depth)
        self.parts, self.size, self.depth, self.is_uneven = [], 0, depth, False
        numbers = [t.node for t in inputs]
        return frame, tuple([Tensor(-1 - numbers.index(t.node), t.shape) for t in inputs])

    def end(self, frame: "Frame", key: Key, outputs: Outputs) -> Outputs:
        """Remember the fragment that was begun, and add it to what is around."""
        names = tuple(dict.fromkeys(self.asked[frame.asked:]))
        asked = Asked(names, tuple([self.holes[name] for name in names]),
                      tuple([self.decided[name] for name in names]))
        made = Fragment(self.parts, self.size, outputs, asked,
                        self.effort - frame.effort, self.depth - frame.around, self.is_uneven)
        MEMO.put(key, made)
        self.parts, self.size = frame.parts, frame.size
        self.depth = max(self.depth, frame.depth)
        self.is_uneven |= frame.is_uneven
        return self._append(made, frame.inputs)

    def _append(self, fragment: Fragment, inputs: tuple[Tensor, ...]) -> Outputs:
        base, sources = self.size, tuple([t.node for t in inputs])
        self.parts.append(Part(fragment, base, sources, fragment.ends))
        self.size += fragment.size

        def here(tensor: Tensor) -> Tensor:
            node = tensor.node
            return Tensor(base + node if node >= 0 else sources[-1 - node], tensor.shape)

        main, named = fragment.main, fragment.named
        return (None if main is None else here(main),
                {name: here(tensor) for name, tensor in named.items()} if named else {})


class Frame(NamedTuple):
    """What a run had before it began a fragment, and that one's inputs and depth."""

    parts: list[Part]
    size: int
    depth: int
    is_uneven: bool
    asked: int
    effort: int
    inputs: tuple[Tensor, ...]
    around: int


class Env:
    """Scope of one running body: arguments, tensors by name, and travelling tensors."""

    __slots__ = ("args", "calls", "current", "depth", "focus", "prefix", "repeat", "run", "tensors",
                 "travel", "used")

    def __init__(self, run: Run, args: dict[str, Any], prefix: str = "",
                 calls: tuple[Call, ...] = (), depth: int = 0) -> None:
        self.run = run
        self.args = args
        self.prefix = prefix                   # of names, and the blocks around: if it is `named`
        self.calls = calls
        self.depth = depth                     # blocks around
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

    def shapes(self, names: tuple[str, ...]) -> tuple[Shape | None, ...]:
        """The shapes of named tensors, None for those that there are not."""
        tensors = self.tensors
        return tuple([tensors[name].shape if name in tensors else None for name in names])

    def decide(self, hole: Hole) -> Atom:
        """The decision about a hole in this repeat."""
        return self.run.decide(f"{hole.name}.{self.repeat}" if hole.each else hole.name, hole)

    def inner(self, focus: Tensor | None) -> "Env":
        """The same scope with another current tensor, for inline branches and passed steps."""
        env = Env(self.run, self.args, self.prefix, self.calls, self.depth)
        env.tensors, env.used, env.repeat = self.tensors, self.used, self.repeat
        env.current = env.focus = focus
        return env
