"""Network of a drawing: the expansion of a genotype, or of a space at one of its points."""

from dataclasses import dataclass

from searchspace.expansion import Expansion, Node, trace
from searchspace.genotype import Genotype
from searchspace.notation.holes import Decisions, Hole, find_holes
from searchspace.notation.tree import Atom


@dataclass(frozen=True, slots=True)
class Opening:
    """An open hole of a drawing: its options, and those that it is drawn with.

    ``owner`` is the step or block that contains the hole, empty for an argument of the network;
    ``taken`` has more than one entry if the hole is decided per repeat.
    """

    name: str
    owner: str
    options: tuple[str, ...]
    taken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrawnNetwork:
    """A network to draw. ``openings`` are its holes in order of expansion."""

    title: str
    remark: str                          # "calibrated" and the like
    expansion: Expansion
    openings: tuple[Opening, ...] = ()

    @property
    def stages(self) -> tuple[tuple[str, range], ...]:
        """The steps of the net that have operations, and the range of nodes of each."""
        spans: list[tuple[str, range]] = []
        for i, node in enumerate(self.expansion.nodes):
            name = stage_of(node)
            if spans and spans[-1][0] == name:
                spans[-1] = name, range(spans[-1][1].start, i + 1)
            else:
                spans.append((name, range(i, i + 1)))
        return tuple(spans)

    def opened(self, stage: str) -> tuple[Opening, ...]:
        """The holes written in one step of the net."""
        return tuple(o for o in self.openings if o.owner == stage)

    def elsewhere(self) -> tuple[Opening, ...]:
        """The holes that belong to no single stage: those of blocks, and of the arguments."""
        stages = {name for name, _ in self.stages}
        return tuple(o for o in self.openings if o.owner not in stages)

    def depends(self, span: range) -> bool:
        """Whether nodes depend on holes of their stage, or of a block that they lie in."""
        owners = {o.owner for o in self.openings}
        nodes = (self.expansion.nodes[i] for i in span)
        return any(stage_of(n) in owners or any(c.block in owners for c in n.calls) for n in nodes)


def subject(genotype: Genotype, given: Decisions | None = None) -> DrawnNetwork:
    """The subject of a genotype; for a space, at the point with ``given`` decisions, where each
    other hole takes its first option, or the middle one if the options are ordered numbers.

    Raises:
        GenotypeError: the steps do not fit each other.
    """
    met: dict[str, tuple[Hole, list[Atom]]] = {}
    decided: dict[str, Atom] = {}

    def decide(name: str, hole: Hole) -> Atom:
        if name not in decided:
            decided[name] = given[name] if given and name in given else middle(hole)
            met.setdefault(hole.name, (hole, []))[1].append(decided[name])
        return decided[name]

    expansion = trace(genotype, decide)
    args = genotype.document.get("args")
    arguments = {h.name for h in find_holes(args)} if args is not None else set()
    keys = {step.label: step.key for step in genotype.program.net}
    openings = []
    for name, (hole, taken) in met.items():
        owner = "" if name in arguments else name.partition(".")[0]
        openings.append(Opening(name if not owner else _inside(name, keys.get(owner)), owner,
                                tuple(map(_plain, hole.labels)), tuple(map(_plain, taken))))
    return DrawnNetwork(genotype.title, genotype.header.status or "", expansion, tuple(openings))


def middle(hole: Hole) -> Atom:
    """The option that a hole is drawn with."""
    return hole.labels[len(hole.labels) // 2 if hole.kind in ("int", "solve") else 0]


def stage_of(node: Node) -> str:
    """The step of the net that a node comes from."""
    return node.name.partition(".")[0]


def _inside(name: str, key: str | None) -> str:
    """A hole's name inside its owner: ``stage3.mbconv.k`` is ``k`` of ``stage3``."""
    owner, _, rest = name.partition(".")
    head, _, tail = rest.partition(".")
    return (tail if tail and head == key else rest) or owner


def _plain(label: Atom) -> str:
    """A label as YAML writes it."""
    return str(label).lower() if isinstance(label, bool) else str(label)
